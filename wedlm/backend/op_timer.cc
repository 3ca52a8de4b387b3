#include "wedlm/backend/op_timer.h"

namespace wedlm {

void OpTimer::op_begins(OpKind kind) {
  count();
  running_.push_back(kind);
}

void OpTimer::op_ends() {
  count();
  running_.pop_back();
}

void OpTimer::count() {
  const Clock::time_point now = Clock::now();
  if (!running_.empty()) {
    seconds_.of[static_cast<std::size_t>(running_.back())] += std::chrono::duration<double>(now - last_event_).count();
  }
  last_event_ = now;
}

}  // namespace wedlm
