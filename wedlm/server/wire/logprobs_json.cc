#include "wedlm/server/wire/logprobs_json.h"

#include <algorithm>
#include <string>

namespace wedlm::server {
namespace {

std::string text_of(TokenId token, const Tokenizer& tokenizer) {
  return tokenizer.decode({&token, 1}, SpecialOutput::kShow);
}

Json log_prob_json(float log_prob) {
  return std::max(static_cast<double>(log_prob), -9999.0);
}

Json token_json(TokenId token, float log_prob, const Tokenizer& tokenizer) {
  Json::Array bytes;
  for (const char byte : tokenizer.token_bytes(token))
    bytes.emplace_back(static_cast<int>(static_cast<unsigned char>(byte)));
  return Json::object({{"token", text_of(token, tokenizer)}, {"logprob", log_prob_json(log_prob)}, {"bytes", bytes}});
}

std::size_t num_characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }));
}

}  // namespace

Json chat_logprobs_json(std::span<const TokenId> tokens, std::span<const TokenScore> scores,
                        const Tokenizer& tokenizer) {
  Json::Array content;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    Json entry = token_json(tokens[i], scores[i].log_prob, tokenizer);
    Json::Array top;
    for (const TokenLogProb& one : scores[i].alternatives)
      top.push_back(token_json(one.token, one.log_prob, tokenizer));
    entry.set("top_logprobs", std::move(top));
    content.push_back(std::move(entry));
  }
  return Json::object({{"content", std::move(content)}, {"refusal", Json()}});
}

Json completions_logprobs_json(std::span<const TokenId> tokens, std::span<const TokenScore> scores,
                               const Tokenizer& tokenizer, std::size_t& offset) {
  Json::Array texts, log_probs, top, offsets;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const std::string text = text_of(tokens[i], tokenizer);
    Json alternatives = Json::object({});
    const auto add = [&](const std::string& key, float log_prob) {
      if (alternatives.find(key) == nullptr) alternatives.set(key, log_prob_json(log_prob));
    };
    for (const TokenLogProb& one : scores[i].alternatives) add(text_of(one.token, tokenizer), one.log_prob);
    if (!scores[i].alternatives.empty()) add(text, scores[i].log_prob);
    texts.emplace_back(text);
    log_probs.push_back(log_prob_json(scores[i].log_prob));
    top.push_back(std::move(alternatives));
    offsets.emplace_back(static_cast<std::uint64_t>(offset));
    offset += num_characters(text);
  }
  return Json::object({{"tokens", std::move(texts)},
                       {"token_logprobs", std::move(log_probs)},
                       {"top_logprobs", std::move(top)},
                       {"text_offset", std::move(offsets)}});
}

}  // namespace wedlm::server
