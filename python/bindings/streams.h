// Handles of what is shared with the engine's thread.
#pragma once

#include "python/bindings/in_this_process.h"
#include "wedlm/engine/ready_queue.h"
#include "wedlm/engine/response_stream.h"

namespace wedlm::python {

using StreamHandle = InThisProcess<ResponseStream>;
using ReadyQueueHandle = InThisProcess<ReadyQueue>;

}  // namespace wedlm::python
