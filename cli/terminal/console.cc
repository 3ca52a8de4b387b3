#include "cli/terminal/console.h"

#include <algorithm>

#include "wedlm/base/number_text.h"

namespace wedlm::cli {

void Console::note(std::string_view line, Style style) const {
  if (is_quiet_) return;
  write(Stream::kErr, styled(style, line, has_color_) + "\n");
}

ProgressBar::ProgressBar(const Console& console, std::string title, ProgressUnit unit)
    : title_(std::move(title)),
      unit_(unit),
      is_wanted_(!console.is_quiet() && is_terminal(Stream::kErr)),
      last_drawn_(Clock::now() + std::chrono::milliseconds(900)) {}

ProgressBar::~ProgressBar() {
  if (is_shown_) write(Stream::kErr, "\r\x1b[K");
}

void ProgressBar::update(std::size_t done, std::size_t total) {
  const Clock::time_point now = Clock::now();
  if (!is_wanted_ || total == 0 || now - last_drawn_ < std::chrono::milliseconds(100)) return;
  last_drawn_ = now;
  is_shown_ = true;
  const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  constexpr int kCells = 30;
  const int num_full = static_cast<int>(share * kCells);
  std::string bar;
  for (int cell = 0; cell < kCells; ++cell) bar += cell < num_full ? "█" : "░";
  const auto amount = [this](std::size_t count) {
    return unit_ == ProgressUnit::kBytes ? size_text(static_cast<double>(count)) : std::to_string(count);
  };
  const std::string line =
      title_ + " " + bar + " " + fixed(100 * share, 0) + "%  " + amount(done) + " of " + amount(total);
  write(Stream::kErr, "\r" + std::string(fit_columns(line, terminal_width() - 1)) + "\x1b[K");
}

}  // namespace wedlm::cli
