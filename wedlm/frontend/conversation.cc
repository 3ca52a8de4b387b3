#include "wedlm/frontend/conversation.h"

namespace wedlm {

void Conversation::set_system(std::optional<std::string> system) {
  system_ = std::move(system);
  forget();
}

void Conversation::add_user(const std::string& text) {
  messages_.push_back(Json::object({{"role", "user"}, {"content", text}}));
}

void Conversation::add_assistant(const std::string& text) {
  messages_.push_back(Json::object({{"role", "assistant"}, {"content", text}}));
}

void Conversation::take_back() {
  messages_.pop_back();
}

Prompt Conversation::prompt() const {
  Prompt prompt{.source = "this turn", .messages = messages_, .template_arguments = template_arguments_};
  return system_ ? with_system_message(std::move(prompt), *system_) : prompt;
}

Conversation::Encoded Conversation::encode(const PromptEncoder& encoder, std::size_t room) {
  Encoded encoded{.prompt = encoder.encode(prompt())};
  if (encoded.prompt.size() <= room) return encoded;
  while (encoded.prompt.size() > room / 3 * 2 && messages_.size() > 2) {
    messages_.erase(messages_.begin(), messages_.begin() + 2);
    encoded.num_forgotten += 2;
    encoded.prompt = encoder.encode(prompt());
  }
  return encoded;
}

}  // namespace wedlm
