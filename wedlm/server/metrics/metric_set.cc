#include "wedlm/server/metrics/metric_set.h"

#include <vector>

namespace wedlm::server {
namespace {

using Buckets = Histogram::BucketBoundaries;

// vLLM's, so that quantiles of both can be compared.
const Buckets kFirstTokenBuckets = {0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75,
                                    1,     2.5,   5,    7.5,  10,   20,   40,   80,  160,  640, 2560};
const Buckets kTokenBuckets = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3,
                               0.4,    0.5,   0.75,   1,     2.5,  5,     7.5,  10,    20,  40,   80};
const Buckets kRequestBuckets = {0.01, 0.05, 0.1, 0.3, 0.5, 0.8, 1,   1.5, 2,   2.5, 5,    10,
                                 15,   20,   30,  40,  50,  60,  120, 240, 480, 960, 1920, 7680};
const Buckets kLengthBuckets = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000};
const Buckets kCountBuckets = {1, 2, 5, 10, 20};
const Buckets kShareBuckets = {0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1};

}  // namespace

void raise_to(Counter& counter, double total) {
  if (total > counter.Value()) counter.Increment(total - counter.Value());
}

CountDistribution::CountDistribution(prometheus::Registry& registry, const std::string& name, const std::string& help,
                                     std::span<const std::int64_t> upper_ends)
    : histogram_(prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add(
          {}, Buckets(upper_ends.begin(), upper_ends.end()))),
      seen_(upper_ends) {}

void CountDistribution::raise_to(const CountHistogram& counts) {
  std::vector<double> more;
  for (std::size_t i = 0; i < counts.frequencies().size(); ++i) {
    more.push_back(static_cast<double>(counts.frequencies()[i] - seen_.frequencies()[i]));
  }
  histogram_.ObserveMultiple(more, static_cast<double>(counts.sum() - seen_.sum()));
  seen_ = counts;
}

Family<Counter>& MetricSet::counters(const std::string& name, const std::string& help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

Family<Gauge>& MetricSet::gauges(const std::string& name, const std::string& help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

MetricSet::MetricSet()
    : aborted(counter("wedlm:aborted_requests_total", "Calls that ended before their answers did.")),
      first_token(registry, "vllm:time_to_first_token_seconds", "From a request to its first token.",
                  kFirstTokenBuckets),
      between_tokens(registry, "vllm:inter_token_latency_seconds", "From one token to the next.", kTokenBuckets),
      between_tokens_before(registry, "vllm:time_per_output_token_seconds",
                            "vllm:inter_token_latency_seconds, for boards that know this name.", kTokenBuckets),
      successes(counters("vllm:request_success_total", "Answers that came to their end, by why.")),
      per_token(registry, "vllm:request_time_per_output_token_seconds",
                "Decoding time over later tokens, of an answer.", kTokenBuckets),
      end_to_end(registry, "vllm:e2e_request_latency_seconds", "From a request to the end of its answer.",
                 kRequestBuckets),
      queue(registry, "vllm:request_queue_time_seconds", "Until the first forward.", kRequestBuckets),
      prefill(registry, "vllm:request_prefill_time_seconds", "From there to the first that decoded.", kRequestBuckets),
      decode(registry, "vllm:request_decode_time_seconds", "From there to the end.", kRequestBuckets),
      inference(registry, "vllm:request_inference_time_seconds", "From the first forward to the end.", kRequestBuckets),
      prompt_length(registry, "vllm:request_prompt_tokens", "Tokens of a prompt.", kLengthBuckets),
      answer_length(registry, "vllm:request_generation_tokens", "Tokens of an answer.", kLengthBuckets),
      num_answers(registry, "vllm:request_params_n", "Answers to a prompt that were asked for.", kCountBuckets),
      max_tokens(registry, "vllm:request_params_max_tokens", "Most tokens that were asked for.", kLengthBuckets),
      cacheability(registry, "wedlm:cacheability_ratio", "Tokens of an answer over its decode rows.", kShareBuckets),
      http_requests(counters("wedlm:http_requests_total", "Requests of HTTP, by route and status.")),
      http_seconds(registry, "wedlm:http_request_seconds", "From a request to the end of its answer, any route.",
                   kRequestBuckets),
      ignored_members(counter("wedlm:unknown_members_total", "Members of requests that nobody knows.")),
      connections(gauge("wedlm:http_connections", "Connections that are open.")),
      running(gauge("vllm:num_requests_running", "Answers that are being computed.")),
      waiting(gauge("vllm:num_requests_waiting", "Answers that wait for a place.")),
      cache_usage(gauge("vllm:kv_cache_usage_perc", "Share of the K/V cache's pages in use, 0 to 1.")),
      prefix_queries(
          counter("vllm:prefix_cache_queries_total", "Prompt tokens that were looked up in the prefix cache.")),
      prefix_hits(counter("vllm:prefix_cache_hits_total", "Of these, found.")),
      preemptions(counter("vllm:num_preemptions_total", "Answers that lost their pages to others for a while.")),
      prompt_tokens(counter("vllm:prompt_tokens_total", "Tokens of prompts, computed or found.")),
      generation_tokens(counter("vllm:generation_tokens_total", "Tokens of answers.")),
      steps(counter("wedlm:steps_total", "Forwards of the engine.")),
      rows(counter("wedlm:rows_total", "Rows of all forwards: tokens and masks that went through the model.")),
      decode_forwards(counter("wedlm:decode_forwards_total", "Forwards in which an answer decoded, for each answer.")),
      window_rows(counter("wedlm:window_rows_total", "Rows of windows, behind the known tokens.")),
      filled_rows(counter("wedlm:window_filled_rows_total", "Of these, positions that a guess has filled.")),
      step_rows(registry, "wedlm:step_rows", "Rows of a forward.", EngineStats::kRowEnds),
      step_tokens(registry, "vllm:iteration_tokens_total", "Tokens of a forward: computed of prompts, and generated.",
                  EngineStats::kRowEnds),
      tokens_per_forward(registry, "wedlm:tokens_per_forward", "Tokens that an answer got from a decoding forward.",
                         EngineStats::kTokenEnds),
      drafts(counter("vllm:spec_decode_num_drafts_total", "Runs of drafts that were verified.")),
      drafted(counter("vllm:spec_decode_num_draft_tokens_total", "Drafts in these runs.")),
      accepted(counter("vllm:spec_decode_num_accepted_tokens_total", "Drafts that were accepted.")),
      verified_at(counters("wedlm:drafts_verified_per_pos_total",
                           "Drafts up to the first that was refused, by place in their run.")),
      accepted_at(counters("vllm:spec_decode_num_accepted_tokens_per_pos_total",
                           "Drafts that were accepted, by place in their run.")),
      pages(gauge("wedlm:kv_pages", "Pages of the K/V cache.")),
      pages_used(gauge("wedlm:kv_pages_used", "Of these, held by answers.")),
      cache_config(gauges("vllm:cache_config_info", "How the K/V cache is laid out.")),
      ready(gauge("wedlm:ready", "1 while new requests are answered.")),
      start_time(gauge("process_start_time_seconds", "Since 1970.")),
      resident_memory(gauge("process_resident_memory_bytes", "Memory in use.")),
      open_descriptors(gauge("process_open_fds", "File descriptors that are open.")),
      max_descriptors(gauge("process_max_fds", "File descriptors that may be open.")),
      cpu_seconds(counter("process_cpu_seconds_total", "Processor time.")) {}

}  // namespace wedlm::server
