// The metrics themselves: one member each, made with its name, its help and its buckets. For the .cc files of this
// folder: it includes prometheus-cpp.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <span>
#include <string>
#include <vector>

#include "wedlm/engine/engine_stats.h"

namespace wedlm::server {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

/// A histogram with its buckets, whose one metric appears with the first value.
class Distribution {
 public:
  Distribution(prometheus::Registry& registry, const std::string& name, const std::string& help,
               const Histogram::BucketBoundaries& buckets)
      : histogram_(prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add({}, buckets)) {}
  void observe(double value) { histogram_.Observe(value); }

 private:
  Histogram& histogram_;
};

/// A counter that somebody else counts. It never falls.
void raise_to(Counter& counter, double total);

/// A histogram that somebody else keeps.
class CountDistribution {
 public:
  /// `upper_ends` are those of the counts that it is told of.
  CountDistribution(prometheus::Registry& registry, const std::string& name, const std::string& help,
                    std::span<const std::int64_t> upper_ends);
  void raise_to(const CountHistogram& counts);

 private:
  Histogram& histogram_;
  CountHistogram seen_;
};

class MetricSet {
 public:
  MetricSet();

  prometheus::Registry registry{};

 private:
  Family<Counter>& counters(const std::string& name, const std::string& help);
  Counter& counter(const std::string& name, const std::string& help) { return counters(name, help).Add({}); }
  Family<Gauge>& gauges(const std::string& name, const std::string& help);
  Gauge& gauge(const std::string& name, const std::string& help) { return gauges(name, help).Add({}); }

 public:
  // Of answers as they grow.
  Counter& aborted;
  Distribution first_token;
  Distribution between_tokens;
  Distribution between_tokens_before;  // under the name that it had before

  // Of answers that have ended.
  Family<Counter>& successes;  // by finished_reason
  Distribution per_token;
  Distribution end_to_end;
  Distribution queue;
  Distribution prefill;
  Distribution decode;
  Distribution inference;
  Distribution prompt_length;
  Distribution answer_length;
  Distribution num_answers;
  Distribution max_tokens;
  Distribution cacheability;

  // Of HTTP.
  Family<Counter>& http_requests;  // by route and status
  Distribution http_seconds;
  Counter& ignored_members;
  Gauge& connections;

  // Of the engine, as it is when somebody asks.
  Gauge& running;
  Gauge& waiting;
  Gauge& cache_usage;
  Counter& prefix_queries;
  Counter& prefix_hits;
  Counter& preemptions;
  Counter& prompt_tokens;
  Counter& generation_tokens;
  Counter& steps;
  Counter& rows;
  Counter& decode_forwards;
  Counter& window_rows;
  Counter& filled_rows;
  CountDistribution step_rows;
  CountDistribution step_tokens;
  CountDistribution tokens_per_forward;
  Counter& drafts;
  Counter& drafted;
  Counter& accepted;
  Family<Counter>& verified_at;  // by position, which is depth - 1
  Family<Counter>& accepted_at;  // by position
  Gauge& pages;
  Gauge& pages_used;
  Family<Gauge>& cache_config;
  Gauge& ready;

  // Of the process.
  Gauge& start_time;
  Gauge& resident_memory;
  Gauge& open_descriptors;
  Gauge& max_descriptors;
  Counter& cpu_seconds;
};

}  // namespace wedlm::server
