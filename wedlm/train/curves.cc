#include "wedlm/train/curves.h"

#include <algorithm>
#include <vector>

#include "wedlm/plot/curve_plot.h"

namespace wedlm::train {
namespace {

/// A row of metrics.jsonl as a curve.
struct Curve {
  const char* name;
  const char* metric;
  double factor = 1;
};

struct Panel {
  const char* title;
  const char* unit;
  ValueRange range;
  std::vector<Curve> curves;
};

std::vector<Panel> all_panels() {
  return {
      {.title = "Loss",
       .unit = "",
       .range = {.least = 0},
       .curves = {{"both", "loss"},
                  {"masked", "masked_loss"},
                  {"next token", "next_token_loss"},
                  {"held-out, both", "eval_loss"}}},
      {.title = "Held-out loss",
       .unit = "",
       .range = {.least = 0},
       .curves = {{"both", "eval_loss"}, {"masked", "eval_masked_loss"}, {"next token", "eval_next_token_loss"}}},
      {.title = "Right answers",
       .unit = " %",
       .range = {.least = 0, .most = 100},
       .curves = {{"exact", "exercise_accuracy", 100}, {"autoregressive", "exercise_accuracy_autoregressive", 100}}},
      {.title = "Tokens per forward",
       .unit = "",
       .range = {.least = 0},
       .curves = {{"exact", "exercise_tokens_per_forward"}}},
      {.title = "Learning rate", .unit = "", .range = {.least = 0}, .curves = {{"of the step", "learning_rate"}}},
      {.title = "Gradient norm", .unit = "", .range = {.least = 0}, .curves = {{"before clipping", "gradient_norm"}}}};
}

PlotCurve drawn(const Curve& curve, const Metrics& metrics) {
  PlotCurve drawn{.name = curve.name, .points = {}};
  for (const Metrics::Point& point : metrics.of(curve.metric)) {
    drawn.points.push_back({static_cast<double>(point.step), curve.factor * point.value});
  }
  return drawn;
}

}  // namespace

std::optional<std::string> curves(const Metrics& metrics, const std::string& name) {
  std::vector<PlotPanel> panels;
  std::size_t num_points = 0;
  for (const Panel& panel : all_panels()) {
    PlotPanel& plot = panels.emplace_back();
    plot = {.title = panel.title, .unit = panel.unit, .range = panel.range, .curves = {}};
    for (const Curve& curve : panel.curves) {
      plot.curves.push_back(drawn(curve, metrics));
      num_points += plot.curves.back().points.size();
    }
  }
  if (num_points == 0) return std::nullopt;
  const std::size_t num_steps = metrics.of("loss").size();
  std::string caption = std::to_string(num_steps) + " steps";
  if (num_steps > kMostCurvePoints) {
    caption += "; a point is the mean of some " + std::to_string(num_steps / kMostCurvePoints) + " steps";
  }
  return curve_plot({.title = "Training " + name, .caption = caption, .x_title = "Step"}, panels);
}

}  // namespace wedlm::train
