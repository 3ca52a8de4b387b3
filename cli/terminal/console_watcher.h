// Long work shown on a terminal: its progress as a bar, its notes as lines, Ctrl-C as its interruption.
#pragma once

#include <optional>
#include <string>

#include "cli/terminal/console.h"
#include "cli/terminal/interrupts.h"
#include "wedlm/base/watcher.h"

namespace wedlm::cli {

class ConsoleWatcher {
 public:
  /// Both must outlive it.
  ConsoleWatcher(const Console& console, const InterruptGuard& interrupts)
      : console_(console), interrupts_(interrupts) {}

  /// What to hand to the work; it must not outlive the ConsoleWatcher.
  Watcher watcher();

 private:
  void show(const Progress& progress);

  const Console& console_;
  const InterruptGuard& interrupts_;
  std::string title_;
  std::optional<ProgressBar> bar_;  // of the work called title_
};

}  // namespace wedlm::cli
