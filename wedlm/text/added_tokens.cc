#include "wedlm/text/added_tokens.h"

#include <algorithm>

#include "wedlm/text/unicode.h"

namespace wedlm {
namespace {

bool touches_a_word(std::string_view before, std::string_view after) {
  return (!before.empty() && is_word_character(last_code_point(before).value)) ||
         (!after.empty() && is_word_character(first_code_point(after).value));
}

std::size_t white_space_at_end(std::string_view text) {
  const std::size_t size = text.size();
  while (!text.empty()) {
    const CodePoint c = last_code_point(text);
    if (!is_white_space(c.value)) break;
    text.remove_suffix(c.length);
  }
  return size - text.size();
}

std::size_t white_space_at_front(std::string_view text) {
  const std::size_t size = text.size();
  while (!text.empty()) {
    const CodePoint c = first_code_point(text);
    if (!is_white_space(c.value)) break;
    text.remove_prefix(c.length);
  }
  return size - text.size();
}

}  // namespace

AddedTokenFinder::AddedTokenFinder() : nodes_(1) {}

std::uint32_t AddedTokenFinder::child(std::uint32_t node, char c) const {
  for (const auto& [byte, next] : nodes_[node].children) {
    if (byte == static_cast<unsigned char>(c)) return next;
  }
  return 0;
}

void AddedTokenFinder::add(const AddedToken& token, std::string_view content) {
  can_begin_[static_cast<unsigned char>(content[0])] = true;
  std::uint32_t node = 0;
  for (const char c : content) {
    std::uint32_t next = child(node, c);
    if (next == 0) {
      next = static_cast<std::uint32_t>(nodes_.size());
      nodes_[node].children.emplace_back(static_cast<unsigned char>(c), next);
      nodes_.emplace_back();
    }
    node = next;
  }
  if (nodes_[node].token >= 0) return;
  nodes_[node].token = static_cast<std::int32_t>(tokens_.size());
  tokens_.push_back(token);
}

AddedTokenFinder::Found AddedTokenFinder::longest_at(std::string_view text, std::size_t begin) const {
  Found found;
  std::uint32_t node = 0;
  for (std::size_t i = begin; i < text.size(); ++i) {
    node = child(node, text[i]);
    if (node == 0) break;
    if (const std::int32_t token = nodes_[node].token; token >= 0) {
      found = {i + 1, &tokens_[static_cast<std::size_t>(token)]};
    }
  }
  return found;
}

AddedTokenFinder::Piece AddedTokenFinder::next(std::string_view text, std::size_t* position, Specials specials) const {
  const std::size_t begin = *position;
  for (std::size_t i = begin; i < text.size(); ++i) {
    if (!can_begin_[static_cast<unsigned char>(text[i])]) continue;
    const Found found = longest_at(text, i);
    if (found.token == nullptr) continue;
    const AddedToken& token = *found.token;
    const bool passed_over = specials == Specials::kPassOver && token.special;
    if (passed_over || (token.single_word && touches_a_word(text.substr(0, i), text.substr(found.end)))) {
      i = found.end - 1;
      continue;
    }
    std::string_view before = text.substr(begin, i - begin);
    if (token.lstrip) before.remove_suffix(white_space_at_end(before));
    *position = found.end;
    if (token.rstrip) *position += white_space_at_front(text.substr(found.end));
    return {before, token.id};
  }
  *position = text.size();
  return {text.substr(begin), kNoToken};
}

}  // namespace wedlm
