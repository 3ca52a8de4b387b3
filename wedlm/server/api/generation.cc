#include "wedlm/server/api/generation.h"

#include <algorithm>
#include <string_view>

#include "wedlm/base/error.h"
#include "wedlm/server/api/json_body.h"
#include "wedlm/server/api/model_routes.h"

namespace wedlm::server {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRetrySeconds = 1;         // after which a full queue may have room again
constexpr int kMaxWaitingSteps = 256;    // of a shown window, for a client that is late
constexpr std::size_t kThinkTokens = 8;  // at a prompt's end that may hold an opened <think>

bool opens_thinking(std::span<const TokenId> prompt, const Tokenizer& tokenizer) {
  std::string end = tokenizer.decode(prompt.last(std::min(prompt.size(), kThinkTokens)), SpecialOutput::kShow);
  end.erase(end.find_last_not_of(" \n\t") + 1);
  return end.ends_with("<think>");
}

ApiFailure failure_of_result(const Result& result) {
  if (result.finish_reason == FinishReason::kError) {
    return {.status = 500, .message = "the step that this answer was in failed", .type = "server_error"};
  }
  return {.status = 503, .message = "the server is shutting down", .type = "server_error"};
}

class Generation : public std::enable_shared_from_this<Generation> {
 public:
  Generation(std::shared_ptr<RequestScope> scope, const GenerationRules& rules,
             std::shared_ptr<const ServedModel> served, ServerMetrics& metrics)
      : scope_(std::move(scope)), rules_(rules), served_(std::move(served)), metrics_(metrics) {}

  /// Throws where the call is wrong or cannot be taken.
  void start(const GenerationApi& api) {
    const Json body = json_body(scope_->request());
    Call call = api.read(body, rules_.call);
    scope_->record().num_unknown_members = call.unknown_members.size();
    if (!call.model.empty()) check_model_name(*served_, call.model);
    prompt_member_ = call.prompt_member;
    make_answers(call);
    for (GrowingAnswer& answer : answers_) submit(answer);
    for (const ChatRequest& asked : call.requests) {
      metrics_.answer_began(asked.num_answers, answers_.front().max_tokens());
    }
    metrics_.members_ignored(call.unknown_members.size());
    is_streamed_ = call.is_streamed;
    writer_ = api.make_writer({.id = scope_->record().id,
                               .model = served_->name,
                               .created = std::chrono::duration_cast<std::chrono::seconds>(
                                              std::chrono::system_clock::now().time_since_epoch())
                                              .count(),
                               .call = std::move(call),
                               .prompts = std::move(prompts_),
                               .tokenizer = &served_->encoder.tokenizer()});
    // Until its answers are finished or the client has gone, the exchange holds this.
    scope_->exchange().listen([self = shared_from_this()] { self->written(); },
                              [self = shared_from_this()] { self->gone(); });
    if (rules_.time_limit) {
      scope_->exchange().post_after(*rules_.time_limit, [self = weak_from_this()] {
        if (const auto alive = self.lock()) alive->time_is_over();
      });
    }
    if (is_streamed_) {
      is_writing_ = true;
      scope_->begin_stream();
      scope_->exchange().write(writer_->begin());
    }
    schedule();
  }

 private:
  void make_answers(const Call& call) {
    const Tokenizer& tokenizer = served_->encoder.tokenizer();
    std::size_t index = 0;
    for (const ChatRequest& asked : call.requests) {
      std::vector<Request> requests = encoded(asked);
      prompts_.push_back(requests.front().prompt);
      if (rules_.logs_prompts) {
        scope_->record().prompt += tokenizer.decode(requests.front().prompt, SpecialOutput::kShow);
      }
      const ThinkingRules thinking{.is_split = rules_.splits_thinking && asked.prompt.form == PromptForm::kChat,
                                   .begins_inside = opens_thinking(requests.front().prompt, tokenizer),
                                   .budget = call.thinking_budget};
      for (Request& request : requests) {
        request.report_window = call.shows_window;
        if (call.shows_window) request.max_waiting_events = kMaxWaitingSteps;
        request.on_ready = [weak = weak_from_this(), exchange = scope_->shared_exchange()] {
          exchange->post([weak] {
            if (const auto self = weak.lock()) self->pump();
          });
        };
        answers_.emplace_back(index++, std::move(request), thinking, served_->engine, tokenizer);
      }
    }
    last_event_.resize(answers_.size());
  }

  std::vector<Request> encoded(const ChatRequest& asked) const {
    const bool is_chat = !asked.prompt.messages.is_null();
    if (is_chat && !served_->encoder.has_chat_template()) {
      throw ApiError({.status = 422,
                      .message = prompt_member_ + ": this model has no chat template; /v1/completions takes a text",
                      .param = prompt_member_});
    }
    try {
      return engine_requests(asked, served_->encoder, served_->model.generation_defaults());
    } catch (const InvalidInput& error) {
      refuse(prompt_member_, error.what());
    }
  }

