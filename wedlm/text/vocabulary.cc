#include "wedlm/text/vocabulary.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

std::uint64_t hash_of(std::string_view bytes) {
  constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15U;
  std::uint64_t hash = bytes.size() * kMultiplier;
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data(), 8);
    hash = (std::rotl(hash, 29) ^ word) * kMultiplier;
  }
  std::uint64_t word = 0;
  std::memcpy(&word, bytes.data(), bytes.size());
  hash = (std::rotl(hash, 29) ^ word) * kMultiplier;
  return hash ^ (hash >> 32);
}

}  // namespace

Vocabulary::Vocabulary(const std::vector<Entry>& entries) {
  TokenId largest = kNoToken;
  std::size_t total_bytes = 0;
  for (const Entry& entry : entries) {
    if (entry.id < 0 || entry.id > kMaxTokenId) {
      throw InvalidInput("token id " + std::to_string(entry.id) + " is not in 0 to " + std::to_string(kMaxTokenId));
    }
    largest = std::max(largest, entry.id);
    total_bytes += entry.bytes.size();
  }
  if (total_bytes >= kAbsent) throw InvalidInput("the vocabulary is larger than 4 GiB");
  text_.reserve(total_bytes);
  spans_.resize(static_cast<std::size_t>(largest) + 1);
  slots_.assign(std::bit_ceil(entries.size() * 2 + 2), kNoToken);
  for (const Entry& entry : entries) {
    Span& span = spans_[static_cast<std::size_t>(entry.id)];
    if (span.length != kAbsent) throw InvalidInput("token id " + std::to_string(entry.id) + " stands twice");
    span = {static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(entry.bytes.size())};
    text_ += entry.bytes;
    if (!entry.spells_bytes) continue;
    longest_token_bytes_ = std::max(longest_token_bytes_, entry.bytes.size());
    index(entry.id);
  }
}

void Vocabulary::index(TokenId id) {
  std::size_t slot = hash_of(bytes(id)) & (slots_.size() - 1);
  while (slots_[slot] != kNoToken) slot = (slot + 1) & (slots_.size() - 1);
  slots_[slot] = id;
}

std::optional<TokenId> Vocabulary::find(std::string_view bytes) const {
  if (slots_.empty()) return std::nullopt;
  std::size_t slot = hash_of(bytes) & (slots_.size() - 1);
  for (; slots_[slot] != kNoToken; slot = (slot + 1) & (slots_.size() - 1)) {
    if (this->bytes(slots_[slot]) == bytes) return slots_[slot];
  }
  return std::nullopt;
}

std::string_view Vocabulary::bytes(TokenId id) const {
  if (!contains(id)) return {};
  const Span& span = spans_[static_cast<std::size_t>(id)];
  return std::string_view(text_).substr(span.begin, span.length);
}

bool Vocabulary::contains(TokenId id) const {
  return id >= 0 && static_cast<std::size_t>(id) < spans_.size() &&
         spans_[static_cast<std::size_t>(id)].length != kAbsent;
}

}  // namespace wedlm
