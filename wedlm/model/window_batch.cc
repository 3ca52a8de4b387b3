#include "wedlm/model/window_batch.h"

#include <numeric>
#include <utility>

namespace wedlm {
namespace {

std::vector<std::int32_t> counted_from(std::int64_t first, std::size_t count) {
  std::vector<std::int32_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), static_cast<std::int32_t>(first));
  return numbers;
}

}  // namespace

Batch window_batch(std::vector<TokenId> token_ids, std::int64_t prefix_length, std::int64_t block_size) {
  const std::size_t count = token_ids.size();
  const auto num_blocks = static_cast<std::size_t>((prefix_length + block_size - 1) / block_size);
  return {.token_ids = std::move(token_ids),
          .positions = counted_from(prefix_length, count),
          .slots = std::vector<std::int32_t>(count, -1),
          .segments = {{.num_rows = static_cast<std::int64_t>(count),
                        .prefix_length = prefix_length,
                        .block_table = counted_from(0, num_blocks)}},
          .prediction_rows = counted_from(0, count),
          .sampling = std::vector<SamplingRow>(count)};
}

}  // namespace wedlm
