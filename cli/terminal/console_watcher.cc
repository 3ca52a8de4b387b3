#include "cli/terminal/console_watcher.h"

namespace wedlm::cli {

Watcher ConsoleWatcher::watcher() {
  return {.is_interrupted = [this] { return interrupts_.is_interrupted(); },
          .progress = [this](const Progress& progress) { show(progress); },
          .note =
              [this](const std::string& line) {
                bar_.reset();
                console_.note(line);
              }};
}

void ConsoleWatcher::show(const Progress& progress) {
  if (!bar_ || title_ != progress.title) {
    title_ = progress.title;
    bar_.emplace(console_, title_, progress.unit);
  }
  bar_->update(progress.done, progress.total);
}

}  // namespace wedlm::cli
