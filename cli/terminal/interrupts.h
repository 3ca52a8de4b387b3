// Ctrl-C. Outside of an InterruptGuard it ends the program with exit code 130; inside, it is first only counted, so
// that what was generated can be printed.
#pragma once

namespace wedlm::cli {

inline constexpr int kExitInterrupted = 130;  // 128 + SIGINT, as shells have it

/// To be called once, before threads are started. Writing to a pipe that nobody reads becomes an error of write().
void install_signal_handlers();

class InterruptGuard {
 public:
  /// The `last_press`-th press since reset() ends the program at once.
  explicit InterruptGuard(int last_press);
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  bool is_interrupted() const;
  void reset();
};

}  // namespace wedlm::cli
