// K/V pages for tests, filled on the host and by a backend; and the predictions of a backend.
#pragma once

#include <span>
#include <vector>

#include "tests/backend/op_data.h"

namespace wedlm {

struct PageCounts {
  std::int64_t num_pages = 1;
  std::int64_t num_kv_heads = 1;
  std::int64_t page_size = 1;
};

/// Pages on the host, and the rows that were stored in them, as that left them.
struct StoredPages {
  OwnedTensor keys;
  OwnedTensor values;
  std::int64_t page_size;
  std::int64_t head_dim;
  OwnedTensor key_rows{DType::kF32, {0, 0, 0}};
  OwnedTensor value_rows{DType::kF32, {0, 0, 0}};

  KvPages pages() const { return {keys.tensor(), values.tensor(), page_size, head_dim}; }
  /// A copy in a backend's memory.
  KvPages pages(OnBackend& on) const { return {on(keys), on(values), page_size, head_dim}; }
};

inline Shape page_shape(DType type, const PageCounts& counts, std::int64_t head_dim) {
  return {counts.num_pages, counts.num_kv_heads, KvPages::stretch_elements(type, counts.page_size, head_dim)};
}

/// Of zeros.
inline StoredPages no_pages(DType type, const PageCounts& counts, std::int64_t head_dim) {
  const Shape shape = page_shape(type, counts, head_dim);
  return {OwnedTensor(type, shape), OwnedTensor(type, shape), counts.page_size, head_dim};
}

inline StoredPages random_pages(OpData& data, DType type, const PageCounts& counts, std::int64_t head_dim) {
  const Shape shape = page_shape(type, counts, head_dim);
  return {data.of(type, shape), data.of(type, shape), counts.page_size, head_dim};
}

/// What store_kv() makes of pages and rows.
inline StoredPages store(Backend& backend, const OwnedTensor& keys, const OwnedTensor& values,
                         std::span<const std::int32_t> slots, const StoredPages& before) {
  OnBackend on(backend);
  const Tensor key_rows = on(keys), value_rows = on(values);
  const KvPages pages = before.pages(on);
  backend.store_kv(*backend.begin({.slots = slots}), key_rows, value_rows, pages);
  return {.keys = on.read(pages.keys),
          .values = on.read(pages.values),
          .page_size = before.page_size,
          .head_dim = before.head_dim,
          .key_rows = on.read(key_rows),
          .value_rows = on.read(value_rows)};
}

/// What predict() says of rows on the host; `logits`, where it is not null, becomes theirs.
inline std::vector<Prediction> predict(Backend& backend, const OwnedTensor& hidden, const PackedWeight& head,
                                       std::span<const SamplingRow> sampling, OwnedTensor* logits = nullptr) {
  OnBackend on(backend);
  std::vector<Prediction> predictions(sampling.size());
  const Tensor wanted = logits == nullptr ? Tensor() : on(*logits);
  const std::unique_ptr<Forward> forward = backend.begin({.sampling = sampling});
  backend.predict(*forward, {.hidden = on(hidden), .head = &head, .logits = wanted});
  backend.read_predictions(*forward, predictions);
  if (logits != nullptr) *logits = on.read(wanted);
  return predictions;
}

}  // namespace wedlm
