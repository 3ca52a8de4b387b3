// Matrix products at the shapes of real models, beside the bandwidth that a plain read of memory reaches in the same
// run: few rows should read weights at nearly that speed, many rows should come near the peak of the multipliers.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "wedlm/backend/backend.h"
#include "wedlm/base/thread_team.h"

namespace wedlm {
namespace {

/// Sums `words` on all threads: what memory gives to code that does nothing else.
void read_memory(benchmark::State& state) {
  const std::vector<std::uint64_t> words(std::size_t{48} << 20, 1);  // 384 MiB, beyond every cache
  ThreadTeam team(0);
  constexpr std::size_t kWordsPerTask = std::size_t{1} << 16;
  std::vector<std::uint64_t> sums(words.size() / kWordsPerTask);
  for (auto _ : state) {
    team.run(static_cast<std::int64_t>(sums.size()), [&](std::int64_t task, int) {
      const auto first = words.begin() + task * static_cast<std::ptrdiff_t>(kWordsPerTask);
      sums[static_cast<std::size_t>(task)] =
          std::accumulate(first, first + static_cast<std::ptrdiff_t>(kWordsPerTask), std::uint64_t{0});
    });
    benchmark::DoNotOptimize(sums.data());
  }
  const double bytes = static_cast<double>(words.size()) * sizeof(std::uint64_t);
  state.counters["GB/s"] = benchmark::Counter(bytes * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

/// Arguments: out_features, in_features, rows, copies of the weight that take turns, so that none is found in a cache.
void multiply(benchmark::State& state, DType dtype) {
  const std::int64_t out_features = state.range(0);
  const std::int64_t in_features = state.range(1);
  const std::int64_t rows = state.range(2);
  const auto backend = make_backend({.name = "cpu"});
  const std::vector<std::byte> zeros(static_cast<std::size_t>(out_features * in_features) * dtype_bytes(dtype));
  const ConstTensor part(zeros.data(), dtype, {out_features, in_features});
  std::vector<std::unique_ptr<PackedWeight>> weights;
  for (std::int64_t i = 0; i < state.range(3); ++i) weights.push_back(backend->pack({&part, 1}));
  std::vector<float> x(static_cast<std::size_t>(rows * in_features), 1);
  std::vector<float> out(static_cast<std::size_t>(rows * out_features));
  const Tensor x_tensor(x.data(), DType::kF32, {rows, in_features});
  const Tensor out_tensor(out.data(), DType::kF32, {rows, out_features});
  for (auto _ : state) {
    for (const auto& weight : weights) backend->linear(x_tensor, *weight, {}, out_tensor);
  }
  const auto num_weights = static_cast<double>(weights.size());
  state.counters["GB/s"] = benchmark::Counter(static_cast<double>(weights[0]->bytes()) * num_weights * 1e-9,
                                              benchmark::Counter::kIsIterationInvariantRate);
  state.counters["GFLOP/s"] =
      benchmark::Counter(2e-9 * static_cast<double>(rows * out_features * in_features) * num_weights,
                         benchmark::Counter::kIsIterationInvariantRate);
  state.SetLabel(backend->description());
}

void shapes(benchmark::internal::Benchmark* benchmark) {
  for (const std::int64_t rows : {1, 2, 4, 8, 16, 32, 64, 512}) {
    benchmark->Args({3072, 1024, rows, rows > 64 ? 4 : 32});  // gate or up projection of Qwen3-0.6B
  }
  for (const std::int64_t rows : {1, 16, 512}) benchmark->Args({1024, 3072, rows, rows > 64 ? 4 : 32});  // down
  for (const std::int64_t rows : {1, 4, 16, 32}) benchmark->Args({151936, 1024, rows, 1});               // the head
  benchmark->ArgNames({"out", "in", "rows", "weights"})->UseRealTime()->Unit(benchmark::kMillisecond)->MinTime(0.3);
}

BENCHMARK(read_memory)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(multiply, bf16, DType::kBF16)->Apply(shapes);
BENCHMARK_CAPTURE(multiply, f32, DType::kF32)->Apply(shapes);

/// Arguments: rows, tokens in pages. Heads of Qwen3-0.6B.
void attend(benchmark::State& state) {
  constexpr std::int64_t kHeads = 16, kKvHeads = 8, kHeadDim = 128, kBlockSize = 16;
  const std::int64_t rows = state.range(0);
  const std::int64_t prefix = state.range(1);
  const auto backend = make_backend({.name = "cpu"});
  std::vector<float> page_data(static_cast<std::size_t>(2 * prefix * kKvHeads * kHeadDim), 0.5F);
  std::vector<float> batch(static_cast<std::size_t>(rows * (2 * kHeads + 2 * kKvHeads) * kHeadDim), 0.5F);
  std::vector<std::int32_t> block_table(static_cast<std::size_t>(prefix / kBlockSize));
  std::iota(block_table.begin(), block_table.end(), 0);
  const Shape page_shape{prefix, kKvHeads, kHeadDim};
  const Shape q_shape{rows, kHeads, kHeadDim};
  const Shape kv_shape{rows, kKvHeads, kHeadDim};
  float* q = batch.data();
  float* k = q + q_shape.num_elements();
  float* v = k + kv_shape.num_elements();
  const AttentionSegment segment{
      .first_row = 0, .num_rows = rows, .prefix_length = prefix, .block_table = block_table.data()};
  const AttentionArgs args{
      .queries = Tensor(q, DType::kF32, q_shape),
      .keys = Tensor(k, DType::kF32, kv_shape),
      .values = Tensor(v, DType::kF32, kv_shape),
      .pages = {.keys = Tensor(page_data.data(), DType::kF32, page_shape),
                .values = Tensor(page_data.data() + page_shape.num_elements(), DType::kF32, page_shape)},
      .block_size = kBlockSize,
      .segments = {&segment, 1},
      .scale = 0.1F,
      .out = Tensor(v + kv_shape.num_elements(), DType::kF32, q_shape)};
  for (auto _ : state) backend->attention(args);
  const double keys = static_cast<double>(rows) * (static_cast<double>(prefix) + 0.5 * static_cast<double>(rows));
  state.counters["GFLOP/s"] =
      benchmark::Counter(4e-9 * keys * kHeads * kHeadDim, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["GB/s"] = benchmark::Counter(8e-9 * static_cast<double>(prefix * kKvHeads * kHeadDim),
                                              benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(attend)
    ->Args({1, 512})
    ->Args({1, 4096})
    ->Args({16, 512})
    ->Args({16, 4096})
    ->Args({512, 0})
    ->Args({512, 4096})
    ->ArgNames({"rows", "prefix"})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

/// Argument: rows. A head that costs nothing, so that entropy and sampling are what is seen.
void predict(benchmark::State& state, SamplingRow sampling) {
  constexpr std::int64_t kVocabSize = 151936;
  const std::int64_t rows = state.range(0);
  const auto backend = make_backend({.name = "cpu"});
  std::vector<float> weight(kVocabSize);
  for (std::size_t v = 0; v < weight.size(); ++v) weight[v] = static_cast<float>((v * 7919) % 10007) * 1e-3F;
  const ConstTensor part(weight.data(), DType::kF32, {kVocabSize, 1});
  const auto head = backend->pack({&part, 1});
  std::vector<float> hidden(static_cast<std::size_t>(rows), 1);
  const std::vector<SamplingRow> samplings(static_cast<std::size_t>(rows), sampling);
  std::vector<Prediction> predictions(static_cast<std::size_t>(rows));
  for (auto _ : state) {
    backend->predict({.hidden = Tensor(hidden.data(), DType::kF32, {rows, 1}),
                      .head = head.get(),
                      .sampling = samplings,
                      .predictions = predictions});
  }
}
BENCHMARK_CAPTURE(predict, greedy, SamplingRow{})->Arg(1)->Arg(16)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(predict, temperature, SamplingRow{.temperature = 0.7F})
    ->Arg(16)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(predict, top_p, SamplingRow{.temperature = 0.7F, .top_p = 0.95F})
    ->Arg(16)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(predict, top_k, SamplingRow{.temperature = 0.7F, .top_k = 50})
    ->Arg(16)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace wedlm

BENCHMARK_MAIN();
