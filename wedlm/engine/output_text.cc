#include "wedlm/engine/output_text.h"

#include <algorithm>
#include <utility>

namespace wedlm {
namespace {

/// Length of the longest end of `text` that is a proper beginning of `stop`.
std::size_t overlap(const std::string& text, const std::string& stop) {
  for (std::size_t length = std::min(text.size(), stop.size() - 1); length > 0; --length) {
    if (text.compare(text.size() - length, length, stop, 0, length) == 0) return length;
  }
  return 0;
}

}  // namespace

OutputText::OutputText(const Tokenizer* tokenizer, std::vector<std::string> stop) : stop_(std::move(stop)) {
  if (tokenizer != nullptr) detokenizer_.emplace(*tokenizer);
}

bool OutputText::add(TokenId token) {
  if (!detokenizer_ || is_stopped_) return is_stopped_;
  return add_text(detokenizer_->add(token));
}

void OutputText::finish() {
  if (detokenizer_ && !is_stopped_) add_text(detokenizer_->finish());
  if (!is_stopped_) ready_ += held_back_;
  held_back_.clear();
}

bool OutputText::add_text(const std::string& text) {
  held_back_ += text;
  std::size_t first = std::string::npos;
  for (const std::string& stop : stop_) first = std::min(first, held_back_.find(stop));
  if (first != std::string::npos) {
    ready_.append(held_back_, 0, first);
    held_back_.clear();
    is_stopped_ = true;
    return true;
  }
  std::size_t keep = 0;
  for (const std::string& stop : stop_) keep = std::max(keep, overlap(held_back_, stop));
  ready_.append(held_back_, 0, held_back_.size() - keep);
  held_back_.erase(0, held_back_.size() - keep);
  return false;
}

std::string OutputText::take() {
  return std::exchange(ready_, {});
}

}  // namespace wedlm
