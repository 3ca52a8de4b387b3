#include "wedlm/load/load_prompts.h"

#include <algorithm>
#include <array>

#include "wedlm/base/random.h"
#include "wedlm/load/words.h"

namespace wedlm::load {
namespace {

enum class Part : std::uint32_t { kShared, kOwn, kShift };

/// A word's number, drawn for a place.
std::uint32_t drawn(std::uint64_t seed, Part part, std::uint64_t index, std::uint32_t position) {
  const auto draw = philox4x32({static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32), position,
                                static_cast<std::uint32_t>(part)},
                               {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
  return draw[0] % kWords.size();
}

/// The first two words are the digits of the index, shifted so that another seed begins elsewhere.
std::uint32_t own_word(std::uint64_t seed, std::uint64_t index, std::uint32_t position) {
  if (position > 1) return drawn(seed, Part::kOwn, index, position);
  const std::uint64_t digit = position == 0 ? index : index / kWords.size();
  return static_cast<std::uint32_t>((digit + drawn(seed, Part::kShift, 0, position)) % kWords.size());
}

}  // namespace

std::string endpoint_path(Endpoint endpoint) {
  return endpoint == Endpoint::kChat ? "/chat/completions" : "/completions";
}

std::string made_prompt(const MadePrompts& made, std::int64_t index) {
  std::string text;
  const auto append = [&text](std::uint32_t word) { text.append(text.empty() ? "" : " ").append(kWords[word]); };
  for (std::uint32_t i = 0; i < made.num_shared_words; ++i) append(drawn(made.seed, Part::kShared, 0, i));
  for (std::uint32_t i = 0; i < made.num_words; ++i) append(own_word(made.seed, static_cast<std::uint64_t>(index), i));
  return text;
}

Json LoadPrompts::members(Endpoint endpoint, std::int64_t index) const {
  if (!given_.empty()) return given_[static_cast<std::size_t>(index) % given_.size()];
  std::string text = made_prompt(made_, index);
  if (endpoint == Endpoint::kCompletions) return Json::object({{"prompt", std::move(text)}});
  return Json::object({{"messages", Json::Array{Json::object({{"role", "user"}, {"content", std::move(text)}})}}});
}

}  // namespace wedlm::load
