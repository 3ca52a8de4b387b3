#include "wedlm/eval/report_plots.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "wedlm/base/error.h"
#include "wedlm/plot/scatter_plot.h"

namespace wedlm {
namespace {

using ShareOf = const Tally& (*)(const ReportRow& row);

std::string detail_of(const ReportRow& row, double percent) {
  std::array<char, 96> figures{};
  std::snprintf(figures.data(), figures.size(), ": %.2fx, %.1f %%", row.speed_up, percent);
  return row.name.text + figures.data();
}

std::vector<PlotPoint> points_of(std::span<const ReportRow> rows, ShareOf share_of) {
  std::vector<PlotPoint> points;
  for (const ReportRow& row : rows) {
    const double percent = 100 * share_of(row).share();
    points.push_back({.x = percent,
                      .y = row.speed_up,
                      .group = row.name.mode,
                      .label = row.name.short_text,
                      .detail = detail_of(row, percent)});
  }
  return points;
}

PlotAxis speed_axis(const ReportRow& base) {
  return {.title = "Speed-up over " + base.name.mode, .unit = "×"};
}

}  // namespace

std::string agreement_plot(std::span<const ReportRow> rows, const std::string& caption) {
  const ReportRow& base = rows.front();
  const PlotText text = {.title = "Speed against agreement with " + base.name.mode + " decoding",
                         .caption = caption,
                         .x = {.title = "Answers with the same text as " + base.name.mode, .unit = " %", .most = 100},
                         .y = speed_axis(base)};
  return scatter_plot(text, points_of(rows, [](const ReportRow& row) -> const Tally& { return row.equal; }));
}

std::string accuracy_plot(std::span<const ReportRow> rows, const std::string& caption) {
  if (rows.front().right.num_all == 0) {
    throw InvalidInput("plot of accuracy: expected prompts with known answers, found none");
  }
  const PlotText text = {.title = "Speed against accuracy",
                         .caption = caption,
                         .x = {.title = "Right answers", .unit = " %", .most = 100},
                         .y = speed_axis(rows.front())};
  return scatter_plot(text, points_of(rows, [](const ReportRow& row) -> const Tally& { return row.right; }));
}

}  // namespace wedlm
