// One sample as training sees it, for people: its blocks with their masks, at which positions, and who sees whom.
#pragma once

#include <string>

#include "wedlm/text/tokenizer.h"
#include "wedlm/train/data/sample.h"
#include "wedlm/train/rows/dual_stream.h"

namespace wedlm::train {

/// Several lines. A token is shown as it reads, with quotes; masks as [M].
std::string example_text(const Tokenizer& tokenizer, const SampleView& sample, std::span<const MaskedBlock> blocks);

}  // namespace wedlm::train
