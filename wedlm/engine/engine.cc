#include "wedlm/engine/engine.h"

#include <algorithm>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <set>
#include <span>
#include <thread>

#include "wedlm/base/error.h"
#include "wedlm/base/thread.h"
#include "wedlm/engine/loaded_model.h"
#include "wedlm/engine/model_runner.h"
#include "wedlm/engine/scheduler.h"

namespace wedlm {
namespace {

constexpr std::int64_t kDefaultMaxModelLen = 4096;
constexpr std::int64_t kDefaultCachedSequences = 16;

std::int64_t kv_bytes_per_block(const ModelConfig& config, const EngineOptions& options) {
  return KvCache::bytes_per_block(config, options.block_size, options.kv_cache_type);
}

/// A size of 0 is not known.
std::size_t largest_cache_bytes(const MemorySize& memory) {
  std::size_t bytes = std::numeric_limits<std::size_t>::max();
  if (memory.total > 0) bytes = memory.total / 4;
  if (memory.available > 0) bytes = std::min(bytes, memory.available / 2);
  return bytes;
}

std::size_t default_cache_bytes(const ModelConfig& config, const EngineOptions& options, const MemorySize& memory) {
  const std::int64_t sequences = std::min<std::int64_t>(options.max_num_seqs, kDefaultCachedSequences);
  const std::int64_t blocks = sequences * ((options.max_model_len + options.block_size - 1) / options.block_size);
  return std::min(static_cast<std::size_t>(blocks * kv_bytes_per_block(config, options)), largest_cache_bytes(memory));
}

void check_at_least(std::int64_t value, std::int64_t least, const char* name) {
  if (value >= least) return;
  throw InvalidInput(std::string(name) + ": expected at least " + std::to_string(least) + ", got " +
                     std::to_string(value));
}

EngineOptions resolve(EngineOptions options, const ModelConfig& config, const Backend& backend) {
  check_at_least(options.max_num_seqs, 1, "max_num_seqs");
  check_at_least(options.max_waiting, 1, "max_waiting");
  check_at_least(options.max_num_batched_tokens, 1, "max_num_batched_tokens");
  check_at_least(options.max_model_len, 0, "max_model_len");
  check_at_least(options.block_size, 1, "K/V block size");
  if (options.max_model_len == 0) {
    options.max_model_len = static_cast<int>(std::min(config.max_length(), kDefaultMaxModelLen));
  }
  if (options.max_model_len > config.max_length()) {
    throw InvalidInput("max_model_len: the checkpoint has " + std::to_string(config.max_length()) + " positions, got " +
                       std::to_string(options.max_model_len));
  }
  if (options.cache_bytes == 0) options.cache_bytes = default_cache_bytes(config, options, backend.memory());
  return options;
}

std::int64_t num_blocks(const ModelConfig& config, const EngineOptions& options) {
  const std::int64_t block_bytes = kv_bytes_per_block(config, options);
  const std::int64_t count = static_cast<std::int64_t>(options.cache_bytes) / block_bytes;
  if (count < 1) {
    throw InvalidInput("K/V cache: " + std::to_string(options.cache_bytes) + " bytes are less than one block of " +
                       std::to_string(options.block_size) + " tokens, which takes " + std::to_string(block_bytes));
  }
  // Slots are counted with 32 bits.
  return std::min<std::int64_t>(count, (std::int64_t{1} << 31) / options.block_size - 1);
}

RowCosts first_row_costs(const LoadedModel& model, const EngineOptions& options) {
  const Transformer& transformer = model.transformer();
  return guess_row_costs({.bytes = static_cast<double>(transformer.weight_bytes()),
                          .multiply_adds_per_row = static_cast<double>(transformer.multiply_adds_per_row())},
                         model.backend().rates(model.formats().layers.type), options.max_num_batched_tokens);
}

}  // namespace

class Engine::Impl {
 public:
  Impl(LoadedModel& model, const EngineOptions& requested)
      : options(resolve(requested, model.config(), model.backend())),
        model_(model),
        limits_{.tokenizer = model.tokenizer(),
                .eos_token_ids = model.eos_token_ids(),
                .mask_token_id = model.config().mask_token_id,
                .max_model_len = options.max_model_len},
        cache_(model.backend(), model.config(), num_blocks(model.config(), options), options.block_size,
               options.kv_cache_type, options.max_model_len),
        blocks_(cache_.num_blocks(), options.block_size, options.enable_prefix_cache),
        scheduler_({.max_num_seqs = options.max_num_seqs, .max_num_batched_tokens = options.max_num_batched_tokens},
                   blocks_, first_row_costs(model, options)),
        runner_(model.transformer(), cache_, model.config().mask_token_id, options.max_num_batched_tokens) {
    update_stats({});
    thread_ = start_thread("the engine", [this] { run(); });
  }

