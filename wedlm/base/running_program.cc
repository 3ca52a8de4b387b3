#include "wedlm/base/running_program.h"

#include "wedlm/base/error.h"

namespace wedlm {

std::filesystem::path running_program() {
  std::error_code error;
  std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) throw ResourceError("cannot find the running program: /proc/self/exe: " + error.message());
  return program;
}

}  // namespace wedlm
