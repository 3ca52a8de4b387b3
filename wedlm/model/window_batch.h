// A batch of one window, for whoever runs a model without an engine: to time it, to compare its logits.
#pragma once

#include <cstdint>
#include <vector>

#include "wedlm/model/batch.h"

namespace wedlm {

/// These tokens at the positions that follow `prefix_length` tokens in the pages 0, 1, ... of `block_size` slots. Every
/// row is predicted and none is stored.
Batch window_batch(std::vector<TokenId> token_ids, std::int64_t prefix_length, std::int64_t block_size);

}  // namespace wedlm
