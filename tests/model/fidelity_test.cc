// The figures of a comparison against numbers worked out by hand, with models that are tables: what comes next depends
// on the last token alone, and its probabilities are powers of two.
#include "wedlm/model/fidelity.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "wedlm/backend/make_backend.h"
#include "wedlm/base/error.h"

namespace wedlm {
namespace {

/// Entry [token][next] is -log2 of the probability that `next` follows `token`.
using Bits = std::vector<std::vector<double>>;

ModelConfig config_of(const Bits& table) {
  const auto size = static_cast<std::int64_t>(table.size());
  return {.vocab_size = size,
          .hidden_size = size,
          .intermediate_size = 2,
          .num_hidden_layers = 1,
          .num_attention_heads = 1,
          .num_key_value_heads = 1,
          .head_dim = 2,
          .max_position_embeddings = 64,
          .rms_norm_eps = 1e-12,
          .rope = {.theta = 1e4}};
}

/// The layer adds nothing, a token's embedding is the unit vector of its number, and the head holds the table.
class TableWeights final : public WeightSource {
 public:
  explicit TableWeights(const Bits& table) : table_(table) {}

  HostWeight weight(std::string_view name) const override {
    for (const WeightSpec& spec : weight_list(config_of(table_))) {
      if (spec.name == name) return filled(spec);
    }
    throw InternalError("no weight " + std::string(name));
  }
  std::size_t total_bytes() const override { return 1; }

 private:
  HostWeight filled(const WeightSpec& spec) const {
    const auto count = static_cast<std::size_t>(spec.shape.num_elements());
    HostWeight weight;
    weight.memory = allocate_host(count * sizeof(float));
    auto* values = static_cast<float*>(weight.memory.data());
    weight.tensor = ConstTensor(values, DType::kF32, spec.shape);
    std::fill_n(values, count, 0.0F);
    const std::size_t size = table_.size();
    for (std::size_t token = 0; token < size; ++token) {
      if (spec.name == "model.embed_tokens.weight") values[token * size + token] = 1;
      // The root mean square of a unit vector is this, so that the norm gives the vector back.
      if (spec.name == "model.norm.weight") values[token] = 1 / std::sqrt(static_cast<float>(size));
      if (spec.name != "lm_head.weight") continue;
      for (std::size_t next = 0; next < size; ++next) {
        // A constant in all logits of a row changes no probability; this one is beyond the exponential of a double.
        const double logit = (token == 1 ? 1000 : 0) - table_[token][next] * std::numbers::ln2;
        values[next * size + token] = static_cast<float>(logit);
      }
    }
    return weight;
  }

  const Bits& table_;
};

class TableModel {
 public:
  explicit TableModel(const Bits& table) : transformer_(TableWeights(table), config_of(table), *backend_) {}

  operator const Transformer&() const { return transformer_; }  // NOLINT: is one

 private:
  std::unique_ptr<Backend> backend_ = make_backend({.name = "reference"});
  Transformer transformer_;
};

const Bits kTruth = {{1, 2, 3, 3}, {1, 2, 3, 3}, {3, 3, 2, 1}, {1, 2, 3, 3}};
const Bits kTested = {{3, 1, 2, 3}, {1, 3, 2, 3}, {3, 3, 2, 1}, {2, 1, 3, 3}};
// What a row adds. The most likely next token differs after 0 and 3. The divergence, the sum of p * (tested - true)
// bits, is 2/2 - 1/4 - 1/8 = 5/8 after 0 (the other way round it would be 1/2), 1/4 - 1/8 = 1/8 after 1, 0 after 2,
// and 1/2 - 1/4 = 1/4 after 3.
constexpr double kNear = 1e-4;  // float32 logits of about 1000

TEST(FidelityTest, EachPieceIsReadFromItsOwnBeginning) {
  const TableModel truth(kTruth), tested(kTested);
  const std::vector<TokenId> text = {0, 1, 2, 3, 0, 2, 3};
  const Fidelity fidelity = compare_predictions(truth, tested, text, 4);
  // 0 1 2 3 and 0 2 3: after the 3 that ends a piece nothing is compared.
  EXPECT_EQ(fidelity.num_positions, 5);
  EXPECT_DOUBLE_EQ(fidelity.agreement, 3.0 / 5);
  EXPECT_NEAR(fidelity.kl_divergence, (5.0 / 8 + 1.0 / 8 + 0 + 5.0 / 8 + 0) / 5 * std::numbers::ln2, kNear);
  EXPECT_NEAR(fidelity.true_perplexity, std::exp2((2 + 3 + 1 + 3 + 1) / 5.0), kNear);
  EXPECT_NEAR(fidelity.tested_perplexity, std::exp2((1 + 2 + 1 + 2 + 1) / 5.0), kNear);
}

TEST(FidelityTest, OnePieceHasEveryTokenButTheLast) {
  const TableModel truth(kTruth), tested(kTested);
  const std::vector<TokenId> text = {0, 1, 2, 3, 0, 2, 3};
  const Fidelity fidelity = compare_predictions(truth, tested, text, 256);
  EXPECT_EQ(fidelity.num_positions, 6);
  EXPECT_DOUBLE_EQ(fidelity.agreement, 3.0 / 6);
  EXPECT_NEAR(fidelity.kl_divergence, (5.0 / 8 + 1.0 / 8 + 0 + 1.0 / 4 + 5.0 / 8 + 0) / 6 * std::numbers::ln2, kNear);
  EXPECT_NEAR(fidelity.true_perplexity, std::exp2((2 + 3 + 1 + 1 + 3 + 1) / 6.0), kNear);
  EXPECT_NEAR(fidelity.tested_perplexity, std::exp2((1 + 2 + 1 + 2 + 2 + 1) / 6.0), kNear);
}

TEST(FidelityTest, ATokenAloneInTheLastPieceIsLeftOut) {
  const TableModel truth(kTruth), tested(kTested);
  EXPECT_EQ(compare_predictions(truth, tested, std::vector<TokenId>{0, 1, 2, 3, 0}, 4).num_positions, 3);
}

TEST(FidelityTest, AModelIsNotFarFromItself) {
  const TableModel model(kTested);
  const Fidelity fidelity = compare_predictions(model, model, std::vector<TokenId>{3, 2, 1, 0}, 4);
  EXPECT_EQ(fidelity.agreement, 1);
  EXPECT_EQ(fidelity.kl_divergence, 0);
  EXPECT_EQ(fidelity.true_perplexity, fidelity.tested_perplexity);
}

TEST(FidelityTest, RefusesWhatCannotBeCompared) {
  const TableModel model(kTruth), smaller(Bits{{1, 1}, {1, 1}});
  EXPECT_THROW(compare_predictions(model, model, std::vector<TokenId>{}, 4), InvalidInput);
  EXPECT_THROW(compare_predictions(model, model, std::vector<TokenId>{2}, 4), InvalidInput);
  EXPECT_THROW(compare_predictions(model, smaller, std::vector<TokenId>{0, 1}, 4), InternalError);
}

TEST(FidelityTest, RefusesModelsWhoseLogitsAreNoNumbers) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  const TableModel model(kTruth), broken(Bits(4, std::vector<double>(4, kNaN)));
  const std::vector<TokenId> text = {0, 1, 2, 3};
  EXPECT_THROW(compare_predictions(model, broken, text, 4), InvalidInput);
  EXPECT_THROW(compare_predictions(broken, model, text, 4), InvalidInput);
  EXPECT_THROW(compare_predictions(broken, broken, text, 4), InvalidInput) << "they would agree";
}

}  // namespace
}  // namespace wedlm
