#include "wedlm/engine/output_text.h"

#include <algorithm>
#include <utility>

namespace wedlm {
namespace {

/// Length of the longest end of `text` that is a proper beginning of one of `stops`.
std::size_t overlap(std::string_view text, const std::vector<std::string>& stops) {
  std::size_t longest = 0;
  for (const std::string& stop : stops) {
    for (std::size_t length = std::min(text.size(), stop.size() - 1); length > longest; --length) {
      if (text.substr(text.size() - length) == std::string_view(stop).substr(0, length)) longest = length;
    }
  }
  return longest;
}

struct FoundStop {
  std::size_t begin = std::string::npos;
  const std::string* stop = nullptr;
};

/// The first that begins in the text; of those that begin at one place the first that was given.
FoundStop find_first(std::string_view text, const std::vector<std::string>& stops) {
  FoundStop first;
  for (const std::string& stop : stops) {
    const std::size_t begin = text.find(stop);
    if (begin < first.begin) first = {.begin = begin, .stop = &stop};
  }
  return first;
}

bool has_special(const Tokenizer& tokenizer, const std::string& text) {
  return std::ranges::any_of(tokenizer.encode(text), [&](TokenId id) { return tokenizer.is_special(id); });
}

}  // namespace

OutputText::OutputText(const Tokenizer* tokenizer, std::vector<std::string> stop) : tokenizer_(tokenizer) {
  if (tokenizer == nullptr) return;
  detokenizer_.emplace(*tokenizer);
  for (std::string& text : stop)
    (has_special(*tokenizer, text) ? stop_with_specials_ : stop_).push_back(std::move(text));
}

bool OutputText::add(TokenId token) {
  if (!detokenizer_ || is_stopped_) return is_stopped_;
  if (!tokenizer_->is_special(token)) return add_text(detokenizer_->add(token), true);
  return !stop_with_specials_.empty() && add_text(tokenizer_->token_bytes(token), false);
}

void OutputText::finish() {
  if (detokenizer_ && !is_stopped_) add_text(detokenizer_->finish(), true);
  if (!is_stopped_) release(held_back_.size());
}

bool OutputText::add_text(std::string_view text, bool is_shown) {
  held_back_ += text;
  is_shown_.resize(held_back_.size(), is_shown);
  const std::string shown = shown_text();
  const FoundStop in_shown = find_first(shown, stop_);
  const FoundStop in_all = find_first(held_back_, stop_with_specials_);
  is_stopped_ = in_shown.stop != nullptr || in_all.stop != nullptr;
  if (is_stopped_) {
    const bool is_shown_first = in_all.stop == nullptr || in_shown.begin < num_shown(in_all.begin);
    stop_text_ = *(is_shown_first ? in_shown.stop : in_all.stop);
    ready_.append(shown, 0, std::min(in_shown.begin, num_shown(in_all.begin)));
    return true;
  }
  const std::size_t keep_shown = overlap(shown, stop_);
  std::size_t end = held_back_.size() - overlap(held_back_, stop_with_specials_);
  while (shown.size() - num_shown(end) < keep_shown) --end;
  release(end);
  return false;
}

std::size_t OutputText::num_shown(std::size_t end) const {
  end = std::min(end, is_shown_.size());
  return static_cast<std::size_t>(
      std::count(is_shown_.begin(), is_shown_.begin() + static_cast<std::ptrdiff_t>(end), true));
}

std::string OutputText::shown_text() const {
  std::string shown;
  for (std::size_t i = 0; i < held_back_.size(); ++i) {
    if (is_shown_[i]) shown += held_back_[i];
  }
  return shown;
}

void OutputText::release(std::size_t end) {
  ready_.append(shown_text(), 0, num_shown(end));
  held_back_.erase(0, end);
  is_shown_.erase(is_shown_.begin(), is_shown_.begin() + static_cast<std::ptrdiff_t>(end));
}

std::string OutputText::take() {
  return std::exchange(ready_, {});
}

}  // namespace wedlm
