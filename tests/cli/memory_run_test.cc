// What a command holds in memory at its worst moment, beside what a small model takes.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/cli/large_checkpoint.h"
#include "tests/cli/run_wedlm.h"
#include "tests/support/sanitized.h"
#include "wedlm/model/model_config.h"
#include "wedlm/model/weight_list.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMB = 1'000'000;

/// Bytes at the worst moment of an answer. What the machine gives is measured once, and kept in `caches`.
std::int64_t peak_of(const fs::path& model, const std::string& weights, const fs::path& caches) {
  const Finished run = run_wedlm({"generate", "--model", model.string(), "-p", "Hi", "-n", "4", "-q", "--ignore-eos",
                                  "--mode", "autoregressive", "--weights", weights, "--cache-size", "8M"},
                                 {}, {"XDG_CACHE_HOME=" + caches.string()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  return run.peak_bytes;
}

TEST(MemoryRunTest, AModelIsNotHeldTwiceWhileItIsLoaded) {
#ifdef WEDLM_IS_SANITIZED
  GTEST_SKIP() << "a sanitizer takes memory of its own";
#endif
  const TemporaryFolder folder, caches;
  peak_of(nano_model(), "bf16", caches.path());
  // The embeddings are the head, too, and most of it: 134 of 176 MB.
  const ModelConfig config = write_large_checkpoint(folder.path(), {.num_layers = 2, .vocab_size = 65536});
  for (const char* file : {"tokenizer.json", "tokenizer_config.json"}) {
    fs::copy(nano_model() / file, folder.path() / file);
  }
  const auto file_bytes = static_cast<std::int64_t>(fs::file_size(folder.path() / "model.safetensors"));
  ASSERT_GT(file_bytes, 150 * kMB);
  for (const WeightType type : {WeightType::kBF16, WeightType::kInt8, WeightType::kInt4}) {
    const std::string weights(weight_type_name(type));
    const std::int64_t bytes = matrix_bytes(config, formats_with(type), DType::kBF16);
    const std::int64_t more =
        peak_of(folder.path(), weights, caches.path()) - peak_of(nano_model(), weights, caches.path());
    EXPECT_LT(more, bytes + 60 * kMB) << weights << ": the weights take " << bytes;
    EXPECT_GT(more, bytes - 20 * kMB) << weights;
  }
}

}  // namespace
}  // namespace wedlm
