#include <malloc.h>

#include "cli/program.h"
#include "wedlm/train/trainer.h"

namespace {

/// Tensors come and go with each layer. What glibc gives back to the system in between is cleared, page by page, when
/// it is taken again: 6 % of the time of a small model.
void keep_freed_memory() {
  ::mallopt(M_ARENA_MAX, 1);  // those of other threads keep no block of more than 64 MiB
  ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
  ::mallopt(M_TRIM_THRESHOLD, 1 << 30);
  ::mallopt(M_TOP_PAD, 64 << 20);
}

}  // namespace

int main(int argc, char** argv) {
  keep_freed_memory();
  return wedlm::cli::run_program(argc, argv, &wedlm::train::train);
}
