#include "wedlm/eval/forward_figures.h"

#include <algorithm>
#include <numeric>

#include "wedlm/base/error.h"
#include "wedlm/base/number_text.h"

namespace wedlm {
namespace {

constexpr const char* kOpNames[kNumOpKinds] = {"products", "attention", "other", "head", "logits"};

const ForwardTime& median_time(const std::vector<ForwardTime>& times) {
  std::vector<const ForwardTime*> sorted;
  sorted.reserve(times.size());
  for (const ForwardTime& time : times) sorted.push_back(&time);
  std::ranges::sort(sorted, {}, [](const ForwardTime* time) { return time->seconds; });
  return *sorted[(sorted.size() - 1) / 2];
}

double one_row_seconds(const std::vector<MeasuredForward>& forwards, const MeasuredForward& forward) {
  const ForwardShape one_row{.rows = 1, .context = forward.shape.context};
  for (const MeasuredForward& other : forwards) {
    if (other.weights == forward.weights && other.shape == one_row) return median_time(other.times).seconds;
  }
  throw InternalError("bench: one row of " + forward.weights + " was not measured");
}

std::string right(const std::string& text, std::size_t width) {
  return std::string(width > text.size() ? width - text.size() : 0, ' ') + text;
}

/// About four digits.
std::string time_text(double ms) {
  return fixed(ms, ms < 10 ? 3 : ms < 100 ? 2 : ms < 1000 ? 1 : 0);
}

std::string percent(double share) {
  return fixed(100 * share, 0) + "%";
}

struct Column {
  const char* upper;
  const char* lower;
  std::size_t width;
};

constexpr Column kColumns[] = {
    {"", "rows", 6},    {"", "ms", 9},       {"limit", "ms", 9},  {"times", "limit", 8},     {"times", "one row", 9},
    {"", "GB/s", 7},    {"of", "memory", 8}, {"of", "peak", 6},   {"ms in", "products", 10}, {"in", "attention", 10},
    {"in", "other", 9}, {"in", "head", 9},   {"in", "logits", 8}, {"not", "matmul", 8}};

std::string table_head() {
  std::string upper, lower;
  for (const Column& column : kColumns) {
    upper += right(column.upper, column.width);
    lower += right(column.lower, column.width);
  }
  return upper + "\n" + lower + "\n";
}

std::string table_line(const ForwardFigures& figures) {
  std::vector<std::string> cells = {std::to_string(figures.shape.rows), time_text(figures.ms),
                                    time_text(figures.limit_ms),        fixed(figures.ratio_to_limit(), 2),
                                    fixed(figures.ratio_to_one_row, 2), fixed(figures.gb_per_s, 1),
                                    percent(figures.bandwidth_share),   percent(figures.peak_share)};
  for (const double seconds : figures.by_op.of) cells.push_back(time_text(1000 * seconds));
  cells.push_back(percent(figures.share_not_matmul()));
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) line += right(cells[i], kColumns[i].width);
  return line + "\n";
}

}  // namespace

double ForwardFigures::share_not_matmul() const {
  const double products = by_op[OpKind::kProducts] + by_op[OpKind::kHead];
  return std::max(0.0, 1 - 1000 * products / ms);
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[(values.size() - 1) / 2];
}

std::vector<ForwardFigures> figures_of(const std::vector<MeasuredForward>& forwards, double read_gb_per_s) {
  std::vector<ForwardFigures> all;
  for (const MeasuredForward& forward : forwards) {
    const ForwardTime& time = median_time(forward.times);
    ForwardFigures figures{.weights = forward.weights, .shape = forward.shape};
    figures.ms = 1000 * time.seconds;
    figures.bytes = forward.work.bytes;
    figures.limit_ms = forward.work.bytes * 1e-6 / read_gb_per_s;
    figures.ratio_to_one_row = time.seconds / one_row_seconds(forwards, forward);
    figures.gb_per_s = forward.work.bytes * 1e-9 / time.seconds;
    figures.bandwidth_share = figures.gb_per_s / read_gb_per_s;
    figures.peak_share = 2e-12 * forward.work.multiply_adds / time.seconds / forward.peak_tflops;
    figures.by_op = time.by_op;
    const double in_ops = std::accumulate(time.by_op.of.begin(), time.by_op.of.end(), 0.0);
    figures.by_op.of[static_cast<std::size_t>(OpKind::kOther)] += std::max(0.0, time.seconds - in_ops);
    all.push_back(figures);
  }
  return all;
}

Json figures_json(const ForwardFigures& figures) {
  Json by_op = Json::object({});
  for (std::size_t kind = 0; kind < kNumOpKinds; ++kind) by_op.set(kOpNames[kind], 1000 * figures.by_op.of[kind]);
  Json json = Json::object({{"weights", figures.weights},
                            {"rows", figures.shape.rows},
                            {"context", figures.shape.context},
                            {"ms", figures.ms},
                            {"limit_ms", figures.limit_ms},
                            {"ratio_to_limit", figures.ratio_to_limit()},
                            {"ratio_to_one_row", figures.ratio_to_one_row},
                            {"bytes", figures.bytes},
                            {"gb_per_s", figures.gb_per_s},
                            {"share_of_bandwidth", figures.bandwidth_share},
                            {"share_of_peak", figures.peak_share},
                            {"share_not_matmul", figures.share_not_matmul()},
                            {"ms_by_op", by_op}});
  if (figures.shape.kind == ForwardKind::kPrefill) json.set("prefill_share_of_peak", figures.peak_share);
  return json;
}

std::string figures_table(const std::vector<ForwardFigures>& figures) {
  std::string table;
  std::string last_title;
  for (const ForwardFigures& one : figures) {
    const std::string title = one.shape.kind == ForwardKind::kPrefill
                                  ? one.weights + ", prefill: rows that are stored, the last of them predicted"
                                  : one.weights + ", context " + std::to_string(one.shape.context);
    if (title != last_title) table += (table.empty() ? "" : "\n") + title + "\n" + table_head();
    last_title = title;
    table += table_line(one);
  }
  return table;
}

}  // namespace wedlm
