#include "cli/commands/trainer.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "wedlm/backend/cpu/isa/select.h"
#include "wedlm/base/error.h"
#include "wedlm/base/running_program.h"

namespace wedlm::cli {
namespace {

/// OpenBLAS 0.3.21 takes processors that are newer than it for one of 2004, whose products take three times as long. It
/// reads the name of a better one before main(), unless somebody has given one.
void name_processor() {
  const auto levels = supported_kernels();
  for (const auto& [level, name] : {std::pair{"avx512", "SKYLAKEX"}, std::pair{"avx2", "HASWELL"}}) {
    if (std::ranges::count(levels, level) == 0) continue;
    ::setenv("OPENBLAS_CORETYPE", name, 0);
    return;
  }
}

/// Tensors are large: pages of 2 MB for them save 4 % of a small model's time. Read before main() too.
void ask_for_large_pages() {
  ::setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1", 0);
}

}  // namespace

void become_trainer(const Trainer& trainer) {
  const std::filesystem::path program = running_program().parent_path() / "wedlm-train";
  name_processor();
  ask_for_large_pages();
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
