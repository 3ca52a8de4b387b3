// One random sequence for attention, which can be laid out as pages and rows in many ways: any part of it may be a
// prefix in scattered pages, and the rest rows of a batch.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "tests/backend/page_data.h"
#include "wedlm/backend/reference/reference_backend.h"

namespace wedlm {

inline constexpr DType kPageTypes[] = {DType::kF32, DType::kBF16, DType::kI8};

struct HeadShape {
  std::int64_t num_heads;
  std::int64_t num_kv_heads;
  std::int64_t head_dim;
};

/// How many tokens of a sequence are in pages, and how many of those after them are rows.
struct Part {
  std::int64_t prefix_length;
  std::int64_t num_rows;
};

class AttentionSequence {
 public:
  AttentionSequence(OpData& data, HeadShape heads, std::int64_t length)
      : queries(data.f32({length, heads.num_heads, heads.head_dim})),
        keys(data.f32({length, heads.num_kv_heads, heads.head_dim})),
        values(data.f32({length, heads.num_kv_heads, heads.head_dim})) {}

  OwnedTensor queries;  // of every token
  OwnedTensor keys;
  OwnedTensor values;
};

/// Runs attention over the given part of each sequence, all in one batch, with pages of `page_type`. Returns the rows
/// one after the other.
inline std::vector<float> attend(Backend& backend, OpData& data, const HeadShape& heads,
                                 const std::vector<const AttentionSequence*>& sequences, const std::vector<Part>& parts,
                                 std::int64_t page_size, DType page_type = DType::kF32) {
  const auto pages_of = [&](const Part& part) { return (part.prefix_length + page_size - 1) / page_size; };
  std::int64_t num_rows = 0, num_pages = 1;
  for (const Part& part : parts) {
    num_rows += part.num_rows;
    num_pages += pages_of(part);
  }
  std::vector<std::int32_t> page_table(static_cast<std::size_t>(num_pages));
  std::iota(page_table.begin(), page_table.end(), 0);
  std::shuffle(page_table.begin(), page_table.end(), data.engine());

  const std::int64_t kv_elements = heads.num_kv_heads * heads.head_dim, q_elements = heads.num_heads * heads.head_dim;
  const auto reference = make_reference_backend();
  StoredPages stored = random_pages(
      data, page_type, {.num_pages = num_pages, .num_kv_heads = heads.num_kv_heads, .page_size = page_size},
      heads.head_dim);
  // Queries, keys and values are columns of one projection, as in the model.
  const OwnedTensor host_qkv = data.f32({num_rows, q_elements + 2 * kv_elements});
  std::vector<AttentionSegment> segments;
  std::int64_t row = 0;
  std::size_t page = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto& [prefix_length, rows] = parts[i];
    const AttentionSequence& sequence = *sequences[i];
    const auto pages = std::span(page_table).subspan(page, static_cast<std::size_t>(pages_of(parts[i])));
    segments.push_back({row, rows, prefix_length, pages});
    std::vector<std::int32_t> slots(static_cast<std::size_t>(sequence.keys.tensor().rows()), -1);
    for (std::int64_t t = 0; t < prefix_length; ++t) {
      const std::int64_t slot = pages[static_cast<std::size_t>(t / page_size)] * page_size + t % page_size;
      slots[static_cast<std::size_t>(t)] = static_cast<std::int32_t>(slot);
    }
    // Whichever backend is asked, the reference says what pages of the numbers hold.
    stored = store(*reference, sequence.keys, sequence.values, slots, stored);
    page += pages.size();
    for (std::int64_t t = prefix_length; t < prefix_length + rows; ++t, ++row) {
      float* to = host_qkv.tensor().row<float>(row);
      std::copy_n(sequence.queries.tensor().row<float>(t), q_elements, to);
      std::copy_n(sequence.keys.tensor().row<float>(t), kv_elements, to + q_elements);
      std::copy_n(sequence.values.tensor().row<float>(t), kv_elements, to + q_elements + kv_elements);
    }
  }
  OnBackend on(backend);
  const Tensor qkv = on(host_qkv), out = on(data.f32({num_rows, heads.num_heads, heads.head_dim}, 3));
  const Tensor keys = qkv.columns(q_elements, kv_elements).split_rows(heads.num_kv_heads);
  const Tensor values = qkv.columns(q_elements + kv_elements, kv_elements).split_rows(heads.num_kv_heads);
  const KvPages pages = stored.pages(on);
  const std::vector<std::int32_t> no_slots(static_cast<std::size_t>(num_rows), -1);
  const std::unique_ptr<Forward> forward = backend.begin({.slots = no_slots, .segments = segments});
  backend.store_kv(*forward, keys, values, pages);  // rounds the batch's rows
  backend.attention(*forward, {.queries = qkv.columns(0, q_elements).split_rows(heads.num_heads),
                               .keys = keys,
                               .values = values,
                               .pages = pages,
                               .scale = 1 / std::sqrt(static_cast<float>(heads.head_dim)),
                               .out = out});
  return on.read(out).values();
}

