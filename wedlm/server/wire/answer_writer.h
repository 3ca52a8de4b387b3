// How the answers of one call go back, in the shape of one API: as events while they grow, or whole. Writers are pure:
// engine data in, text out. One writer serves one call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wedlm/base/json.h"
#include "wedlm/engine/request.h"
#include "wedlm/server/wire/api_failure.h"
#include "wedlm/server/wire/call.h"
#include "wedlm/text/tokenizer.h"

namespace wedlm::server {

/// What one answer grew by. All of it is final.
struct AnswerDelta {
  std::size_t answer = 0;   // index among all answers of the call
  std::string text{};       // complete UTF-8, without thinking
  std::string reasoning{};  // what stands between <think> and </think>
  /// So many of the answer's tokens, from the first on, are known to be thinking, its tags too.
  std::size_t num_thinking_tokens = 0;
  /// Token ids, scores of all of them (thinking too), and the window where the call shows it.
  StreamEvent event{};
};

struct FinishedAnswer {
  std::size_t answer = 0;
  std::string text{};
  std::string reasoning{};
  Result result{};                      // of the engine; its text has both
  std::size_t num_thinking_tokens = 0;  // of its tokens the first ones, </think> included
  std::size_t num_inserted_tokens = 0;  // of these, that were put in and not generated
};

/// What a writer knows of the call that it answers.
struct AnswerContext {
  std::string id{};          // of the request, without a prefix: "9f3c..."
  std::string model{};       // the name that is served
  std::int64_t created = 0;  // seconds since 1970
  Call call{};
  std::vector<std::vector<TokenId>> prompts{};  // of each request of the call
  const Tokenizer* tokenizer = nullptr;         // outlives the writer
};

class AnswerWriter {
 public:
  virtual ~AnswerWriter() = default;

  // A stream, as text/event-stream:
  virtual std::string begin() = 0;
  virtual std::string delta(const AnswerDelta& delta) = 0;
  virtual std::string finished(const FinishedAnswer& answer) = 0;
  /// All answers are finished; they come in the order of their indices.
  virtual std::string end(std::span<const FinishedAnswer> answers) = 0;
  /// Instead of end(), where the answers break off.
  virtual std::string failed(const ApiFailure& failure) = 0;

  /// All at once, as application/json.
  virtual Json whole(std::span<const FinishedAnswer> answers) = 0;
};

/// "data: {...}\n\n", with "event: NAME\n" in front where there is a name. The JSON has no line breaks.
std::string sse_event(const Json& data, std::string_view name = {});

/// The sums over all answers, each prompt counted once.
struct Usage {
  std::int64_t prompt_tokens = 0;
  std::int64_t cached_prompt_tokens = 0;
  std::int64_t completion_tokens = 0;
  std::int64_t reasoning_tokens = 0;  // of the completion's, </think> included
};
Usage usage_of(const AnswerContext& context, std::span<const FinishedAnswer> answers);

/// What ended an answer, as vLLM's stop_reason says it: the stop text, the token id among those that were asked for
/// (stop_token_ids), or null.
Json stop_reason_json(const Result& result, const ChatRequest& request);

/// Counts of several answers added up; of times the longest.
RequestStats sum_of(std::span<const FinishedAnswer> answers);

/// The figures that every answer has, in any API, from sum_of(): seconds in the queue, of the prompt and of decoding,
/// tokens a second, forwards, tokens a forward, rows, cached tokens of the prompt.
Json timings_json(std::span<const FinishedAnswer> answers);

}  // namespace wedlm::server
