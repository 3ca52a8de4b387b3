// Many streams, one reader that waits at a file descriptor: which of them have something to take. For event loops that
// know descriptors and cannot be called by another thread, as those of Python, whose callers would have to hold its
// lock. Here the engine's thread takes no lock but this queue's.
//
//   queue->on_ready(7) as Request::on_ready, and in the loop, where queue->descriptor() can be read:
//   for (const std::uint64_t key : queue->take()) read(stream_of(key));
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace wedlm {

class ReadyQueue : public std::enable_shared_from_this<ReadyQueue> {
 public:
  /// Throws ResourceError where there is no descriptor to be had.
  static std::shared_ptr<ReadyQueue> make();
  ~ReadyQueue();
  ReadyQueue(const ReadyQueue&) = delete;
  ReadyQueue& operator=(const ReadyQueue&) = delete;

  /// Can be read from while take() would give something. Only to be waited at.
  int descriptor() const { return descriptor_; }

  /// Puts `key` into the queue. It keeps the queue alive.
  std::function<void()> on_ready(std::uint64_t key);

  /// The keys put in since the last call, in order; one may stand there more than once.
  std::vector<std::uint64_t> take();

 private:
  explicit ReadyQueue(int descriptor) : descriptor_(descriptor) {}
  void put(std::uint64_t key);

  const int descriptor_;  // an eventfd
  std::mutex mutex_;      // guards what follows, and that the descriptor says whether it is empty
  std::vector<std::uint64_t> keys_;
};

}  // namespace wedlm
