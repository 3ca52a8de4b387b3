#include "cli/terminal/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <clocale>
#include <cstdlib>
#include <cstring>
#include <cwchar>

#include "wedlm/base/error.h"
#include "wedlm/text/unicode.h"

namespace wedlm::cli {
namespace {

int columns_of(char32_t code_point) {
  const int columns = ::wcwidth(static_cast<wchar_t>(code_point));
  return columns < 0 ? 0 : columns;
}

}  // namespace

void write(Stream stream, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(static_cast<int>(stream), text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
      continue;
    }
    if (errno == EINTR) continue;
    if (stream == Stream::kErr) return;
    if (errno == EPIPE) throw ClosedPipe();
    throw ResourceError(std::string("cannot write to standard output: ") + std::strerror(errno));
  }
}

bool is_terminal(Stream stream) {
  return ::isatty(static_cast<int>(stream)) == 1;
}

bool is_input_terminal() {
  return ::isatty(STDIN_FILENO) == 1;
}

int terminal_width() {
  winsize size{};
  for (const int file : {STDOUT_FILENO, STDERR_FILENO}) {
    if (::ioctl(file, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  }
  return 80;
}

void use_utf8_locale() {
  const char* name = std::setlocale(LC_CTYPE, "");
  if (name == nullptr || std::strstr(name, "UTF-8") == nullptr) std::setlocale(LC_CTYPE, "C.UTF-8");
}

int display_width(std::string_view text) {
  int columns = 0;
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    columns += columns_of(point.value);
    text.remove_prefix(point.length);
  }
  return columns;
}

std::string_view fit_columns(std::string_view text, int columns) {
  std::size_t end = 0;
  while (end < text.size()) {
    const CodePoint point = first_code_point(text.substr(end));
    columns -= columns_of(point.value);
    if (columns < 0) break;
    end += point.length;
  }
  return text.substr(0, end);
}

bool wants_color(Stream stream, bool no_color_flag) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool is_dumb = term == nullptr || std::strcmp(term, "dumb") == 0;
  return !no_color_flag && (no_color == nullptr || *no_color == '\0') && !is_dumb && is_terminal(stream);
}

std::string styled(Style style, std::string_view text, bool with_color) {
  if (!with_color || text.empty()) return std::string(text);
  std::string_view code;
  switch (style) {
    case Style::kDim:
      code = "\x1b[2m";
      break;
    case Style::kBold:
      code = "\x1b[1m";
      break;
    case Style::kGuess:
      code = "\x1b[36m";
      break;
    case Style::kVerified:
      code = "\x1b[32m";
      break;
    case Style::kRejected:
      code = "\x1b[9;31m";  // struck through
      break;
    case Style::kError:
      code = "\x1b[31m";
      break;
  }
  return std::string(code) + std::string(text) + "\x1b[0m";
}

}  // namespace wedlm::cli
