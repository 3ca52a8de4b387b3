// What the terminal is asked and told: is there one, how wide is it, colours, the width of text. Everything the program
// prints goes through write(), so that a full disk or a reader that left is noticed.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace wedlm::cli {

enum class Stream { kOut = 1, kErr = 2 };

/// The reader of our output has left (`wedlm generate | head -1`): nothing to report and nothing left to do.
class ClosedPipe : public std::exception {
 public:
  const char* what() const noexcept override { return "the reader of the output has left"; }
};

/// Writes at once. To stdout: throws ClosedPipe, or ResourceError with the system's reason. What cannot be written to
/// stderr is lost.
void write(Stream stream, std::string_view text);

bool is_terminal(Stream stream);
/// Standard input is a person's keyboard rather than a file or pipe.
bool is_input_terminal();
/// Columns; 80 where the terminal does not say.
int terminal_width();

/// Makes the C library count columns in UTF-8. Call it once, before threads are started.
void use_utf8_locale();
/// Columns that UTF-8 text takes; control characters take none.
int display_width(std::string_view text);
/// The longest beginning of well-formed UTF-8 text that takes at most `columns`.
std::string_view fit_columns(std::string_view text, int columns);

/// Whether colours are wanted: a terminal, no --no-color, no NO_COLOR in the environment (no-color.org), not TERM=dumb.
bool wants_color(Stream stream, bool no_color_flag);

enum class Style { kDim, kBold, kGuess, kVerified, kRejected, kError };
/// `text` in a style; the text itself where there is no colour.
std::string styled(Style style, std::string_view text, bool with_color);

}  // namespace wedlm::cli
