#include "wedlm/train/data/sample_maker.h"

#include <algorithm>
#include <ranges>

#include "wedlm/base/error.h"
#include "wedlm/base/json_members.h"
#include "wedlm/base/quote.h"

namespace wedlm::train {
namespace {

constexpr std::string_view kAnswerEnd = "<|im_end|>";
constexpr std::string_view kTextEnd = "<|endoftext|>";

TokenId end_token(const Tokenizer& tokenizer, std::string_view usual) {
  if (const auto id = tokenizer.find(usual)) return *id;
  const auto id = tokenizer.eos_token().empty() ? std::nullopt : tokenizer.find(tokenizer.eos_token());
  if (!id) throw InvalidInput("the tokenizer names no end token (eos_token), which answers have to end with");
  return *id;
}

std::size_t common_prefix(const std::vector<TokenId>& a, const std::vector<TokenId>& b) {
  return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

/// The first messages of a conversation.
Prompt beginning(const Prompt& whole, std::size_t num_messages, TurnEnd turn_end) {
  Prompt prompt = whole;
  prompt.messages = Json::Array(whole.messages.as_array().begin(),
                                whole.messages.as_array().begin() + static_cast<std::ptrdiff_t>(num_messages));
  prompt.turn_end = turn_end;
  return prompt;
}

void learn(Sample& sample, std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) sample.is_learned[i] = 1;
}

}  // namespace

bool is_answer(const Json& message) {
  const Json* role = message.find("role");
  return role != nullptr && role->is_string() && role->as_string() == "assistant";
}

TokenId answer_end(const Tokenizer& tokenizer) {
  return end_token(tokenizer, kAnswerEnd);
}

TokenId text_end(const Tokenizer& tokenizer) {
  return end_token(tokenizer, kTextEnd);
}

SampleMaker::SampleMaker(const Tokenizer& tokenizer, const ChatTemplate* chat_template, const SampleOptions& options)
    : tokenizer_(tokenizer),
      encoder_(tokenizer, chat_template),
      options_(options),
      answer_end_(answer_end(tokenizer)),
      text_end_(text_end(tokenizer)) {
  if (options.num_end_tokens < 0) throw InvalidInput("end tokens: expected 0 or more");
  if (options.max_length < std::max(2, options.num_end_tokens + 1)) {
    throw InvalidInput("length of samples: expected more than the " + std::to_string(options.num_end_tokens) +
                       " end tokens, got " + std::to_string(options.max_length));
  }
}

std::vector<Sample> SampleMaker::of_json(const Json& line, const std::string& source) const {
  if (line.is_array()) return of_json(Json::object({{"messages", line}}), source);
  const JsonMembers members(line, source);
  if (const auto text = members.text("text")) return of_text(*text);
  if (members.find("completion") != nullptr) return ended(completion(line, source), answer_end_);
  if (members.find("messages") == nullptr) {
    throw InvalidInput(source + ": expected messages, a prompt with a completion, or a text, got " + shown(line));
  }
  return ended(conversation(line, source), answer_end_);
}

std::vector<Sample> SampleMaker::of_text(std::string_view text) const {
  Sample sample;
  sample.append(tokenizer_.encode(text, SpecialTokens::kAsText), true);
  sample.append(std::vector<TokenId>{text_end_}, true);
  std::vector<Sample> samples;
  const auto longest = static_cast<std::size_t>(options_.max_length);
  for (std::size_t begin = 0; begin < sample.ids.size(); begin += longest) {
    const std::size_t count = std::min(longest, sample.ids.size() - begin);
    samples.emplace_back().append(std::span(sample.ids).subspan(begin, count), true);
    if (options_.long_samples == LongSamples::kCut) break;
  }
  return samples;
}

Sample SampleMaker::conversation(const Json& line, const std::string& source) const {
  Prompt whole = prompt_of_json(line, source);
  whole.turn_end = TurnEnd::kClosed;
  Sample sample;
  sample.append(encoder_.encode(whole), options_.loss_on == LossOn::kEverything);
  if (options_.loss_on == LossOn::kAll) {
    learn_answers(whole, sample);
  } else if (const std::size_t count = whole.messages.as_array().size();
             options_.loss_on == LossOn::kLast && count > 1) {
    const auto prompt = encoder_.encode(beginning(whole, count - 1, TurnEnd::kAnswer));
    learn(sample, common_prefix(sample.ids, prompt), sample.ids.size());
  }
  return sample;
}

/// An answer is what the template writes between the prompt for it and the end of its message. That can be told only
/// where a turn stands in the whole as it stood when it was the last.
void SampleMaker::learn_answers(const Prompt& whole, Sample& sample) const {
  const Json::Array& messages = whole.messages.as_array();
  for (std::size_t i = 1; i < messages.size(); ++i) {
    if (!is_answer(messages[i])) continue;
    const auto prompt = encoder_.encode(beginning(whole, i, TurnEnd::kAnswer));
    const auto answered = encoder_.encode(beginning(whole, i + 1, TurnEnd::kClosed));
    if (common_prefix(sample.ids, answered) != answered.size()) {
      throw InvalidInput(whole.source +
                         ": the chat template writes an answer differently once more messages follow, so that only "
                         "the last one can be learned as it will be asked (--loss-on last)");
    }
    learn(sample, common_prefix(answered, prompt), answered.size());
  }
}

Sample SampleMaker::completion(const Json& line, const std::string& source) const {
  const JsonMembers members(line, source);
  const auto answer = members.text("completion");
  if (!answer) members.fail("completion", "a text", line.at("completion"));
  if (members.find("messages") != nullptr)
    throw InvalidInput(source + ": completion belongs to a prompt, got messages");
  Prompt prompt = prompt_of_json(line, source);
  Sample sample;
  if (prompt.form == PromptForm::kChat && encoder_.has_chat_template() && prompt.token_ids.empty()) {
    Json::Array messages = messages_of(prompt).as_array();
    messages.push_back(Json::object({{"role", "assistant"}, {"content", *answer}}));
    Json chat = Json::object({{"messages", std::move(messages)}});
    return conversation(chat, source);
  }
  sample.append(encoder_.encode(prompt), options_.loss_on == LossOn::kEverything);
  sample.append(tokenizer_.encode(*answer, SpecialTokens::kAsText), true);
  sample.append(std::vector<TokenId>{answer_end_}, true);
  return sample;
}

/// Appends the further end tokens, one being in the text already, and sees to the length.
std::vector<Sample> SampleMaker::ended(Sample sample, TokenId end_token) const {
  const auto longest = static_cast<std::size_t>(options_.max_length);
  const std::vector<TokenId> ends(static_cast<std::size_t>(std::max(0, options_.num_end_tokens - 1)), end_token);
  const bool is_cut = options_.long_samples == LongSamples::kCut;
  if (is_cut && sample.ids.size() > longest - ends.size()) {
    sample.ids.resize(longest - ends.size());
    sample.is_learned.resize(sample.ids.size());
  }
  const bool has_answer = std::ranges::count(sample.is_learned, 1) > 0;
  if (has_answer || is_cut) sample.append(ends, true);
  std::vector<Sample> samples;
  for (std::size_t begin = 0; begin < sample.ids.size(); begin += longest) {
    const auto first = static_cast<std::ptrdiff_t>(begin);
    const auto last = static_cast<std::ptrdiff_t>(std::min(begin + longest, sample.ids.size()));
    samples.push_back({.ids = {sample.ids.begin() + first, sample.ids.begin() + last},
                       .is_learned = {sample.is_learned.begin() + first, sample.is_learned.begin() + last}});
  }
  return samples;
}

}  // namespace wedlm::train