  ~Impl() {
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
    }
    has_work_.notify_one();
    thread_.join();
  }

  std::shared_ptr<ResponseStream> submit(Request request) {
    check(request);
    const std::lock_guard lock(mutex_);
    // What came since the last step has a place as long as one is free: it only is not there yet.
    const std::int64_t num_free = options.max_num_seqs - stats_.num_running;
    if (num_waiting() >= options.max_waiting + num_free) {
      throw ResourceError("the engine is full: " + std::to_string(num_waiting()) +
                          " requests wait already (max_waiting " + std::to_string(options.max_waiting) +
                          "); try again later");
    }
    auto sequence = std::make_unique<Sequence>(std::move(request), num_submitted_++, limits_, draft_statistics_);
    auto stream = std::make_shared<ResponseStream>(sequence->channel());
    inbox_.push_back(std::move(sequence));
    has_work_.notify_one();
    return stream;
  }

  EngineStats stats() const {
    const std::lock_guard lock(mutex_);
    EngineStats stats = stats_;
    stats.num_waiting = num_waiting();
    return stats;
  }

  const EngineOptions options;

 private:
  /// Who takes part, one forward, what it says, who has finished: the steps of docs/how-it-works.md in code.
  void step() {
    const Step step = scheduler_.schedule();
    if (step.empty()) return finish_step({});
    const auto answers = run_or_fail(step);
    if (answers.empty()) return finish_step({});
    const Clock::time_point now = Clock::now();
    StepFigures figures;
    for (std::size_t i = 0; i < step.size(); ++i) {
      Sequence& sequence = *step[i].sequence;
      const RequestStats before = sequence.stats();
      sequence.cached(step[i].num_known_rows);
      if (step[i].has_window) sequence.decoded(std::ssize(step[i].window.rows), answers[i], now);
      figures.add(step[i], before, sequence.stats());
    }
    scheduler_.complete(step);
    finish_step(figures);
  }

  /// What breaks in a forward ends the sequences of that step and nothing else. What does not depend on its results is
  /// done while it runs.
  std::vector<std::span<const Prediction>> run_or_fail(const Step& step) {
    try {
      const Clock::time_point start = Clock::now();
      runner_.launch(step);
      add_arrivals();
      auto answers = runner_.read();
      scheduler_.took(step, std::chrono::duration<double>(Clock::now() - start).count());
      return answers;
    } catch (const std::exception& error) {
      for (const ScheduledSequence& scheduled : step) scheduled.sequence->abort(FinishReason::kError, error.what());
      return {};
    }
  }

  void add_arrivals() {
    std::vector<std::unique_ptr<Sequence>> arrived;
    {
      const std::lock_guard lock(mutex_);
      arrived.swap(inbox_);
      stats_.num_waiting += std::ssize(arrived);  // and the end of the step counts them where they are then
    }
    for (auto& sequence : arrived) scheduler_.add(std::move(sequence));
  }

  void run() {
    for (bool is_stopping = false;;) {
      {
        std::unique_lock lock(mutex_);
        has_work_.wait(lock, [&] { return is_stopping_ || !inbox_.empty() || !scheduler_.is_idle(); });
        is_stopping = is_stopping_;
      }
      add_arrivals();
      if (is_stopping) break;
      try {
        step();
      } catch (const std::exception& error) {
        scheduler_.abort_all(FinishReason::kError, error.what());
        finish_step({});
      }
    }
    scheduler_.abort_all(FinishReason::kCancelled, "the engine is shutting down");
    finish_step({});
  }

  /// Whoever sees a result sees totals that include it.
  void finish_step(const StepFigures& figures) {
    const auto retired = scheduler_.take_retired();
    update_stats(figures, retired);
    for (const auto& sequence : retired) sequence->close(Clock::now());
  }

  void check(const Request& request) const;

  /// In the inbox, and in the scheduler as of the last step. With the lock held.
  std::int64_t num_waiting() const { return stats_.num_waiting + std::ssize(inbox_); }

