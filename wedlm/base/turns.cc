#include "wedlm/base/turns.h"

#include "wedlm/base/error.h"

namespace wedlm {

Turns::Turn Turns::take() {
  std::unique_lock lock(mutex_);
  if (holder_ == std::this_thread::get_id()) throw InternalError("Turns: this thread has the turn already");
  const std::uint64_t mine = num_asked_++;
  changed_.wait(lock, [&] { return num_ended_ == mine; });
  holder_ = std::this_thread::get_id();
  return Turn(*this);
}

void Turns::end() {
  {
    const std::lock_guard lock(mutex_);
    ++num_ended_;
    holder_ = {};
  }
  changed_.notify_all();
}

}  // namespace wedlm
