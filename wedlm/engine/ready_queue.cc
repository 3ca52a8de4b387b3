#include "wedlm/engine/ready_queue.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "wedlm/base/error.h"

namespace wedlm {

std::shared_ptr<ReadyQueue> ReadyQueue::make() {
  const int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (descriptor < 0) {
    throw ResourceError("a descriptor for the queue of streams cannot be had: " + std::string(std::strerror(errno)));
  }
  return std::shared_ptr<ReadyQueue>(new ReadyQueue(descriptor));
}

ReadyQueue::~ReadyQueue() {
  ::close(descriptor_);
}

std::function<void()> ReadyQueue::on_ready(std::uint64_t key) {
  return [queue = shared_from_this(), key] { queue->put(key); };
}

void ReadyQueue::put(std::uint64_t key) {
  const std::lock_guard lock(mutex_);
  keys_.push_back(key);
  if (keys_.size() == 1) eventfd_write(descriptor_, 1);
}

std::vector<std::uint64_t> ReadyQueue::take() {
  const std::lock_guard lock(mutex_);
  eventfd_t count = 0;
  eventfd_read(descriptor_, &count);  // which fails where it is empty
  return std::exchange(keys_, {});
}

}  // namespace wedlm
