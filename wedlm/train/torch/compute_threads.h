// How many threads LibTorch's operations and OpenBLAS's products take, which have a pool each.
#pragma once

#include <functional>

namespace wedlm::train {

/// Of operations that the calling thread begins, and of products; 0: one for each processor this process may use.
/// Returns how many that is.
int set_compute_threads(int count);

/// Runs work(0), ..., work(count - 1) at once, each in a thread whose operations share so many threads with the others,
/// and returns when all are done. Rethrows what the first of them by number has thrown; throws ResourceError where the
/// system gives fewer threads.
void side_by_side(int count, int num_threads, const std::function<void(int index)>& work);

}  // namespace wedlm::train
