// The two voices of the program: the answer on standard output, everything about it on standard error.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "cli/terminal/terminal.h"
#include "wedlm/base/watcher.h"

namespace wedlm::cli {

struct OutputOptions {
  bool json = false;
  bool quiet = false;
  bool no_color = false;
};

class Console {
 public:
  explicit Console(const OutputOptions& options)
      : is_quiet_(options.quiet), has_color_(wants_color(Stream::kErr, options.no_color)) {}

  bool is_quiet() const { return is_quiet_; }
  bool has_color() const { return has_color_; }

  /// To standard output, as it is.
  void print(std::string_view text) const { write(Stream::kOut, text); }
  /// To standard error and with a newline, unless --quiet.
  void note(std::string_view line, Style style = Style::kDim) const;

 private:
  bool is_quiet_;
  bool has_color_;
};

/// A bar on standard error while something takes long. It shows itself only on a terminal and after a second, and
/// leaves no trace.
class ProgressBar {
 public:
  ProgressBar(const Console& console, std::string title, ProgressUnit unit = ProgressUnit::kBytes);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void update(std::size_t done, std::size_t total);

 private:
  using Clock = std::chrono::steady_clock;

  std::string title_;
  ProgressUnit unit_;
  bool is_wanted_;
  bool is_shown_ = false;
  Clock::time_point last_drawn_;
};

}  // namespace wedlm::cli
