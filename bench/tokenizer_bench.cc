// How fast text becomes token ids on one core: English as users write it, and words made to be slow. It reads the
// Qwen2 vocabulary and GSM8K where they are, else the small model's vocabulary and the repository's own texts.
#include <benchmark/benchmark.h>

#include <filesystem>
#include <sstream>

#include "tests/support/data.h"
#include "wedlm/text/tokenizer.h"

namespace wedlm {
namespace {

constexpr std::size_t kWordBytes = 1'000'000;

/// Questions and answers, or failing those the texts of docs/ and the headers.
std::string english() {
  std::string text;
  if (const auto path = shared_data("gsm8k/train.jsonl")) {
    std::istringstream lines(read_text(*path));
    for (std::string line; std::getline(lines, line);) {
      const Json item = parse_json(line, path->string());
      text += item.at("question").as_string() + "\n" + item.at("answer").as_string() + "\n\n";
    }
    return text;
  }
  for (const char* folder : {"docs", "wedlm"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(source_dir() / folder)) {
      const auto ending = entry.path().extension();
      if (ending == ".md" || ending == ".h") text += read_text(entry.path());
    }
  }
  return text;
}

const Tokenizer& tokenizer() {
  static const Tokenizer kTokenizer = Tokenizer::load(shared_data("tokenizers/qwen2").value_or(nano_model()));
  return kTokenizer;
}

void encode(benchmark::State& state, const std::string& text) {
  std::size_t num_tokens = 0;
  for (auto _ : state) {
    const std::vector<TokenId> ids = tokenizer().encode(text);
    num_tokens += ids.size();
    benchmark::DoNotOptimize(ids.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(text.size()));
  state.counters["tokens/s"] = benchmark::Counter(static_cast<double>(num_tokens), benchmark::Counter::kIsRate);
}

void BM_EncodeEnglish(benchmark::State& state) {
  encode(state, english());
}
BENCHMARK(BM_EncodeEnglish)->Unit(benchmark::kMillisecond);

/// A tokenizer that has seen nothing: each text is encoded once by a fresh one.
void BM_EncodeEnglishCold(benchmark::State& state) {
  const std::string text = english();
  const auto folder = shared_data("tokenizers/qwen2").value_or(nano_model());
  for (auto _ : state) {
    state.PauseTiming();
    const Tokenizer fresh = Tokenizer::load(folder);
    state.ResumeTiming();
    benchmark::DoNotOptimize(fresh.encode(text).data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(BM_EncodeEnglishCold)->Unit(benchmark::kMillisecond);

void BM_EncodeOneLongWord(benchmark::State& state) {
  std::string word;
  std::uint32_t random = 1;
  while (word.size() < kWordBytes) {
    random = random * 1664525U + 1013904223U;
    word += static_cast<char>('a' + (random >> 16) % 26);
  }
  encode(state, word);
}
BENCHMARK(BM_EncodeOneLongWord)->Unit(benchmark::kMillisecond);

void BM_EncodeSpaces(benchmark::State& state) {
  encode(state, std::string(kWordBytes, ' '));
}
BENCHMARK(BM_EncodeSpaces)->Unit(benchmark::kMillisecond);

void BM_EncodeMarksOutOfOrder(benchmark::State& state) {
  std::string text;
  while (text.size() < kWordBytes) text += "\u0301\u0323";
  encode(state, text);
}
BENCHMARK(BM_EncodeMarksOutOfOrder)->Unit(benchmark::kMillisecond);

void BM_LoadTokenizer(benchmark::State& state) {
  const auto folder = shared_data("tokenizers/qwen2").value_or(nano_model());
  for (auto _ : state) benchmark::DoNotOptimize(Tokenizer::load(folder).vocab_size());
}
BENCHMARK(BM_LoadTokenizer)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace wedlm

BENCHMARK_MAIN();
