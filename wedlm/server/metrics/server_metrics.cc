#include "wedlm/server/metrics/server_metrics.h"

#include <prometheus/text_serializer.h>

#include <chrono>
#include <mutex>

#include "wedlm/model/kv_cache.h"
#include "wedlm/server/metrics/metric_set.h"
#include "wedlm/server/metrics/process_usage.h"

namespace wedlm::server {
namespace {

void raise_by_position(Family<Counter>& family, const std::vector<std::int64_t>& totals) {
  for (std::size_t i = 0; i < totals.size(); ++i) {
    raise_to(family.Add({{"position", std::to_string(i)}}), static_cast<double>(totals[i]));
  }
}

void tell(MetricSet& set, const EngineStats& engine) {
  const auto total = [](Counter& counter, std::int64_t value) { raise_to(counter, static_cast<double>(value)); };
  const std::int64_t num_used = engine.num_blocks - engine.num_free_blocks;
  set.running.Set(static_cast<double>(engine.num_running));
  set.waiting.Set(static_cast<double>(engine.num_waiting));
  set.pages.Set(static_cast<double>(engine.num_blocks));
  set.pages_used.Set(static_cast<double>(num_used));
  set.cache_usage.Set(static_cast<double>(num_used) / static_cast<double>(engine.num_blocks));
  total(set.prefix_queries, engine.prefix_cache_queries);
  total(set.prefix_hits, engine.prefix_cache_hits);
  total(set.preemptions, engine.preemptions);
  total(set.prompt_tokens, engine.prompt_tokens);
  total(set.generation_tokens, engine.generated_tokens);
  total(set.steps, engine.steps);
  total(set.rows, engine.rows);
  total(set.decode_forwards, engine.decode_forwards);
  total(set.window_rows, engine.window_rows);
  total(set.filled_rows, engine.filled_rows);
  set.step_rows.raise_to(engine.rows_of_step);
  set.step_tokens.raise_to(engine.tokens_of_step);
  set.tokens_per_forward.raise_to(engine.tokens_of_forward);
  const DraftCounts& drafts = engine.drafts;
  total(set.drafts, drafts.verified.empty() ? 0 : drafts.verified.front());  // the first of each run is verified
  total(set.drafted, drafts.num_computed);
  total(set.accepted, drafts.num_accepted());
  raise_by_position(set.verified_at, drafts.verified);
  raise_by_position(set.accepted_at, drafts.accepted);
}

}  // namespace

class ServerMetrics::Impl {
 public:
  MetricSet set;
  std::mutex text_mutex;  // totals are raised by one at a time
};

ServerMetrics::ServerMetrics() : impl_(std::make_unique<Impl>()) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  impl_->set.start_time.Set(std::chrono::duration<double>(now).count());
  for (const auto& reason : kFinishReasons) impl_->set.successes.Add({{"finished_reason", std::string(reason.name)}});
}

ServerMetrics::~ServerMetrics() = default;

void ServerMetrics::answer_began(std::int32_t num_answers, std::int32_t max_tokens) {
  impl_->set.num_answers.observe(num_answers);
  impl_->set.max_tokens.observe(max_tokens);
}

void ServerMetrics::first_tokens_came(double seconds) {
  impl_->set.first_token.observe(seconds);
}

void ServerMetrics::more_tokens_came(std::int64_t num_tokens, double seconds) {
  const double each = seconds / static_cast<double>(num_tokens);
  for (std::int64_t i = 0; i < num_tokens; ++i) {
    impl_->set.between_tokens.observe(each);
    impl_->set.between_tokens_before.observe(each);
  }
}

void ServerMetrics::answer_finished(const Result& result) {
  MetricSet& set = impl_->set;
  const RequestStats& stats = result.stats;
  set.successes.Add({{"finished_reason", std::string(finish_reason_name(result.finish_reason))}}).Increment();
  if (stats.num_later_tokens() > 0) {
    set.per_token.observe(stats.decode_seconds / static_cast<double>(stats.num_later_tokens()));
  }
  set.end_to_end.observe(stats.queue_seconds + stats.prefill_seconds + stats.decode_seconds);
  set.queue.observe(stats.queue_seconds);
  set.prefill.observe(stats.prefill_seconds);
  set.decode.observe(stats.decode_seconds);
  set.inference.observe(stats.prefill_seconds + stats.decode_seconds);
  set.prompt_length.observe(static_cast<double>(stats.prompt_tokens));
  set.answer_length.observe(static_cast<double>(stats.generated_tokens));
  set.cacheability.observe(stats.cacheability());
}

void ServerMetrics::call_aborted() {
  impl_->set.aborted.Increment();
}

void ServerMetrics::request_ended(std::string_view route, int status, double seconds) {
  MetricSet& set = impl_->set;
  set.http_requests.Add({{"route", std::string(route)}, {"status", std::to_string(status)}}).Increment();
  set.http_seconds.observe(seconds);
}

void ServerMetrics::members_ignored(std::size_t count) {
  impl_->set.ignored_members.Increment(static_cast<double>(count));
}

std::string ServerMetrics::text(const std::optional<State>& state) {
  MetricSet& set = impl_->set;
  const std::lock_guard lock(impl_->text_mutex);
  set.ready.Set(state && state->is_ready ? 1 : 0);
  if (state) {
    tell(set, state->engine);
    set.connections.Set(state->num_connections);
    set.cache_config
        .Add({{"block_size", std::to_string(state->options.block_size)},
              {"cache_dtype", std::string(kv_cache_type_name(state->options.kv_cache_type))},
              {"enable_prefix_caching", state->options.enable_prefix_cache ? "True" : "False"},
              {"num_gpu_blocks", std::to_string(state->engine.num_blocks)}})
        .Set(1);
  }
  const ProcessUsage usage = process_usage();
  set.resident_memory.Set(static_cast<double>(usage.resident_bytes));
  set.open_descriptors.Set(static_cast<double>(usage.num_descriptors));
  set.max_descriptors.Set(static_cast<double>(usage.max_descriptors));
  raise_to(set.cpu_seconds, usage.cpu_seconds);
  std::vector<prometheus::MetricFamily> families = set.registry.Collect();
  if (state) {  // as vLLM labels them: boards choose by it
    for (prometheus::MetricFamily& family : families) {
      if (family.name.starts_with("process_")) continue;
      for (prometheus::ClientMetric& metric : family.metric) {
        metric.label.insert(metric.label.begin(), {.name = "model_name", .value = state->model_name});
      }
    }
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace wedlm::server
