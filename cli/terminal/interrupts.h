// Ctrl-C. Outside of an InterruptGuard it ends the program with exit code 130; inside, it is first only counted, so
// that what was generated can be printed. And the other signals that a program for the terminal has to answer.
#pragma once

#include "cli/terminal/exit_codes.h"

namespace wedlm::cli {

/// To be called once, before threads are started. Writing to a pipe that nobody reads becomes an error of write(), and
/// a page of a mapped file that cannot be read any more ends the program with a line and exit code 3.
void install_signal_handlers();

class InterruptGuard {
 public:
  enum class Signals { kInterrupt, kInterruptAndTerminate };

  /// The `last_press`-th press since reset() ends the program at once. SIGTERM may count as one.
  explicit InterruptGuard(int last_press, Signals signals = Signals::kInterrupt);
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  bool is_interrupted() const;
  void reset();
};

}  // namespace wedlm::cli
