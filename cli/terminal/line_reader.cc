#include "cli/terminal/line_reader.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "cli/terminal/terminal.h"
#include "wedlm/base/error.h"

#ifdef WEDLM_HAVE_LIBEDIT
#include <histedit.h>

#include "wedlm/text/unicode.h"
#endif

namespace wedlm::cli {
namespace {

class PlainReader final : public LineReader {
 public:
  explicit PlainReader(const InterruptGuard& interrupts) : interrupts_(interrupts) {}

  Line read(const std::string& prompt) override {
    if (is_input_terminal()) write(Stream::kErr, prompt);
    std::array<char, 4096> chunk{};
    std::size_t num_searched = 0;  // of the buffer, and there is no newline in them
    while (true) {
      const std::size_t newline = buffer_.find('\n', num_searched);
      num_searched = buffer_.size();
      if (newline != std::string::npos) return take(newline, newline + 1);
      const ssize_t count = ::read(STDIN_FILENO, chunk.data(), chunk.size());
      if (count > 0) {
        buffer_.append(chunk.data(), static_cast<std::size_t>(count));
      } else if (count == 0) {
        if (buffer_.empty()) return {.kind = Line::Kind::kEnd};
        return take(buffer_.size(), buffer_.size());
      } else if (errno != EINTR) {
        throw ResourceError(std::string("cannot read standard input: ") + std::strerror(errno));
      } else if (interrupts_.is_interrupted()) {
        buffer_.clear();
        return {.kind = Line::Kind::kInterrupted};
      }
    }
  }

 private:
  Line take(std::size_t length, std::size_t remove) {
    Line line{.kind = Line::Kind::kText, .text = buffer_.substr(0, length)};
    buffer_.erase(0, remove);
    if (line.text.ends_with('\r')) line.text.pop_back();
    return line;
  }

  const InterruptGuard& interrupts_;
  std::string buffer_;
};

#ifdef WEDLM_HAVE_LIBEDIT

// Bracketed paste (xterm's control sequences, "Bracketed Paste Mode"): a terminal that is asked to marks what is
// pasted.
constexpr std::string_view kAskForMarks = "\x1b[?2004h";
constexpr std::string_view kNoMoreMarks = "\x1b[?2004l";
constexpr const char* kPasteBegins = "\x1b[200~";
constexpr std::string_view kPasteEnds = "\x1b[201~";

/// Terminals send a carriage return for a new line.
std::string with_newlines(std::string_view text) {
  std::string lines;
  lines.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && text.substr(i + 1).starts_with('\n')) continue;
    lines += text[i] == '\r' ? '\n' : text[i];
  }
  while (lines.ends_with('\n')) lines.pop_back();  // Enter sends it, not the paste
  return lines;
}

/// libedit reads characters through read_character() and, inside a paste, take_paste(): only they see Ctrl-C.
class EditReader final : public LineReader {
 public:
  explicit EditReader(const InterruptGuard& interrupts)
      : interrupts_(interrupts), edit_(el_init("wedlm", stdin, stderr, stderr)), history_(history_init()) {
    if (edit_ == nullptr || history_ == nullptr) throw ResourceError("cannot start the line editor");
    HistEvent event{};
    history(history_, &event, H_SETSIZE, 1000);
    el_set(edit_, EL_CLIENTDATA, this);
    el_set(edit_, EL_PROMPT, &EditReader::prompt_of);
    el_set(edit_, EL_EDITOR, "emacs");
    el_set(edit_, EL_HIST, history, history_);
    el_set(edit_, EL_GETCFN, &EditReader::read_character);
    el_set(edit_, EL_SIGNAL, 0);
    el_source(edit_, nullptr);
    el_set(edit_, EL_ADDFN, "wedlm-paste", "Insert what is pasted", &EditReader::take_paste);
    el_set(edit_, EL_BIND, kPasteBegins, "wedlm-paste", nullptr);
  }

  ~EditReader() override {
    history_end(history_);
    el_end(edit_);
  }

  Line read(const std::string& prompt) override {
    prompt_ = prompt;
    el_resize(edit_);
    int length = 0;
    write(Stream::kErr, kAskForMarks);
    const char* text = el_gets(edit_, &length);
    write(Stream::kErr, kNoMoreMarks);
    if (interrupts_.is_interrupted()) {
      el_reset(edit_);
      write(Stream::kErr, "\n");
      return {.kind = Line::Kind::kInterrupted};
    }
    if (text == nullptr || length <= 0) return {.kind = Line::Kind::kEnd};
    Line line{.kind = Line::Kind::kText, .text = std::string(text, static_cast<std::size_t>(length))};
    if (line.text.ends_with('\n')) line.text.pop_back();
    HistEvent event{};
    if (!line.text.empty()) history(history_, &event, H_ENTER, line.text.c_str());
    return line;
  }

 private:
  static EditReader* self(EditLine* edit) {
    void* data = nullptr;
    el_get(edit, EL_CLIENTDATA, &data);
    return static_cast<EditReader*>(data);
  }

  static char* prompt_of(EditLine* edit) { return self(edit)->prompt_.data(); }

  /// One character of UTF-8; 0 at the end of input, -1 after Ctrl-C.
  static int read_character(EditLine* edit, wchar_t* character) {
    std::string bytes;
    while (true) {
      char byte = 0;
      const ssize_t count = ::read(STDIN_FILENO, &byte, 1);
      if (count == 0) return 0;
      if (count < 0) {
        if (errno == EINTR && !self(edit)->interrupts_.is_interrupted()) continue;
        return -1;
      }
      bytes += byte;
      if (is_well_formed_utf8(bytes)) {
        *character = static_cast<wchar_t>(first_code_point(bytes).value);
        return 1;
      }
      if (incomplete_utf8_suffix(bytes) != bytes.size()) bytes.clear();
    }
  }

  /// Inserts what comes until the end of the paste, new lines and all.
  static unsigned char take_paste(EditLine* edit, int /*character*/) {
    std::string pasted;
    for (char byte = 0; !pasted.ends_with(kPasteEnds);) {
      const ssize_t count = ::read(STDIN_FILENO, &byte, 1);
      if (count < 0 && errno == EINTR && !self(edit)->interrupts_.is_interrupted()) continue;
      if (count <= 0) return CC_EOF;
      pasted += byte;
    }
    pasted.resize(pasted.size() - kPasteEnds.size());
    return el_insertstr(edit, with_newlines(pasted).c_str()) == 0 ? CC_REFRESH : CC_ERROR;
  }

  const InterruptGuard& interrupts_;
  EditLine* edit_;
  History* history_;
  std::string prompt_;
};

#endif

}  // namespace

std::unique_ptr<LineReader> LineReader::make(const InterruptGuard& interrupts) {
#ifdef WEDLM_HAVE_LIBEDIT
  if (is_input_terminal() && is_terminal(Stream::kErr)) return std::make_unique<EditReader>(interrupts);
#endif
  return std::make_unique<PlainReader>(interrupts);
}

}  // namespace wedlm::cli
