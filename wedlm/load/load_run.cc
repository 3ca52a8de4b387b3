#include "wedlm/load/load_run.h"

#include <algorithm>
#include <deque>

#include "wedlm/base/error.h"
#include "wedlm/base/quote.h"
#include "wedlm/load/load_request.h"

namespace wedlm::load {
namespace {

constexpr double kTickSeconds = 0.05;  // to look for Ctrl-C
constexpr double kPauseSeconds = 0.1;  // of a client whose request failed
constexpr std::size_t kMaxListBytes = std::size_t{1} << 20;
constexpr std::int64_t kFirstWarmup = std::int64_t{1} << 40;  // their prompts are none of those that count

std::string cannot_connect(const std::string& failure) {
  return "cannot connect to " + failure;
}

/// Requests of one kind, warming up or counted.
struct Phase {
  std::string title;
  std::int64_t first_index = 0;
  std::optional<std::int64_t> num_requests;
  std::optional<double> seconds;
  std::optional<Arrivals> arrivals;
};

class PhaseRun {
 public:
  PhaseRun(const LoadPlan& plan, Phase phase, HttpClient& client, const Watcher& watcher)
      : plan_(plan), phase_(std::move(phase)), client_(client), watcher_(watcher) {}

  LoadResult run() {
    began_ = LoadClock::now();
    if (phase_.arrivals) expect_arrival();
    tick();
    start_due();
    if (!is_over()) client_.run();
    client_.stop();  // also forgets the timers, which call this
    if (!connection_failure_.empty()) throw ResourceError(cannot_connect(connection_failure_));
    result_.num_unsent = static_cast<std::int64_t>(arrived_.size());
    return std::move(result_);
  }

 private:
  double elapsed() const { return seconds_between(began_, LoadClock::now()); }
  bool is_late(double seconds) const { return phase_.seconds && seconds >= *phase_.seconds; }
  /// Of those that a plan counts, all have been sent, or have arrived.
  bool are_all(std::int64_t count) const { return phase_.num_requests && count >= *phase_.num_requests; }

  bool may_start() const {
    if (is_ending_ || is_late(elapsed())) return false;
    return phase_.arrivals ? !arrived_.empty() : !are_all(num_sent_);
  }

  bool will_start_more() const {
    if (is_ending_ || is_late(elapsed())) return false;
    return phase_.arrivals ? !arrived_.empty() || is_arrival_expected_ : !are_all(num_sent_);
  }

  bool is_over() const { return num_running_ == 0 && !will_start_more(); }

  void stop_if_over() {
    if (is_over()) client_.stop();
  }

  void expect_arrival() {
    is_arrival_expected_ = false;
    if (are_all(num_arrived_)) return;
    const double time = phase_.arrivals->next();
    if (is_late(time)) return;
    is_arrival_expected_ = true;
    ++num_arrived_;
    client_.after(time - elapsed(), [this, time] {
      arrived_.push_back(time);
      expect_arrival();
      start_due();
    });
  }

  void tick() {
    watcher_.progress(
        {.title = phase_.title,
         .done = phase_.num_requests ? static_cast<std::size_t>(num_ended_) : static_cast<std::size_t>(elapsed()),
         .total = static_cast<std::size_t>(phase_.num_requests ? *phase_.num_requests : *phase_.seconds)});
    if (!is_ending_ && watcher_.is_interrupted()) {
      result_.is_interrupted = true;
      end_early();
    }
    stop_if_over();
    client_.after(kTickSeconds, [this] { tick(); });
  }

  void end_early() {
    is_ending_ = true;
    client_.close_all();
  }

  void start_due() {
    while (num_running_ + num_pausing_ < plan_.max_running && may_start()) start();
    stop_if_over();
  }

  void start() {
    const std::int64_t index = phase_.first_index + num_sent_++;
    const Json body = request_body(plan_.request, plan_.prompts.members(plan_.endpoint, index), index);
    const auto request = std::make_shared<LoadRequest>(index, plan_.request.is_streamed);
    std::optional<double> arrival;
    if (phase_.arrivals) {
      arrival = arrived_.front();
      arrived_.pop_front();
    }
    ++num_running_;
    request->begin();
    client_.send(
        {.path = endpoint_path(plan_.endpoint), .body = write_json(body)},
        {.body = [request](const ResponseHead& head, std::string_view piece) { return request->take(head, piece); },
         .end =
             [this, request, arrival](HttpEnding ending, const ResponseHead& head, const std::string& message) {
               Outcome outcome = request->end(ending, head, message);
               outcome.sent_seconds = seconds_between(began_, request->sent());
               if (arrival) outcome.wait_seconds = std::max(0.0, outcome.sent_seconds - *arrival);
               end(std::move(outcome), ending);
             }});
  }

