// Turns at something that only one may use at a time, served in the order of asking, so that two who ask again and
// again get as many.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <utility>

namespace wedlm {

class Turns {
 public:
  /// Lasts until it is destroyed, on any thread. The Turns outlive it.
  class Turn {
   public:
    Turn() = default;
    explicit Turn(Turns& turns) : turns_(&turns) {}
    ~Turn() {
      if (turns_ != nullptr) turns_->end();
    }
    Turn(Turn&& other) noexcept : turns_(std::exchange(other.turns_, nullptr)) {}
    Turn& operator=(Turn&& other) noexcept {
      std::swap(turns_, other.turns_);
      return *this;
    }

   private:
    Turns* turns_ = nullptr;
  };

  /// Waits for it. Throws InternalError where this thread has the turn already: it would wait for itself.
  Turn take();

 private:
  void end();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t num_asked_ = 0;
  std::uint64_t num_ended_ = 0;
  std::thread::id holder_;  // nobody's between turns
};

}  // namespace wedlm
