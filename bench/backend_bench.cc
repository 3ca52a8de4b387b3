// The ops of the CPU backend at the shapes of real models, each beside what the machine can do at most: few rows should
// read weights at nearly the speed of memory, many rows should come near the peak of the multipliers. The counters "of
// memory" and "of peak" are shares of the two, which CpuPeaks measures before the first benchmark; what a cache holds
// can be above the whole.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "wedlm/backend/cpu_peaks.h"
#include "wedlm/backend/make_backend.h"

namespace wedlm {
namespace {

double median_of_nine(const std::function<double()>& measure) {
  std::vector<double> values(9);
  std::ranges::generate(values, measure);
  std::ranges::sort(values);
  return values[4];
}

/// Of memory, in GB/s.
double read_rate() {
  static const double kRate = [] {
    CpuPeaks peaks({});
    return median_of_nine([&peaks] { return peaks.read_gb_per_s(); });
  }();
  return kRate;
}

/// Of weights of this type, in TFLOP/s.
double multiply_rate(WeightType type) {
  static std::map<WeightType, double> rates;
  const auto found = rates.find(type);
  if (found != rates.end()) return found->second;
  CpuPeaks peaks({});
  return rates[type] = median_of_nine([&] { return peaks.multiply_tflops(type); });
}

/// What one iteration reads of memory and multiplies; 0 where that is not the point.
void count(benchmark::State& state, double bytes, double multiply_adds, WeightType type = WeightType::kStored) {
  const auto set = [&state](const char* name, double value) {
    state.counters[name] = benchmark::Counter(value, benchmark::Counter::kIsIterationInvariantRate);
  };
  if (bytes > 0) {
    set("GB/s", bytes * 1e-9);
    set("of memory", bytes * 1e-9 / read_rate());
  }
  if (multiply_adds > 0) {
    set("GFLOP/s", 2e-9 * multiply_adds);
    set("of peak", 2e-12 * multiply_adds / multiply_rate(type));
  }
}

/// The two peaks themselves, as they are while the benchmarks run.
void read_memory(benchmark::State& state) {
  CpuPeaks peaks({});
  for (auto _ : state) benchmark::DoNotOptimize(peaks.read_gb_per_s());
  count(state, static_cast<double>(CpuPeaks::kReadBytes), 0);
}
BENCHMARK(read_memory)->UseRealTime()->Unit(benchmark::kMillisecond);

void multiply_registers(benchmark::State& state, WeightType type) {
  CpuPeaks peaks({});
  double tflops = 0;
  for (auto _ : state) tflops += peaks.multiply_tflops(type);
  state.counters["GFLOP/s"] = 1000 * tflops / static_cast<double>(state.iterations());
  state.counters["of peak"] = tflops / static_cast<double>(state.iterations()) / multiply_rate(type);
  state.SetLabel(std::string(peaks.multiplier(type)));
}
BENCHMARK_CAPTURE(multiply_registers, stored, WeightType::kStored)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(multiply_registers, int8, WeightType::kInt8)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(multiply_registers, int4, WeightType::kInt4)->UseRealTime()->Unit(benchmark::kMillisecond);

/// Arguments: out_features, in_features, rows, copies of the weight that take turns, so that none is found in a cache.
void multiply(benchmark::State& state, DType dtype, const WeightFormat& format = {}) {
  const std::int64_t out_features = state.range(0);
  const std::int64_t in_features = state.range(1);
  const std::int64_t rows = state.range(2);
  const auto backend = make_backend({.name = "cpu"});
  const std::vector<std::byte> zeros(static_cast<std::size_t>(out_features * in_features) * dtype_bytes(dtype));
  const ConstTensor part(zeros.data(), dtype, {out_features, in_features});
  std::vector<std::unique_ptr<PackedWeight>> weights;
  for (std::int64_t i = 0; i < state.range(3); ++i) weights.push_back(backend->pack({&part, 1}, format));
  std::vector<float> x(static_cast<std::size_t>(rows * in_features), 1);
  std::vector<float> out(static_cast<std::size_t>(rows * out_features));
  const Tensor x_tensor(x.data(), DType::kF32, {rows, in_features});
  const Tensor out_tensor(out.data(), DType::kF32, {rows, out_features});
  for (auto _ : state) {
    for (const auto& weight : weights) backend->linear(x_tensor, *weight, {}, out_tensor);
  }
  const auto num_weights = static_cast<double>(weights.size());
  count(state, static_cast<double>(weights[0]->bytes()) * num_weights,
        static_cast<double>(rows * out_features * in_features) * num_weights, format.type);
  state.SetLabel(backend->description());
}

void shapes(benchmark::internal::Benchmark* benchmark) {
  for (const std::int64_t rows : {1, 2, 4, 8, 16, 32, 64, 512}) {
    benchmark->Args({3072, 1024, rows, rows > 64 ? 4 : 32});  // gate or up projection of Qwen3-0.6B
  }
  for (const std::int64_t rows : {1, 16, 512}) benchmark->Args({1024, 3072, rows, rows > 64 ? 4 : 32});  // down
  for (const std::int64_t rows : {1, 4, 16, 32}) benchmark->Args({151936, 1024, rows, 1});               // the head
  for (const std::int64_t rows : {1, 4, 8, 16, 32, 64})
    benchmark->Args({1024, 1024, rows, 1});  // in the nearest caches
  benchmark->ArgNames({"out", "in", "rows", "weights"})->UseRealTime()->Unit(benchmark::kMillisecond)->MinTime(0.3);
}

BENCHMARK_CAPTURE(multiply, bf16, DType::kBF16)->Apply(shapes);
BENCHMARK_CAPTURE(multiply, f32, DType::kF32)->Apply(shapes);
BENCHMARK_CAPTURE(multiply, int8, DType::kBF16, WeightFormat{.type = WeightType::kInt8})->Apply(shapes);
BENCHMARK_CAPTURE(multiply, int4, DType::kBF16, WeightFormat{.type = WeightType::kInt4})->Apply(shapes);

/// Arguments: rows, tokens in pages. Heads of Qwen3-0.6B.
void attend(benchmark::State& state, DType page_type) {
  constexpr std::int64_t kHeads = 16, kKvHeads = 8, kHeadDim = 128, kPageSize = 16;
  const std::int64_t rows = state.range(0);
  const std::int64_t prefix = state.range(1);
  const auto backend = make_backend({.name = "cpu"});
  const Shape page_shape{prefix / kPageSize, kKvHeads, KvPages::stretch_elements(page_type, kPageSize, kHeadDim)};
  const auto page_bytes = static_cast<std::size_t>(page_shape.num_elements()) * dtype_bytes(page_type);
  const Buffer page_data = backend->allocate(2 * page_bytes);
  std::memset(page_data.data(), 0, 2 * page_bytes);
  std::vector<float> batch(static_cast<std::size_t>(rows * (2 * kHeads + 2 * kKvHeads) * kHeadDim), 0.5F);
  std::vector<std::int32_t> page_table(static_cast<std::size_t>(prefix / kPageSize));
  std::iota(page_table.begin(), page_table.end(), 0);
  const Shape q_shape{rows, kHeads, kHeadDim};
  const Shape kv_shape{rows, kKvHeads, kHeadDim};
  float* q = batch.data();
  float* k = q + q_shape.num_elements();
  float* v = k + kv_shape.num_elements();
  const AttentionSegment segment{.num_rows = rows, .prefix_length = prefix, .page_table = page_table};
  const AttentionArgs args{
      .queries = Tensor(q, DType::kF32, q_shape),
      .keys = Tensor(k, DType::kF32, kv_shape),
      .values = Tensor(v, DType::kF32, kv_shape),
      .pages = {.keys = Tensor(page_data.data(), page_type, page_shape),
                .values = Tensor(static_cast<std::byte*>(page_data.data()) + page_bytes, page_type, page_shape),
                .page_size = kPageSize,
                .head_dim = kHeadDim},
      .scale = 0.1F,
      .out = Tensor(v + kv_shape.num_elements(), DType::kF32, q_shape)};
  const std::unique_ptr<Forward> forward = backend->begin({.segments = {&segment, 1}});
  for (auto _ : state) backend->attention(*forward, args);
  const double keys = static_cast<double>(rows) * (static_cast<double>(prefix) + 0.5 * static_cast<double>(rows));
  count(state, 2 * static_cast<double>(page_bytes), 2 * keys * kHeads * kHeadDim);
}
void attention_sizes(benchmark::internal::Benchmark* benchmark) {
  for (const std::int64_t rows : {1, 16}) {
    for (const std::int64_t prefix : {512, 4096, 65536}) benchmark->Args({rows, prefix});
  }
  for (const std::int64_t prefix : {0, 4096}) benchmark->Args({512, prefix});
  benchmark->ArgNames({"rows", "prefix"})->UseRealTime()->Unit(benchmark::kMillisecond);
}
BENCHMARK_CAPTURE(attend, bf16, DType::kBF16)->Apply(attention_sizes);
BENCHMARK_CAPTURE(attend, int8, DType::kI8)->Apply(attention_sizes);
BENCHMARK_CAPTURE(attend, f32, DType::kF32)->Apply(attention_sizes);

/// Argument: rows. What is read out of the logits of a vocabulary: a head of one input takes hardly any time itself.
void predict(benchmark::State& state, SamplingRow sampling) {
  constexpr std::int64_t kVocabSize = 151936;
  const std::int64_t rows = state.range(0);
  const auto backend = make_backend({.name = "cpu"});
  std::vector<float> logits(kVocabSize);
  for (std::size_t i = 0; i < logits.size(); ++i) logits[i] = static_cast<float>((i * 7919) % 10007) * 1e-3F;
  const ConstTensor part(logits.data(), DType::kF32, {kVocabSize, 1});
  const auto head = backend->pack({&part, 1});
  const std::vector<float> ones(static_cast<std::size_t>(rows), 1);
  const std::vector<SamplingRow> samplings(static_cast<std::size_t>(rows), sampling);
  const std::unique_ptr<Forward> forward = backend->begin({.sampling = samplings});
  const PredictArgs args{.hidden = ConstTensor(ones.data(), DType::kF32, {rows, 1}), .head = head.get()};
  for (auto _ : state) backend->predict(*forward, args);
  count(state, static_cast<double>(rows * kVocabSize) * sizeof(float), 0);
}
BENCHMARK_CAPTURE(predict, greedy, SamplingRow{})->Arg(1)->Arg(16)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(predict, temperature, SamplingRow{.temperature = 0.7F})
    ->Arg(16)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(predict, top_p, SamplingRow{.temperature = 0.7F, .filters = {.top_p = 0.95F}})
    ->Arg(16)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(predict, top_k, SamplingRow{.temperature = 0.7F, .filters = {.top_k = 50}})
    ->Arg(16)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

/// Argument: rows. The ops of rows alone, at the sizes of Qwen3-0.6B; GB/s is what they read and write.
void row_op(benchmark::State& state, std::int64_t floats_of_a_row,
            const std::function<void(Backend& backend, const Tensor& a, const Tensor& b)>& run) {
  const std::int64_t rows = state.range(0);
  const auto backend = make_backend({.name = "cpu"});
  std::vector<float> values(static_cast<std::size_t>(2 * rows * 6144), 0.5F);
  const Tensor a(values.data(), DType::kF32, {rows, 6144});
  const Tensor b(values.data() + rows * 6144, DType::kF32, {rows, 6144});
  for (auto _ : state) run(*backend, a, b);
  count(state, static_cast<double>(rows * floats_of_a_row) * sizeof(float), 0);
}

void row_counts(benchmark::internal::Benchmark* benchmark) {
  benchmark->Arg(1)->Arg(16)->Arg(512)->ArgName("rows")->UseRealTime()->Unit(benchmark::kMicrosecond);
}

const std::vector<float> kOnes(6144, 1.0F);

BENCHMARK_CAPTURE(row_op, add_rms_norm, 4 * 1024, [](Backend& backend, const Tensor& a, const Tensor& b) {
  const ConstTensor weight(kOnes.data(), DType::kF32, {1024});
  backend.add_rms_norm(a.columns(0, 1024), b.columns(0, 1024), weight, 1e-6F, a.columns(1024, 1024));
})->Apply(row_counts);
BENCHMARK_CAPTURE(row_op, norm_of_heads, 2 * 2048, [](Backend& backend, const Tensor& a, const Tensor&) {
  const ConstTensor weight(kOnes.data(), DType::kF32, {128});
  const Tensor heads = a.columns(0, 2048).split_rows(16);
  backend.rms_norm(heads, weight, 1e-6F, heads);
})->Apply(row_counts);
BENCHMARK_CAPTURE(row_op, rope, 2 * 2048 + 128, [](Backend& backend, const Tensor& a, const Tensor& b) {
  backend.rope(a.columns(0, 2048).split_rows(16), b.columns(0, 128));
})->Apply(row_counts);
BENCHMARK_CAPTURE(row_op, silu_multiply, 3 * 3072, [](Backend& backend, const Tensor& a, const Tensor& b) {
  backend.silu_multiply(a, b.columns(0, 3072));
})->Apply(row_counts);

}  // namespace
}  // namespace wedlm

BENCHMARK_MAIN();
