#include "cli/commands/trainer.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "wedlm/base/error.h"
#include "wedlm/base/running_program.h"

namespace wedlm::cli {

void become_trainer(const Trainer& trainer) {
  const std::filesystem::path program = running_program().parent_path() / "wedlm-train";
  ::execv(program.c_str(), trainer.argv);
  if (errno != ENOENT) {
    throw ResourceError("cannot run " + program.string() + ": " + std::generic_category().message(errno));
  }
  throw ResourceError(
      "cannot train: there is no " + program.string() +
      ", which is built where LibTorch is found. Install libtorch-dev and libopenblas0-pthread and build "
      "again, or name another LibTorch with -DTorch_DIR=FOLDER");
}

}  // namespace wedlm::cli
