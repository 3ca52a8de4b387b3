#include "wedlm/model/activations.h"

#include <gtest/gtest.h>

#include "wedlm/backend/make_backend.h"
#include "wedlm/base/error.h"

namespace wedlm {
namespace {

const ModelConfig kConfig = {.vocab_size = 11,
                             .hidden_size = 6,
                             .intermediate_size = 10,
                             .num_hidden_layers = 1,
                             .num_attention_heads = 3,
                             .num_key_value_heads = 1,
                             .head_dim = 4};

TEST(ActivationsTest, TensorsStandSideBySideInTheMemory) {
  const auto backend = make_backend({.name = "reference"});
  const Activations activations(*backend, kConfig, {.rows = 5, .predictions = 2});
  for (const std::int64_t rows : {5, 1}) {
    const ActivationTensors tensors = activations.tensors(rows, 2);
    const Tensor all[] = {tensors.hidden,   tensors.normed,  tensors.branch,    tensors.angles,    tensors.qkv,
                          tensors.attended, tensors.gate_up, tensors.activated, tensors.predicting};
    const std::int64_t widths[] = {6, 6, 6, 4, (3 + 2) * 4, 3 * 4, 2 * 10, 10, 6};
    const auto* end = static_cast<const std::byte*>(tensors.hidden.data());
    for (std::size_t i = 0; i < std::size(all); ++i) {
      EXPECT_EQ(all[i].shape(), (Shape{i == 8 ? 2 : rows, widths[i]})) << i;
      const auto* begin = static_cast<const std::byte*>(all[i].data());
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(begin) % 64, 0U) << i;
      EXPECT_GE(begin, end) << i;
      end = begin + static_cast<std::size_t>(all[i].shape().num_elements()) * sizeof(float);
    }
    const auto used = static_cast<std::size_t>(end - static_cast<const std::byte*>(tensors.hidden.data()));
    EXPECT_LE(used, Activations::bytes(kConfig, {.rows = rows, .predictions = 2}));
  }
}

TEST(ActivationsTest, TheyDoNotGrow) {
  const auto backend = make_backend({.name = "reference"});
  const Activations activations(*backend, kConfig, {.rows = 5, .predictions = 2});
  EXPECT_THROW(activations.tensors(6, 2), InternalError);
  EXPECT_THROW(activations.tensors(5, 3), InternalError);
}

}  // namespace
}  // namespace wedlm
