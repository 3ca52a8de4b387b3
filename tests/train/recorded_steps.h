// What ../shared/data/training/steps.json records of the released fine-tuning code: batches, losses, gradients.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/data.h"
#include "wedlm/base/json.h"
#include "wedlm/train/rows/dual_stream.h"

namespace wedlm::train {

inline std::vector<std::int64_t> integers(const Json& list) {
  std::vector<std::int64_t> values;
  for (const Json& value : list.as_array()) values.push_back(value.as_integer());
  return values;
}

/// The cases; skips the test and gives none where there is no such data.
inline Json::Array recorded_steps() {
  const auto path = shared_data("training/steps.json");
  if (!path) return {};
  return parse_json(read_text(*path), path->string()).at("cases").as_array();
}

inline std::string name_of(const Json& recorded) {
  return recorded.at("checkpoint").as_string() + ", block " + std::to_string(recorded.at("block_size").as_integer());
}

/// The samples of a case, and the blocks with the masks that were drawn.
struct RecordedBatch {
  std::vector<Sample> samples{};
  std::vector<std::vector<MaskedBlock>> blocks{};

  std::vector<SampleView> views() const {
    std::vector<SampleView> views;
    for (const Sample& sample : samples) views.push_back(sample.view());
    return views;
  }
};

inline RecordedBatch recorded_batch(const Json& recorded) {
  const auto ids = integers(recorded.at("input_ids")), labels = integers(recorded.at("labels"));
  const auto ends = integers(recorded.at("cum_seqlens")), positions = integers(recorded.at("positions"));
  const auto masked = integers(recorded.at("masked"));
  const auto block_size = recorded.at("block_size").as_integer();
  RecordedBatch batch;
  for (std::size_t s = 0; s + 1 < ends.size(); ++s) {
    Sample& sample = batch.samples.emplace_back();
    for (std::int64_t i = ends[s]; i < ends[s + 1]; ++i) {
      sample.append(std::vector<TokenId>{static_cast<TokenId>(ids[static_cast<std::size_t>(i)])},
                    labels[static_cast<std::size_t>(i)] >= 0);
    }
    auto& blocks = batch.blocks.emplace_back();
    const std::int64_t length = ends[s + 1] - ends[s];
    for (std::int64_t begin = 0; begin < length; begin += block_size) {
      const std::int64_t end = std::min(begin + block_size, length);
      MaskedBlock block{.begin = static_cast<std::size_t>(begin), .end = static_cast<std::size_t>(end)};
      for (std::int64_t i = begin; i < end; ++i) {
        const auto row = static_cast<std::size_t>(2 * ends[s] + length + i);
        if (masked[row] == 0) continue;
        block.masked.push_back(static_cast<std::size_t>(positions[row]));
        block.ratio = recorded.at("mask_ratio").as_array()[row].as_number();
      }
      std::ranges::sort(block.masked);
      blocks.push_back(block);
    }
  }
  return batch;
}

}  // namespace wedlm::train
