// Shows an answer while it grows: committed text on standard output and, where asked for, after it the window of
// guesses that is still being filled. The window is drawn on the terminal only and wiped before more text is written,
// so that standard output has nothing but the text. In the modes that verify, text that had been drafted has its
// colour, and drafts that were refused are shown, struck through, before the window that takes their place.
#pragma once

#include <string>
#include <string_view>

#include "cli/terminal/console.h"
#include "wedlm/engine/request.h"
#include "wedlm/text/tokenizer.h"

namespace wedlm::cli {

class AnswerView {
 public:
  enum class ShowWindow { kNo, kYes };

  AnswerView(const Console& console, const Tokenizer& tokenizer, ShowWindow show_window)
      : console_(console), tokenizer_(tokenizer), shows_window_(show_window == ShowWindow::kYes) {}
  ~AnswerView();
  AnswerView(const AnswerView&) = delete;
  AnswerView& operator=(const AnswerView&) = delete;

  void show(const StreamEvent& event);
  /// Wipes the window and ends the line.
  void finish();

 private:
  void advance_column(std::string_view text);
  void draw_window(const StreamEvent& event);
  void wipe_window();

  const Console& console_;
  const Tokenizer& tokenizer_;
  bool shows_window_;
  bool is_drawn_ = false;
  bool ends_with_newline_ = false;
  int column_ = 0;  // of the cursor after the committed text
};

/// kYes where it was asked for and both outputs are a terminal that understands it; says so where they are not.
AnswerView::ShowWindow window_wish(bool is_wanted, const Console& console);

/// The event's text, with that which had been drafted in its colour.
std::string verified_text(const StreamEvent& event, bool with_color);

/// What stands after the text, in at most `columns` columns: refused drafts, then the window's guesses as their text
/// and its empty positions as dots. Without colours nothing would tell the refused ones from the others: they are left
/// out.
std::string window_text(const StreamEvent& event, const Tokenizer& tokenizer, int columns, bool with_color);

}  // namespace wedlm::cli
