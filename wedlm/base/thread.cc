#include "wedlm/base/thread.h"

#include <string>
#include <system_error>
#include <utility>

#include "wedlm/base/error.h"

namespace wedlm {

std::thread start_thread(std::string_view purpose, std::function<void()> body) {
  try {
    return std::thread(std::move(body));
  } catch (const std::system_error& error) {
    throw ResourceError("cannot start a thread for " + std::string(purpose) + ": " + error.code().message() +
                        "; fewer threads, or a higher limit of processes or memory, would help");
  }
}

}  // namespace wedlm
