// How long each kind of op takes, for backends whose ops are done when they return.
#pragma once

#include <array>
#include <chrono>
#include <vector>

#include "wedlm/backend/op_observer.h"

namespace wedlm {

struct OpSeconds {
  std::array<double, kNumOpKinds> of{};

  double operator[](OpKind kind) const { return of[static_cast<std::size_t>(kind)]; }
};

/// The time of a part of an op counts for the part alone.
class OpTimer final : public OpObserver {
 public:
  void op_begins(OpKind kind) override;
  void op_ends() override;

  /// Since the last reset().
  const OpSeconds& seconds() const { return seconds_; }
  void reset() { seconds_ = {}; }

 private:
  using Clock = std::chrono::steady_clock;

  /// Counts the time since the last event for the innermost op.
  void count();

  OpSeconds seconds_;
  std::vector<OpKind> running_;  // the innermost last
  Clock::time_point last_event_;
};

}  // namespace wedlm
