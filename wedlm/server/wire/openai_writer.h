// What the answers of OpenAI's chat and text completions have in common: identity, finish reasons, usage, the window,
// token ids, timings and the end of the stream. What a choice says is each API's own.
#pragma once

#include <string_view>

#include "wedlm/server/wire/answer_writer.h"

namespace wedlm::server {

class OpenAiWriter : public AnswerWriter {
 public:
  std::string begin() final;
  std::string delta(const AnswerDelta& delta) final;
  std::string finished(const FinishedAnswer& answer) final;
  std::string end(std::span<const FinishedAnswer> answers) final;
  std::string failed(const ApiFailure& failure) final;
  Json whole(std::span<const FinishedAnswer> answers) final;

 protected:
  struct Objects {
    std::string_view id_prefix;
    std::string_view chunk;
    std::string_view whole;
  };
  OpenAiWriter(AnswerContext context, const Objects& objects) : context_(std::move(context)), objects_(objects) {}
  const AnswerContext& context() const { return context_; }

 private:
  virtual void begin_choice(Json& choice, std::size_t answer) const = 0;
  virtual void fill_delta(Json& choice, const AnswerDelta& delta) = 0;
  virtual void fill_end(Json& choice) const = 0;
  virtual void fill_whole(Json& choice, const FinishedAnswer& answer) const = 0;

  Json object(std::string_view kind, Json::Array choices) const;
  /// An event with this one choice.
  std::string chunk(Json choice, const Json& timings = {});
  void add_window(Json& choice, const AnswerDelta& delta) const;
  std::string text_of(TokenId token) const;
  std::size_t num_answers() const;

  AnswerContext context_;
  Objects objects_;
  std::int64_t num_tokens_ = 0;  // that were in events
};

}  // namespace wedlm::server
