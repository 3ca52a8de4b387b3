// A backend that behaves as a device does, for tests that prove that nobody relies on a host's memory: ops are queued
// and computed, by the reference, only when somebody reads; and its memory is closed to the host at any other time, so
// that a look at it ends the test.
#pragma once

#include <memory>

#include "wedlm/backend/backend.h"

namespace wedlm {

std::unique_ptr<Backend> make_queued_backend();

}  // namespace wedlm
