#include "wedlm/train/shape.h"

#include "wedlm/base/json_members.h"
#include "wedlm/train/data/sample_maker.h"

namespace wedlm::train {
namespace {

/// "Qwen3ForCausalLM" of "qwen3"; of a type that there is not, which its reader refuses, too.
std::string architecture_of(std::string type) {
  if (type == "wedlm") return "WeDLMForCausalLM";
  if (!type.empty() && type[0] == 'q') type[0] = 'Q';
  return type + "ForCausalLM";
}

Json end_tokens(const Tokenizer& tokenizer) {
  const TokenId answer = answer_end(tokenizer), text = text_end(tokenizer);
  if (answer == text) return answer;
  return Json::Array{answer, text};
}

}  // namespace

Json config_of_shape(const Json& shape, const std::string& what, const Tokenizer& tokenizer) {
  const JsonMembers members(shape, what);
  if (const Json* quantization = members.find("quantization_config")) {
    members.fail("quantization_config", "none, as all weights are learned", *quantization);
  }
  const auto num_tokens = static_cast<std::int64_t>(tokenizer.vocab_size());
  const Json* vocab_size = members.find("vocab_size");
  if (vocab_size != nullptr && vocab_size->is_integer() && vocab_size->as_integer() < num_tokens) {
    members.fail("vocab_size", "at least the tokenizer's " + std::to_string(num_tokens) + " tokens", *vocab_size);
  }
  Json::Object config = shape.as_object();
  const auto complete = [&](const char* key, const Json& value) {
    if (members.find(key) != nullptr) return;
    std::erase_if(config, [key](const JsonMember& member) { return member.key == key; });  // null
    config.push_back({key, value});
  };
  if (const auto type = members.text("model_type")) complete("architectures", Json::Array{architecture_of(*type)});
  complete("vocab_size", num_tokens);
  complete("eos_token_id", end_tokens(tokenizer));
  return config;
}

double initializer_range(const Json& shape, const std::string& what) {
  constexpr double kUsual = 0.02;
  const JsonMembers members(shape, what);
  const double range = members.number("initializer_range").value_or(kUsual);
  if (!(range > 0 && range <= 1)) members.fail("initializer_range", "a number above 0 and at most 1", range);
  return range;
}

}  // namespace wedlm::train
