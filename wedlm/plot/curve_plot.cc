#include "wedlm/plot/curve_plot.h"

#include <algorithm>
#include <cmath>

#include "wedlm/base/error.h"
#include "wedlm/plot/svg.h"

namespace wedlm {
namespace {

constexpr double kWidth = 880;
constexpr double kLeft = 72, kRight = kWidth - 24;    // of the frames
constexpr double kHeadings = 74;                      // above the first panel
constexpr double kFrameTop = 28, kFrameHeight = 170;  // of a panel
constexpr double kPanelHeight = kFrameTop + kFrameHeight + 16;
constexpr double kFooter = 50;  // numbers and title of the x axis
constexpr double kMarkRadius = 3.5;
constexpr std::size_t kMostMarks = 60;

std::vector<PlotPosition> thinned(const std::vector<PlotPosition>& points) {
  if (points.size() <= kMostCurvePoints) return points;
  std::vector<PlotPosition> means;
  for (std::size_t part = 0; part < kMostCurvePoints; ++part) {
    const std::size_t begin = part * points.size() / kMostCurvePoints;
    const std::size_t end = (part + 1) * points.size() / kMostCurvePoints;
    PlotPosition sum;
    for (std::size_t i = begin; i < end; ++i) sum = {sum.x + points[i].x, sum.y + points[i].y};
    const auto count = static_cast<double>(end - begin);
    means.push_back({sum.x / count, sum.y / count});
  }
  return means;
}

std::vector<PlotPanel> panels_with_curves(std::span<const PlotPanel> panels) {
  std::vector<PlotPanel> drawn;
  for (PlotPanel panel : panels) {
    std::erase_if(panel.curves, [](const PlotCurve& curve) { return curve.points.empty(); });
    for (PlotCurve& curve : panel.curves) curve.points = thinned(curve.points);
    if (!panel.curves.empty()) drawn.push_back(std::move(panel));
  }
  if (drawn.empty()) throw InternalError("plot: expected at least one curve, got none");
  return drawn;
}

using Coordinate = double PlotPosition::*;

std::vector<double> values_of(const PlotPanel& panel, Coordinate coordinate) {
  std::vector<double> values;
  for (const PlotCurve& curve : panel.curves) {
    for (const PlotPosition& point : curve.points) {
      if (!std::isfinite(point.*coordinate)) throw InternalError("plot: a value that is not finite");
      values.push_back(point.*coordinate);
    }
  }
  return values;
}

class Drawing {
 public:
  Drawing(const CurvePlotText& text, std::span<const PlotPanel> panels)
      : text_(text), panels_(panels_with_curves(panels)) {
    std::vector<double> xs;
    for (const PlotPanel& panel : panels_) {
      const auto more = values_of(panel, &PlotPosition::x);
      xs.insert(xs.end(), more.begin(), more.end());
    }
    x_ = AxisScale(xs, {.least = 0}, {kLeft, kRight});
  }

  std::string drawn() const {
    std::string elements = svg::text({kLeft, 34}, {"title", "start"}, text_.title) +
                           svg::text({kLeft, 56}, {"soft", "start"}, text_.caption);
    double top = kHeadings;
    for (const PlotPanel& panel : panels_) {
      elements += drawn(panel, top);
      top += kPanelHeight;
    }
    for (const double tick : x_.ticks()) {
      elements += svg::text({x_(tick), top + 4}, {"tick", "middle"}, x_.text(tick));
    }
    elements += svg::text({(kLeft + kRight) / 2, top + 30}, {"axis-title", "middle"}, text_.x_title);
    return svg::page(kWidth, top + kFooter, text_.title, elements);
  }

 private:
  std::string drawn(const PlotPanel& panel, double top) const {
    const PlotBox frame = {kLeft, top + kFrameTop, kRight - kLeft, kFrameHeight};
    const AxisScale y(values_of(panel, &PlotPosition::y), panel.range, {frame.bottom() - 8, frame.y + 8});
    std::string out = svg::text({kLeft, top + 18}, {"panel-title", "start"}, panel.title);
    double x = kLeft + 1.25 * svg::text_width(panel.title) + 24;
    for (std::size_t i = 0; i < panel.curves.size(); ++i) {
      const std::string colour = std::to_string(i % svg::kNumColours);
      out += svg::polyline(std::vector<PlotPosition>{{x, top + 14}, {x + 22, top + 14}}, "curve c" + colour) +
             svg::text({x + 29, top + 18}, {"legend", "start"}, panel.curves[i].name);
      x += 29 + 1.1 * svg::text_width(panel.curves[i].name) + 20;
    }
    for (const double tick : y.ticks()) {
      out += svg::line({frame.x, y(tick)}, {frame.right(), y(tick)}, "grid") +
             svg::text({frame.x - 8, y(tick) + 4}, {"tick", "end"}, y.text(tick) + panel.unit);
    }
    for (const double tick : x_.ticks()) out += svg::line({x_(tick), frame.y}, {x_(tick), frame.bottom()}, "grid");
    out += svg::frame(frame);
    for (std::size_t i = 0; i < panel.curves.size(); ++i) out += curve(panel.curves[i], y, i % svg::kNumColours);
    return out;
  }

  std::string curve(const PlotCurve& curve, const AxisScale& y, std::size_t colour) const {
    std::vector<PlotPosition> points;
    for (const PlotPosition& point : curve.points) points.push_back({x_(point.x), y(point.y)});
    std::string out = svg::polyline(points, "curve c" + std::to_string(colour));
    if (points.size() > kMostMarks) return out;
    for (const PlotPosition& point : points) {
      out += svg::circle(point, kMarkRadius, "mark g" + std::to_string(colour)) + "\n";
    }
    return out;
  }

  const CurvePlotText& text_;
  std::vector<PlotPanel> panels_;
  AxisScale x_;
};

}  // namespace

std::string curve_plot(const CurvePlotText& text, std::span<const PlotPanel> panels) {
  return Drawing(text, panels).drawn();
}

}  // namespace wedlm
