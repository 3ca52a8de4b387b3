// One answer of a call while it grows: the engine's stream, split into thinking and text. Where thinking has a budget,
// an answer may take two requests to the engine: the second goes on after a </think> that was put in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "wedlm/engine/engine.h"
#include "wedlm/server/wire/answer_writer.h"
#include "wedlm/server/wire/reasoning_split.h"

namespace wedlm::server {

struct ThinkingRules {
  bool is_split = true;                  // thinking and text are told apart
  bool begins_inside = false;            // the prompt has opened it
  std::optional<std::int32_t> budget{};  // most tokens before it is ended
};

class GrowingAnswer {
 public:
  /// `engine` and `tokenizer` outlive this.
  GrowingAnswer(std::size_t index, Request request, const ThinkingRules& thinking, Engine& engine,
                const Tokenizer& tokenizer);

  const std::vector<TokenId>& prompt() const { return request_.prompt; }
  std::int32_t max_tokens() const { return max_tokens_; }

  /// Throws as Engine::submit().
  void submit();
  /// Nobody reads on: the engine ends it at the next step.
  void cancel() { stream_.reset(); }

  /// What came since the last call, or of it one step where the window is shown; nullopt where nothing did. Throws as
  /// Engine::submit(), where a second request does.
  std::optional<AnswerDelta> next();
  /// Once next() has given everything; its reason may be kCancelled or kError.
  bool is_finished() const { return finished_.has_value(); }
  const FinishedAnswer& finished() const { return *finished_; }

 private:
  void add(AnswerDelta& delta, StreamEvent event);
  /// How many of the tokens so far are thinking, now that the text of these was split.
  void count_thinking(const std::vector<TokenId>& tokens);
  /// The engine's request has ended: finishes, or goes on after thinking.
  void end_leg(AnswerDelta& delta);
  void go_on(AnswerDelta& delta);

  std::size_t index_;
  Request request_;
  ThinkingRules thinking_;
  Engine& engine_;
  const Tokenizer& tokenizer_;
  ReasoningSplit split_;
  std::shared_ptr<ResponseStream> stream_;
  std::int32_t max_tokens_;  // of the whole answer
  bool is_last_leg_ = true;
  std::size_t num_tokens_ = 0;                    // so far
  std::optional<std::size_t> end_of_thinking_{};  // behind the token </think>, among the answer's tokens
  bool is_thinking_over_ = false;
  FinishedAnswer grown_;  // text and reasoning so far, and the result of the requests that have ended
  std::optional<FinishedAnswer> finished_;
};

}  // namespace wedlm::server
