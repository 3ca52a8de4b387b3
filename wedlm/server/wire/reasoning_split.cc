#include "wedlm/server/wire/reasoning_split.h"

#include <algorithm>

namespace wedlm::server {
namespace {

constexpr std::string_view kOpen = "<think>";
constexpr std::string_view kClose = "</think>";
constexpr std::string_view kWhiteSpace = " \t\r\n";

/// Where the longest end of the text begins that could become white space and the closing tag.
std::size_t begin_of_possible_close(std::string_view text) {
  std::size_t begin = text.size();
  for (std::size_t length = std::min(text.size(), kClose.size() - 1); length > 0; --length) {
    if (kClose.starts_with(text.substr(text.size() - length))) {
      begin = text.size() - length;
      break;
    }
  }
  const std::size_t last = begin == 0 ? std::string_view::npos : text.find_last_not_of(kWhiteSpace, begin - 1);
  return last == std::string_view::npos ? 0 : last + 1;
}

std::string_view without_white_space_at_end(std::string_view text) {
  return text.substr(0, text.find_last_not_of(kWhiteSpace) + 1);
}

}  // namespace

ReasoningSplit::Parts ReasoningSplit::add(std::string_view text) {
  held_back_ += text;
  Parts parts;
  while (advance(parts)) {
  }
  return parts;
}

bool ReasoningSplit::skip_white_space(State next) {
  held_back_.erase(0, std::min(held_back_.find_first_not_of(kWhiteSpace), held_back_.size()));
  if (held_back_.empty()) return false;
  state_ = next;
  return true;
}

bool ReasoningSplit::advance(Parts& parts) {
  switch (state_) {
    case State::kBefore: {
      const std::size_t first = std::min(held_back_.find_first_not_of(kWhiteSpace), held_back_.size());
      const std::string_view begun = std::string_view(held_back_).substr(first);
      if (begun.starts_with(kOpen)) {
        held_back_.erase(0, first + kOpen.size());
        state_ = State::kSkippingIn;
        has_opened_ = true;
        return true;
      }
      if (kOpen.starts_with(begun)) return false;
      state_ = State::kContent;
      return true;
    }
    case State::kSkippingIn:
      return skip_white_space(State::kInside);
    case State::kInside: {
      const std::size_t close = held_back_.find(kClose);
      if (close != std::string::npos) {
        parts.reasoning += without_white_space_at_end(std::string_view(held_back_).substr(0, close));
        held_back_.erase(0, close + kClose.size());
        state_ = State::kSkippingOut;
        return true;
      }
      const std::size_t certain = begin_of_possible_close(held_back_);
      parts.reasoning += held_back_.substr(0, certain);
      held_back_.erase(0, certain);
      return false;
    }
    case State::kSkippingOut:
      return skip_white_space(State::kContent);
    case State::kContent:
      parts.content += held_back_;
      held_back_.clear();
      return false;
  }
  return false;
}

ReasoningSplit::Parts ReasoningSplit::finish() {
  Parts parts;
  if (state_ == State::kBefore) parts.content = held_back_;
  if (state_ == State::kInside) parts.reasoning = without_white_space_at_end(held_back_);
  held_back_.clear();
  return parts;
}

}  // namespace wedlm::server
