// What a generator of load wants to know of one answer, read from OpenAI's chunks and whole answers, of chats and of
// completions: when text came, how many tokens the server counted, whether the answer is whole. The clock is the
// caller's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wedlm/base/json.h"
#include "wedlm/load/event_stream_reader.h"

namespace wedlm::load {

/// As the server counts.
struct TokenUsage {
  std::int64_t prompt_tokens = 0;
  std::int64_t cached_prompt_tokens = 0;  // of these
  std::int64_t output_tokens = 0;
};

/// Times are seconds since the request was sent.
struct Answer {
  std::int64_t num_text_events = 0;            // chunks that brought text, thinking or a tool call
  std::optional<double> first_text_seconds{};  // none where it was not streamed or had no text
  std::optional<double> last_text_seconds{};   // the same
  std::vector<float> event_gaps{};             // seconds from each of these chunks to the next
  std::optional<TokenUsage> usage{};           // where the server said it
  std::string finish_reason{};                 // "stop", "length"; of several choices the last that ended
  bool is_done = false;                        // [DONE] came, or the answer came whole
};

class AnswerReader {
 public:
  /// Throws InvalidInput for a chunk that is not JSON, and with the server's message where it is an error.
  void take_event(const StreamEvent& event, double seconds);
  /// The body of an answer that is not streamed. Throws as take_event().
  void take_whole(std::string_view body);

  const Answer& answer() const { return answer_; }
  /// Nothing is missing: some servers leave [DONE] out.
  bool is_whole() const { return answer_.is_done || !answer_.finish_reason.empty(); }

 private:
  void take_members(const Json& object);

  Answer answer_;
};

/// What a server's error says: the message of OpenAI's object, or of the other shapes that are in use, else the
/// beginning of the body.
std::string server_error_text(std::string_view body);

}  // namespace wedlm::load