/// What attend() of one part returns where a level rounds to bfloat16, in doubles: the scaled queries are rounded, what
/// pages hold, and the weights of each chunk of 256 positions, whose largest is 1.
inline std::vector<float> attend_rounded(const HeadShape& heads, const AttentionSequence& sequence, const Part& part,
                                         DType page_type) {
  constexpr std::int64_t kChunk = 256;
  const auto round = [](double x) { return static_cast<double>(bf16_to_f32(f32_to_bf16(static_cast<float>(x)))); };
  const float scale = 1 / std::sqrt(static_cast<float>(heads.head_dim));
  const std::int64_t n = heads.head_dim, group = heads.num_heads / heads.num_kv_heads;
  const std::vector<std::int32_t> no_slots(static_cast<std::size_t>(sequence.keys.tensor().rows()), -1);
  const StoredPages rounded = store(*make_reference_backend(), sequence.keys, sequence.values, no_slots,
                                    no_pages(page_type, {.num_kv_heads = heads.num_kv_heads}, n));
  const OwnedTensor &keys = rounded.key_rows, &values = rounded.value_rows;
  std::vector<float> out;
  for (std::int64_t row = part.prefix_length; row < part.prefix_length + part.num_rows; ++row) {
    for (std::int64_t head = 0; head < heads.num_heads; ++head) {
      const float* query = sequence.queries.tensor().row<float>(row) + head * n;
      const auto numbers = [&](const OwnedTensor& of, std::int64_t t) {
        return of.tensor().row<float>(t) + head / group * n;
      };
      std::vector<double> scores;
      for (std::int64_t t = 0; t <= row; ++t) {
        scores.push_back(0);
        for (std::int64_t d = 0; d < n; ++d) {
          scores.back() +=
              round(static_cast<double>(query[d] * scale)) * round(static_cast<double>(numbers(keys, t)[d]));
        }
      }
      const double max = *std::ranges::max_element(scores);
      double sum = 0;
      std::vector<double> totals(static_cast<std::size_t>(n));
      for (std::int64_t first = 0; first <= row; first += kChunk) {
        const auto begin = scores.begin() + first, end = scores.begin() + std::min(row + 1, first + kChunk);
        const double chunk_max = *std::max_element(begin, end);
        for (auto score = begin; score != end; ++score) {
          const double weight = std::exp(*score - chunk_max), scale_of_chunk = std::exp(chunk_max - max);
          sum += weight * scale_of_chunk;
          const float* value = numbers(values, score - scores.begin());
          for (std::int64_t d = 0; d < n; ++d) {
            totals[static_cast<std::size_t>(d)] +=
                round(weight) * scale_of_chunk * round(static_cast<double>(value[d]));
          }
        }
      }
      for (const double total : totals) out.push_back(static_cast<float>(total / sum));
    }
  }
  return out;
}

}  // namespace wedlm
