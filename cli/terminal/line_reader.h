// Lines that a person types, with editing and history where libedit is there, or lines from a pipe. What is pasted into
// the editor is one line, however many it has.
#pragma once

#include <memory>
#include <string>

#include "cli/terminal/interrupts.h"

namespace wedlm::cli {

class LineReader {
 public:
  struct Line {
    enum class Kind { kText, kInterrupted, kEnd };
    Kind kind = Kind::kEnd;
    std::string text{};  // without the last newline
  };

  /// For the kind of standard input that there is. `interrupts` must outlive the reader.
  static std::unique_ptr<LineReader> make(const InterruptGuard& interrupts);

  virtual ~LineReader() = default;
  LineReader() = default;
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  /// Shows `prompt` on standard error where a person types. kInterrupted after Ctrl-C: the line is gone.
  virtual Line read(const std::string& prompt) = 0;
};

}  // namespace wedlm::cli
