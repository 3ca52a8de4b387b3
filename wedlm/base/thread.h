// How a thread is started here: std::thread, with a failure that says what the thread was for.
#pragma once

#include <functional>
#include <string_view>
#include <thread>

namespace wedlm {

/// Throws ResourceError with `purpose` ("the engine") and the system's reason where a limit of processes or of memory
/// forbids one more thread.
std::thread start_thread(std::string_view purpose, std::function<void()> body);

}  // namespace wedlm
