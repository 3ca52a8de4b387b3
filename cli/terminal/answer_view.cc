#include "cli/terminal/answer_view.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "wedlm/base/json.h"
#include "wedlm/text/unicode.h"

namespace wedlm::cli {
namespace {

constexpr std::string_view kEmptyPosition = "·";
constexpr int kTabStop = 8;

/// A token's text on one line: control characters as their pictures (Unicode's block from U+2400), parts of a
/// character as U+FFFD.
std::string with_control_pictures(std::string_view bytes) {
  std::string out;
  for (const char c : replace_ill_formed_utf8(bytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == '\n') {
      out += "⏎";
    } else if (byte < 0x20) {
      out += {'\xE2', '\x90', static_cast<char>(0x80 + byte)};
    } else if (byte != 0x7F) {
      out += c;
    }
  }
  return out;
}

}  // namespace

AnswerView::ShowWindow window_wish(bool is_wanted, const Console& console) {
  if (!is_wanted) return AnswerView::ShowWindow::kNo;
  const char* term = std::getenv("TERM");
  const bool is_dumb = term == nullptr || std::strcmp(term, "dumb") == 0;
  if (is_terminal(Stream::kOut) && is_terminal(Stream::kErr) && !is_dumb) return AnswerView::ShowWindow::kYes;
  console.note("--show-window needs a terminal on standard output and standard error; going on without it");
  return AnswerView::ShowWindow::kNo;
}

std::string window_text(const StreamEvent& event, const Tokenizer& tokenizer, int columns, bool with_color) {
  std::string out;
  const auto add = [&](const std::string& text, Style style) {
    const std::string_view fitting = fit_columns(text, columns);
    columns = fitting.size() < text.size() ? 0 : columns - display_width(fitting);
    out += styled(style, fitting, with_color);
  };
  const auto text_of = [&](TokenId token) { return with_control_pictures(tokenizer.token_bytes(token)); };
  if (with_color) {
    for (const TokenId token : event.rejected) add(text_of(token), Style::kRejected);
  }
  for (const Window::Position& position : event.window) {
    if (position.filled) {
      add(text_of(position.token), Style::kGuess);
    } else {
      add(std::string(kEmptyPosition), Style::kDim);
    }
  }
  return out;
}

std::string verified_text(const StreamEvent& event, bool with_color) {
  const std::string_view text = event.text;
  std::string out;
  std::size_t end = 0;
  for (const VerifiedText& it : event.verified) {
    out += text.substr(end, it.first_byte - end);
    out += styled(Style::kVerified, text.substr(it.first_byte, it.num_bytes), with_color);
    end = it.first_byte + it.num_bytes;
  }
  out += text.substr(end);
  return out;
}

AnswerView::~AnswerView() {
  if (is_drawn_) write(Stream::kErr, "\x1b[K");
}

void AnswerView::show(const StreamEvent& event) {
  wipe_window();
  if (!event.text.empty()) {
    console_.print(verified_text(event, console_.has_color()));
    ends_with_newline_ = event.text.back() == '\n';
    advance_column(event.text);
  }
  if (shows_window_) draw_window(event);
}

void AnswerView::finish() {
  wipe_window();
  if (!ends_with_newline_) console_.print("\n");
}

void AnswerView::advance_column(std::string_view text) {
  if (!shows_window_) return;
  const int width = terminal_width();
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    if (point.value == '\n' || point.value == '\r') {
      column_ = 0;
    } else if (point.value == '\t') {
      column_ = std::min((column_ / kTabStop + 1) * kTabStop, width - 1);
    } else {
      const int columns = display_width(text.substr(0, point.length));
      column_ = column_ + columns > width ? columns : column_ + columns;
    }
    text.remove_prefix(point.length);
  }
}

/// The cursor's place is saved and restored around the window, which never reaches the line's end: nothing scrolls
/// between the two.
void AnswerView::draw_window(const StreamEvent& event) {
  const std::string text = window_text(event, tokenizer_, terminal_width() - column_ - 1, console_.has_color());
  if (text.empty()) return;
  write(Stream::kErr,
        "\x1b"
        "7" +
            text +
            "\x1b"
            "8");
  is_drawn_ = true;
}

void AnswerView::wipe_window() {
  if (!is_drawn_) return;
  write(Stream::kErr, "\x1b[K");
  is_drawn_ = false;
}

}  // namespace wedlm::cli