  void end(Outcome outcome, HttpEnding ending) {
    --num_running_;
    ++num_ended_;
    has_connected_ = has_connected_ || outcome.status != 0;
    if (ending == HttpEnding::kNotConnected && !has_connected_ && connection_failure_.empty()) {
      connection_failure_ = outcome.message;
      end_early();
    }
    const bool has_failed = outcome.ending != Ending::kSuccess && !is_ending_;
    result_.seconds = elapsed();
    result_.outcomes.push_back(std::move(outcome));
    if (has_failed && !phase_.arrivals) {
      ++num_pausing_;
      client_.after(kPauseSeconds, [this] {
        --num_pausing_;
        start_due();
      });
    }
    start_due();
  }

  const LoadPlan& plan_;
  Phase phase_;
  HttpClient& client_;
  const Watcher& watcher_;
  LoadClock::time_point began_;
  LoadResult result_;
  std::deque<double> arrived_;  // and not yet sent
  std::int64_t num_arrived_ = 0;
  std::int64_t num_sent_ = 0;
  std::int64_t num_ended_ = 0;
  std::int32_t num_running_ = 0;
  std::int32_t num_pausing_ = 0;
  bool is_arrival_expected_ = false;
  bool is_ending_ = false;
  bool has_connected_ = false;
  std::string connection_failure_;
};

std::string model_of_list(std::string_view body) {
  const Json list = parse_json(body, "the list of models");
  const Json* data = list.find("data");
  if (data != nullptr && data->is_array() && !data->as_array().empty()) {
    const Json* id = data->as_array().front().find("id");
    if (id != nullptr && id->is_string()) return id->as_string();
  }
  throw InvalidInput("expected a list of models with an id, got " + shortened(body));
}

}  // namespace

std::string first_model(HttpClient& client) {
  std::string body;
  std::optional<HttpEnding> ended;
  int status = 0;
  std::string failure;
  client.send({.method = "GET", .path = "/models"},
              {.body =
                   [&](const ResponseHead&, std::string_view piece) {
                     body += piece;
                     return body.size() <= kMaxListBytes;
                   },
               .end =
                   [&](HttpEnding ending, const ResponseHead& head, const std::string& message) {
                     ended = ending;
                     status = head.status;
                     failure = message;
                     client.stop();
                   }});
  client.run();
  if (ended == HttpEnding::kNotConnected) throw ResourceError(cannot_connect(failure));
  const std::string asked = "asked for its models, the server ";
  if (ended != HttpEnding::kComplete) throw ResourceError(asked + "gave no answer: " + failure);
  if (status == 401 || status == 403) {
    throw InvalidInput(asked + "wants another key (HTTP " + std::to_string(status) + "): " + server_error_text(body) +
                       "; --api-key gives it");
  }
  try {
    if (status == 200) return model_of_list(body);
    throw InvalidInput("HTTP " + std::to_string(status) + ": " + server_error_text(body));
  } catch (const InvalidInput& error) {
    throw ResourceError(asked + "named none: " + error.what() + "; --model names one");
  }
}

LoadResult run_load(const LoadPlan& plan, HttpClient& client, const Watcher& watcher) {
  if (plan.num_warmup_requests > 0) {
    const Phase warmup{.title = "Warming up", .first_index = kFirstWarmup, .num_requests = plan.num_warmup_requests};
    if (PhaseRun(plan, warmup, client, watcher).run().is_interrupted) return {.is_interrupted = true};
  }
  Phase phase{
      .title = plan.num_requests ? "Requests" : "Seconds", .num_requests = plan.num_requests, .seconds = plan.seconds};
  if (plan.rate) phase.arrivals.emplace(plan.arrivals, *plan.rate, plan.arrival_seed);
  return PhaseRun(plan, std::move(phase), client, watcher).run();
}

}  // namespace wedlm::load
