#include "wedlm/train/torch/compute_threads.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <algorithm>
#include <exception>
#include <vector>

#include "wedlm/base/thread_team.h"

namespace wedlm::train {
namespace {

/// Of OpenBLAS, where that is the library that computes LibTorch's products: its threads are not those that
/// at::set_num_threads() counts.
void set_product_threads(int count) {
  static const auto set = reinterpret_cast<void (*)(int)>(::dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));
  if (set != nullptr) set(count);
}

}  // namespace

int set_compute_threads(int count) {
  if (count == 0) count = num_processors();  // LibTorch's own default is 1 on processors that are newer than it
  at::set_num_threads(count);
  set_product_threads(count);
  return count;
}

void side_by_side(int count, int num_threads, const std::function<void(int index)>& work) {
  std::vector<std::exception_ptr> thrown(static_cast<std::size_t>(count));
  ThreadTeam team(count);
  set_product_threads(1);  // products of several threads at once would wait for one pool
  team.run(count, [&](std::int64_t index, int /*thread*/) {
    try {
      at::set_num_threads(std::max(1, num_threads / count));
      work(static_cast<int>(index));
    } catch (...) {
      thrown[static_cast<std::size_t>(index)] = std::current_exception();
    }
  });
  set_compute_threads(num_threads);
  for (const std::exception_ptr& one : thrown) {
    if (one) std::rethrow_exception(one);
  }
}

}  // namespace wedlm::train
