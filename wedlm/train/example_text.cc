#include "wedlm/train/example_text.h"

#include <algorithm>

#include "wedlm/base/number_text.h"
#include "wedlm/base/quote.h"

namespace wedlm::train {
namespace {

std::string text_of(const Tokenizer& tokenizer, std::span<const TokenId> ids) {
  return quote(tokenizer.decode(ids, SpecialOutput::kShow));
}

/// "0-31", or "7".
std::string range_text(std::size_t begin, std::size_t end) {
  return end == begin + 1 ? std::to_string(begin) : std::to_string(begin) + "-" + std::to_string(end - 1);
}

std::string block_text(const Tokenizer& tokenizer, const SampleView& sample, const MaskedBlock& block) {
  std::string observed, masked, positions;
  for (std::size_t i = block.begin; i < block.end; ++i) {
    if (std::ranges::binary_search(block.masked, i)) {
      positions += (positions.empty() ? "" : " ") + std::to_string(i);
      masked += " " + text_of(tokenizer, sample.ids.subspan(i, 1));
    } else {
      observed += " " + text_of(tokenizer, sample.ids.subspan(i, 1));
    }
  }
  return "block " + range_text(block.begin, block.end) + ", ratio " + fixed(block.ratio, 2) + "\n" + "  sees      " +
         (block.begin == 0 ? "itself alone" : "tokens " + range_text(0, block.begin) + ", and itself") +
         ", each row what stands before it here\n" + "  observed " + (observed.empty() ? " none" : observed) + "\n" +
         "  [M] for  " + masked + "\n" + "  at        " + positions + "\n";
}

}  // namespace

std::string example_text(const Tokenizer& tokenizer, const SampleView& sample, std::span<const MaskedBlock> blocks) {
  std::string text;
  for (std::size_t begin = 0; begin < sample.size();) {
    std::size_t end = begin + 1;
    while (end < sample.size() && sample.is_learned[end] == sample.is_learned[begin]) ++end;
    text += (sample.is_learned[begin] != 0 ? "learned " : "given   ") + range_text(begin, end) + "  " +
            text_of(tokenizer, sample.ids.subspan(begin, end - begin)) + "\n";
    begin = end;
  }
  for (const MaskedBlock& block : blocks) text += block_text(tokenizer, sample, block);
  return text;
}

}  // namespace wedlm::train
