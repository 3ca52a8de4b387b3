// Tells the thinking in an answer's text, <think> ... </think>, from the answer proper, as the text comes. Tags may be
// split anywhere, and every way of splitting the text gives the same parts.
//
// Only a tag that begins the answer, white space aside, opens thinking. White space beside the tags belongs to neither
// part. Thinking that is never closed is all thinking.
#pragma once

#include <string>
#include <string_view>

namespace wedlm::server {

class ReasoningSplit {
 public:
  struct Parts {
    std::string reasoning{};
    std::string content{};
  };

  /// `begins_inside`: the prompt has opened the tag.
  explicit ReasoningSplit(bool begins_inside)
      : state_(begins_inside ? State::kSkippingIn : State::kBefore), has_opened_(begins_inside) {}

  /// What is certain with this text added. What could still become a tag, or white space beside one, is held back.
  Parts add(std::string_view text);
  /// No more text comes: releases what was held back.
  Parts finish();

  /// Thinking was opened and is not closed.
  bool is_inside() const { return state_ == State::kSkippingIn || state_ == State::kInside; }
  /// Thinking was opened.
  bool has_opened() const { return has_opened_; }

 private:
  enum class State {
    kBefore,      // nothing but white space came, or a part of the tag
    kSkippingIn,  // white space after <think>
    kInside,
    kSkippingOut,  // white space after </think>
    kContent,
  };

  /// Takes a step with what is held back; false where more text is needed.
  bool advance(Parts& parts);
  bool skip_white_space(State next);

  State state_;
  bool has_opened_;
  std::string held_back_;
};

}  // namespace wedlm::server
