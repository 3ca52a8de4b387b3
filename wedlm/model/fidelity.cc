#include "wedlm/model/fidelity.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "wedlm/base/error.h"
#include "wedlm/model/logits.h"
#include "wedlm/model/window_batch.h"

namespace wedlm {
namespace {

/// The next-token logits after each token of a piece, which is read from its own beginning. Throws InvalidInput where
/// one is not finite: it would agree with anything.                                                [tokens, vocab_size]
std::vector<float> next_token_logits(const Transformer& transformer, std::span<const TokenId> piece) {
  constexpr std::int64_t kBlockSize = 1;
  // Nothing is stored: weights are compared, and no pages.
  KvCache cache(transformer.backend(), transformer.config(), 1, kBlockSize, DType::kF32);
  std::vector<float> logits =
      compute_logits(transformer, window_batch({piece.begin(), piece.end()}, 0, kBlockSize), cache).logits;
  if (!std::ranges::all_of(logits, [](float logit) { return std::isfinite(logit); })) {
    throw InvalidInput("comparison over a text: expected finite logits, got NaN or infinity");
  }
  return logits;
}

/// log(sum(exp(logits))).
double log_sum(std::span<const float> logits) {
  const auto max = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - max);
  return max + std::log(sum);
}

/// Sums over the positions seen so far.
struct Sums {
  std::int64_t num_positions = 0;
  std::int64_t num_agreed = 0;
  double kl_divergence = 0;
  double true_surprise = 0;  // -log of the probability of the text's token
  double tested_surprise = 0;

  void add(std::span<const float> truth, std::span<const float> tested, TokenId next) {
    const double true_sum = log_sum(truth);
    const double tested_sum = log_sum(tested);
    const auto i = static_cast<std::size_t>(next);
    ++num_positions;
    const auto true_best = std::max_element(truth.begin(), truth.end()) - truth.begin();
    const auto tested_best = std::max_element(tested.begin(), tested.end()) - tested.begin();
    if (true_best == tested_best) ++num_agreed;
    true_surprise += true_sum - static_cast<double>(truth[i]);
    tested_surprise += tested_sum - static_cast<double>(tested[i]);
    for (std::size_t v = 0; v < truth.size(); ++v) {
      const double true_log = static_cast<double>(truth[v]) - true_sum;
      const double tested_log = static_cast<double>(tested[v]) - tested_sum;
      kl_divergence += std::exp(true_log) * (true_log - tested_log);
    }
  }
};

}  // namespace

Fidelity compare_predictions(const Transformer& truth, const Transformer& tested, std::span<const TokenId> text,
                             std::int64_t piece_length) {
  const auto true_size = static_cast<std::size_t>(truth.config().vocab_size);
  const auto tested_size = static_cast<std::size_t>(tested.config().vocab_size);
  if (true_size > tested_size) {
    throw InternalError("compare_predictions: expected models of one vocabulary, or a larger one of the second");
  }
  if (text.size() < 2) {
    throw InvalidInput("comparison over a text: expected at least 2 tokens, got " + std::to_string(text.size()));
  }
  Sums sums;
  const auto length = static_cast<std::size_t>(std::max<std::int64_t>(2, piece_length));
  for (std::size_t first = 0; first + 1 < text.size(); first += length) {
    const std::span<const TokenId> piece = text.subspan(first, std::min(length, text.size() - first));
    const std::vector<float> true_values = next_token_logits(truth, piece);
    const std::vector<float> tested_values = next_token_logits(tested, piece);
    const std::span<const float> true_logits = true_values, tested_logits = tested_values;
    for (std::size_t i = 0; i + 1 < piece.size(); ++i) {
      sums.add(true_logits.subspan(i * true_size, true_size), tested_logits.subspan(i * tested_size, tested_size),
               piece[i + 1]);
    }
  }
  const auto count = static_cast<double>(sums.num_positions);
  return {.num_positions = sums.num_positions,
          .agreement = static_cast<double>(sums.num_agreed) / count,
          .kl_divergence = sums.kl_divergence / count,
          .true_perplexity = std::exp(sums.true_surprise / count),
          .tested_perplexity = std::exp(sums.tested_surprise / count)};
}

}  // namespace wedlm