  void update_stats(const StepFigures& figures, std::span<const std::unique_ptr<Sequence>> retired = {}) {
    const std::lock_guard lock(mutex_);
    stats_.add(figures);
    for (const auto& sequence : retired) {
      if (const DraftCounts* counts = sequence->draft_counts()) stats_.drafts.add(*counts);
    }
    stats_.finished_requests = scheduler_.num_finished();
    stats_.preemptions = scheduler_.num_preemptions();
    stats_.prefix_cache_queries = scheduler_.num_prefix_queries();
    stats_.prefix_cache_hits = scheduler_.num_prefix_hits();
    stats_.num_waiting = scheduler_.num_waiting();
    stats_.num_running = scheduler_.num_running();
    stats_.num_blocks = blocks_.num_blocks();
    stats_.num_free_blocks = blocks_.num_free_blocks();
  }

  LoadedModel& model_;
  const SequenceLimits limits_;

  // The engine's thread owns these.
  DraftStatistics draft_statistics_;
  KvCache cache_;
  BlockManager blocks_;
  Scheduler scheduler_;
  ModelRunner runner_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable has_work_;
  std::vector<std::unique_ptr<Sequence>> inbox_;
  std::uint64_t num_submitted_ = 0;
  bool is_stopping_ = false;
  EngineStats stats_;

  std::thread thread_;
};

void Engine::Impl::check(const Request& request) const {
  const SamplingParams& params = request.params;
  const ModelConfig& config = model_.config();
  validate(params);
  const auto prompt_length = static_cast<std::int64_t>(request.prompt.size());
  if (prompt_length == 0) throw InvalidInput("the prompt is empty: give at least one token");
  if (prompt_length >= options.max_model_len) {
    throw InvalidInput("the prompt has " + std::to_string(prompt_length) +
                       " tokens; with an answer of at least one it may have " +
                       std::to_string(options.max_model_len - 1) + " here (max_model_len " +
                       std::to_string(options.max_model_len) + ")");
  }
  config.check_vocabulary("the prompt's token", request.prompt);
  config.check_vocabulary("the stop token", params.stop_token_ids);
  config.check_vocabulary("suppress_tokens: token", params.adjustments.suppress_tokens);
  for (const auto& [token, bias] : params.adjustments.logit_bias) {
    config.check_vocabulary("logit_bias: token", std::span(&token, 1));
  }
  std::set<TokenId> never(params.adjustments.suppress_tokens.begin(), params.adjustments.suppress_tokens.end());
  if (config.mask_token_id != kNoToken) never.insert(config.mask_token_id);
  if (std::ssize(never) >= config.vocab_size) {
    throw InvalidInput("suppress_tokens: expected that a token of the vocabulary is left, got all of them");
  }
  if (params.mode != DecodeMode::kAutoregressive && config.mask_token_id == kNoToken) {
    throw InvalidInput(
        "mode " + std::string(mode_name(params.mode)) +
        " needs a mask token, and this checkpoint names none: give its id (--mask-token-id ID), or use mode "
        "autoregressive");
  }
  if (!params.stop.empty() && model_.tokenizer() == nullptr) {
    throw InvalidInput("stop texts need a tokenizer, and this checkpoint has none: use stop token ids");
  }
  const std::int64_t step_rows = max_pending_per_step(params) + min_window_rows(params);
  if (step_rows > options.max_num_batched_tokens) {
    const std::optional<int> window = fixed_window(params);
    throw InvalidInput(
        (window ? "a window of " + std::to_string(*window) : "a gated request with a seed and an automatic window") +
        " needs up to " + std::to_string(step_rows) + " rows in a forward; the engine allows " +
        std::to_string(options.max_num_batched_tokens) + " (max_num_batched_tokens)");
  }
  const std::int64_t length = std::min<std::int64_t>(prompt_length + params.max_tokens, options.max_model_len);
  if (blocks_.blocks_for(length) > blocks_.num_blocks()) {
    throw InvalidInput("the request needs room for " + std::to_string(length) + " tokens (" +
                       std::to_string(prompt_length) + " of the prompt), which is " +
                       std::to_string(blocks_.blocks_for(length)) + " blocks; the K/V cache has " +
                       std::to_string(blocks_.num_blocks()));
  }
}

Engine::Engine(LoadedModel& model, const EngineOptions& options) : impl_(std::make_unique<Impl>(model, options)) {}
Engine::~Engine() = default;

std::shared_ptr<ResponseStream> Engine::submit(Request request) {
  return impl_->submit(std::move(request));
}

const EngineOptions& Engine::options() const {
  return impl_->options;
}

EngineStats Engine::stats() const {
  return impl_->stats();
}

}  // namespace wedlm
