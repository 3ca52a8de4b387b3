#include "wedlm/backend/cpu/predict.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "wedlm/backend/cpu/linear.h"

namespace wedlm {
namespace {

// Tokens of a tile: whole panels at every level. Those of 16 rows are 32 KiB, which the first-level cache holds.
constexpr std::int64_t kTileTokens = 512;

/// Draws from the tile of tokens first, first + 1, ..., whose logits are at most `max`.
void draw_from_tile(const KernelTable& kernels, std::span<const float> logits, TokenId first, float max,
                    const SamplingRow& sampling, DrawnToken& drawn) {
  if (!drawn.may_lose_to(max, sampling)) return;
  const auto offer = [&](std::size_t i) {
    const TokenId token = first + static_cast<TokenId>(i);
    if (token != sampling.banned) drawn.offer({.logit = logits[i], .token = token}, sampling);
  };
  if (drawn.token == kNoToken || std::isinf(drawn.logit) || std::isinf(max)) {
    for (std::size_t i = 0; i < logits.size(); ++i) offer(i);
    return;
  }
  for (std::size_t i = 0; i < logits.size(); i += kDrawTokens) {
    // A token wins with noise of score - logit / temperature, seen from the logit of the one that is to be beaten. The
    // margin is for the kernel's float32, and for the rounding of scores at temperatures near 0.
    const double margin = 1e-3 + 1e-15 * std::abs(drawn.score);
    const double noise = drawn.score - static_cast<double>(drawn.logit) / static_cast<double>(sampling.temperature);
    int found[kDrawTokens];
    const int num_found =
        kernels.find_draws({.logits = logits.data() + i,
                            .size = static_cast<int>(std::min<std::size_t>(kDrawTokens, logits.size() - i)),
                            .first_token = static_cast<std::uint32_t>(first) + static_cast<std::uint32_t>(i),
                            .seed = sampling.seed,
                            .position = static_cast<std::uint64_t>(sampling.position),
                            .origin = drawn.logit,
                            .inverse_temperature = 1 / sampling.temperature,
                            .offset = static_cast<float>(margin - noise)},
                           found);
    for (int j = 0; j < num_found; ++j) offer(i + static_cast<std::size_t>(found[j]));
  }
}

/// Finds out what the logits of tokens first, first + 1, ... say.
RowMoments read_tile(const KernelTable& kernels, std::span<const float> logits, TokenId first,
                     const SamplingRow& sampling, RowFindings& findings) {
  const LogitMoments moments = kernels.logit_moments(logits.data(), static_cast<std::int64_t>(logits.size()));
  // Few tiles hold a logit above all that the thread has seen before.
  if (findings.best.token == kNoToken || !(moments.max < findings.best.logit)) {
    findings.best.offer_all(logits, first, sampling.banned);
  }
  if (sampling.temperature > 0 && !draws_filtered(sampling)) {
    if (findings.drawn.token == kNoToken && findings.best.token != kNoToken)
      findings.drawn.offer(findings.best, sampling);
    draw_from_tile(kernels, logits, first, moments.max, sampling, findings.drawn);
  }
  const std::int64_t scored = std::int64_t{sampling.scored} - first;
  if (scored >= 0 && scored < static_cast<std::int64_t>(logits.size())) {
    findings.scored_logit = logits[static_cast<std::size_t>(scored)];
  }
  return {.max = moments.max, .sum = moments.sum, .weighted_sum = moments.weighted_sum};
}

/// Finds out what the tiles of a whole row say.
RowMoments read_tiles(const KernelTable& kernels, std::span<const float> logits, const SamplingRow& sampling,
                      RowFindings& findings) {
  RowMoments moments;
  const auto vocab_size = static_cast<std::int64_t>(logits.size());
  for (std::int64_t first = 0; first < vocab_size; first += kTileTokens) {
    const auto count = static_cast<std::size_t>(std::min(kTileTokens, vocab_size - first));
    moments.add(read_tile(kernels, logits.subspan(static_cast<std::size_t>(first), count), static_cast<TokenId>(first),
                          sampling, findings));
  }
  return moments;
}

/// Reads the tiles of the head's product as they come.
class OnlinePrediction final : public OutputReader {
 public:
  OnlinePrediction(const KernelTable& kernels, PredictScratch& scratch, std::int64_t vocab_size,
                   std::span<const SamplingRow> sampling, int num_threads)
      : kernels_(kernels), scratch_(scratch), vocab_size_(vocab_size), sampling_(sampling) {
    scratch_.findings.assign(sampling.size() * static_cast<std::size_t>(num_threads), {});
    scratch_.moments.resize(sampling.size() * static_cast<std::size_t>((vocab_size + kTileTokens - 1) / kTileTokens));
  }