  void submit(GrowingAnswer& answer) const {
    const auto max_length = served_->engine.options().max_model_len;
    if (std::ssize(answer.prompt()) >= max_length) {
      throw ApiError({.message = "the prompt has " + std::to_string(answer.prompt().size()) +
                                 " tokens; with an answer of at least one it may have " +
                                 std::to_string(max_length - 1) + " here (--max-model-len " +
                                 std::to_string(max_length) + ")",
                      .param = prompt_member_,
                      .code = "context_length_exceeded"});
    }
    try {
      answer.submit();
    } catch (const ResourceError& error) {
      throw ApiError({.status = 429,
                      .message = error.what(),
                      .type = "rate_limit_error",
                      .code = "queue_full",
                      .retry_after_seconds = kRetrySeconds});
    } catch (const InvalidInput& error) {
      throw ApiError({.status = 422, .message = error.what()});
    }
  }

  void schedule() {
    scope_->exchange().post([self = shared_from_this()] { self->pump(); });
  }

  void written() {
    is_writing_ = false;
    pump();
  }

  /// Takes what has come, unless the client has not taken the last of it yet.
  void pump() {
    if (has_ended_ || is_writing_) return;
    std::string text;
    try {
      for (GrowingAnswer& answer : answers_) {
        while (const std::optional<std::string> part = take(answer)) text += *part;
      }
    } catch (const std::exception& error) {
      return fail(failure_of(error));
    }
    const bool is_done = std::ranges::all_of(answers_, &GrowingAnswer::is_finished);
    if (is_done) return finish(std::move(text));
    if (!text.empty()) write(std::move(text));
  }

  /// What to write of it; nullopt where nothing has come.
  std::optional<std::string> take(GrowingAnswer& answer) {
    if (answer.is_finished()) return std::nullopt;
    const std::optional<AnswerDelta> delta = answer.next();
    if (!delta) return std::nullopt;
    count(*delta);
    std::string text = is_streamed_ ? writer_->delta(*delta) : std::string();
    if (!answer.is_finished()) return text;
    const FinishedAnswer& finished = answer.finished();
    const FinishReason reason = finished.result.finish_reason;
    if (reason == FinishReason::kError) scope_->record().error = finished.result.error;
    if (reason == FinishReason::kError || reason == FinishReason::kCancelled) {
      throw ApiError(failure_of_result(finished.result));
    }
    metrics_.answer_finished(finished.result);
    if (is_streamed_) text += writer_->finished(finished);
    return text;
  }

  void count(const AnswerDelta& delta) {
    if (delta.event.token_ids.empty()) return;
    const Clock::time_point now = Clock::now();
    std::optional<Clock::time_point>& last = last_event_[delta.answer];
    const double seconds = std::chrono::duration<double>(now - last.value_or(start_)).count();
    if (last) {
      metrics_.more_tokens_came(std::ssize(delta.event.token_ids), seconds);
    } else {
      metrics_.first_tokens_came(seconds);
    }
    last = now;
  }

  void write(std::string text) {
    is_writing_ = true;
    scope_->exchange().write(std::move(text));
  }

  void finish(const std::string& text) {
    std::vector<FinishedAnswer> answers;
    answers.reserve(answers_.size());
    for (const GrowingAnswer& answer : answers_) answers.push_back(answer.finished());
    scope_->record().stats = sum_of(answers);
    end();
    if (!is_streamed_) return scope_->respond(writer_->whole(answers));
    scope_->exchange().write(text + writer_->end(answers));
    scope_->end_stream();
  }

  void fail(const ApiFailure& failure) {
    if (has_ended_) return;
    end();
    metrics_.call_aborted();
    if (!is_streamed_) return scope_->fail(failure);
    scope_->exchange().write(writer_->failed(failure));
    scope_->end_stream(&failure);
  }

  void time_is_over() {
    fail({.status = 504,
          .message = "the answer took longer than this server allows (--request-timeout)",
          .type = "timeout_error",
          .code = "timeout"});
  }

  void gone() {
    if (has_ended_) return;
    end();
    metrics_.call_aborted();
    scope_->leave();
  }

  /// Lets go of the engine's streams, which cancels those that have not ended.
  void end() {
    has_ended_ = true;
    if (std::ranges::all_of(answers_, &GrowingAnswer::is_finished)) return;
    for (GrowingAnswer& answer : answers_) answer.cancel();
  }

  std::shared_ptr<RequestScope> scope_;
  const GenerationRules& rules_;
  std::shared_ptr<const ServedModel> served_;
  ServerMetrics& metrics_;
  Clock::time_point start_ = Clock::now();
  std::string prompt_member_;
  std::vector<GrowingAnswer> answers_;
  std::vector<std::vector<TokenId>> prompts_;
  std::vector<std::optional<Clock::time_point>> last_event_;  // of each answer
  std::unique_ptr<AnswerWriter> writer_;
  bool is_streamed_ = false;
  bool is_writing_ = false;
  bool has_ended_ = false;
};

}  // namespace

void start_generation(const std::shared_ptr<RequestScope>& scope, const GenerationApi& api,
                      const GenerationRules& rules, std::shared_ptr<const ServedModel> served, ServerMetrics& metrics) {
  const auto generation = std::make_shared<Generation>(scope, rules, std::move(served), metrics);
  try {
    generation->start(api);
  } catch (const std::exception& error) {
    scope->fail(error);
  }
}

}  // namespace wedlm::server