  void read(const OutputTile& tile, int thread) override {
    const std::size_t rows = sampling_.size();
    RowFindings* findings = scratch_.findings.data() + static_cast<std::size_t>(thread) * rows;
    RowMoments* moments = scratch_.moments.data() + static_cast<std::size_t>(tile.first_feature / kTileTokens) * rows;
    for (std::size_t r = 0; r < rows; ++r) {
      const float* logits = tile.out + static_cast<std::int64_t>(r) * tile.out_stride;
      moments[r] = read_tile(kernels_, {logits, static_cast<std::size_t>(tile.num_features)},
                             static_cast<TokenId>(tile.first_feature), sampling_[r], findings[r]);
    }
  }

  /// Once all tiles are read.
  Prediction prediction(std::size_t row) const {
    const std::size_t rows = sampling_.size();
    RowMoments moments;
    for (std::size_t i = row; i < scratch_.moments.size(); i += rows) moments.add(scratch_.moments[i]);
    RowFindings findings;
    for (std::size_t i = row; i < scratch_.findings.size(); i += rows) findings.take(scratch_.findings[i]);
    return make_prediction(vocab_size_, moments, sampling_[row], findings);
  }

 private:
  const KernelTable& kernels_;
  PredictScratch& scratch_;
  std::int64_t vocab_size_;
  std::span<const SamplingRow> sampling_;
};

}  // namespace

void cpu_predict_online(const KernelTable& kernels, ThreadTeam& team, PredictScratch& scratch,
                        const ConstTensor& hidden, const CpuWeight& head, std::span<const SamplingRow> sampling,
                        std::span<Prediction> predictions) {
  float* tiles = scratch.logits.floats(team.size() * hidden.rows() * kTileTokens);
  OnlinePrediction online(kernels, scratch, head.out_features(), sampling, team.size());
  cpu_linear_in_tiles(kernels, team, scratch.packed_rows, hidden, head, kTileTokens, tiles, online);
  team.run(hidden.rows(), [&](std::int64_t row, int) {
    predictions[static_cast<std::size_t>(row)] = online.prediction(static_cast<std::size_t>(row));
  });
}

Prediction cpu_read_row(const KernelTable& kernels, std::span<const float> logits, const SamplingRow& sampling) {
  RowFindings findings;
  if (!sampling.adjustments.empty()) {
    const RowMoments moments = read_tiles(kernels, logits, {}, findings);
    return predict_adjusted(logits, moments, sampling, [&](std::span<const float> row, const SamplingRow& rest) {
      return cpu_read_row(kernels, row, rest);
    });
  }
  const RowMoments moments = read_tiles(kernels, logits, sampling, findings);
  if (draws_filtered(sampling) && findings.best.token != kNoToken) {
    findings.drawn = draw(logits, moments, sampling, findings.best);
  }
  Prediction prediction = make_prediction(static_cast<std::int64_t>(logits.size()), moments, sampling, findings);
  add_from_all_logits(logits, moments, sampling, prediction);
  return prediction;
}

}  // namespace wedlm
