#include "wedlm/plot/scatter_plot.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "wedlm/base/error.h"
#include "wedlm/plot/axis_scale.h"
#include "wedlm/plot/label_placement.h"
#include "wedlm/plot/svg.h"

namespace wedlm {
namespace {

constexpr double kWidth = 880, kHeight = 540;
constexpr PlotBox kFrame = {72, 104, 784, 372};
constexpr double kInset = 26;  // from the frame to the first and last tick
constexpr double kMarkRadius = 6;
constexpr double kLabelHeight = 15;
constexpr double kLeaderFrom = 9;  // pixels between mark and label from which on a line joins them

std::string mark(PlotPosition at, std::size_t style) {
  const std::string css = "mark g" + std::to_string(style);
  const double r = kMarkRadius;
  const auto polygon = [&](const std::vector<PlotPosition>& corners) {
    std::string list;
    for (const PlotPosition& corner : corners) {
      list += (list.empty() ? "" : " ") + svg::number(at.x + corner.x) + "," + svg::number(at.y + corner.y);
    }
    return "<polygon points=\"" + list + "\" class=\"" + css + "\"/>";
  };
  switch (style) {
    case 1:
      return svg::circle(at, r, css);
    case 2:
      return polygon({{0, -r - 1.5}, {r + 1.5, 0}, {0, r + 1.5}, {-r - 1.5, 0}});
    case 3:
      return polygon({{0, -r - 1}, {r + 1, r}, {-r - 1, r}});
    case 4:
      return polygon({{0, r + 1}, {r + 1, -r}, {-r - 1, -r}});
    default:
      return polygon({{-r, -r}, {r, -r}, {r, r}, {-r, r}});
  }
}

class Drawing {
 public:
  Drawing(const PlotText& text, std::span<const PlotPoint> points) : text_(text), points_(points) {
    std::vector<double> xs, ys;
    for (const PlotPoint& point : points) {
      if (!std::isfinite(point.x) || !std::isfinite(point.y)) throw InternalError("plot: a value that is not finite");
      xs.push_back(point.x);
      ys.push_back(point.y);
      if (std::find(groups_.begin(), groups_.end(), point.group) == groups_.end()) groups_.push_back(point.group);
    }
    if (points.empty()) throw InternalError("plot: expected at least one point, got none");
    x_ = AxisScale(xs, {.most = text.x.most}, {kFrame.x + kInset, kFrame.right() - kInset});
    y_ = AxisScale(ys, {.most = text.y.most}, {kFrame.bottom() - kInset, kFrame.y + kInset});
  }

  std::string drawn() const {
    return svg::page(kWidth, kHeight, text_.title, headings() + axes() + base_lines() + front() + marks() + labels());
  }

 private:
  PlotPosition at(const PlotPoint& point) const { return {x_(point.x), y_(point.y)}; }

  std::size_t style_of(const std::string& group) const {
    return static_cast<std::size_t>(std::find(groups_.begin(), groups_.end(), group) - groups_.begin()) %
           svg::kNumColours;
  }

  std::string headings() const {
    std::string out = svg::text({kFrame.x, 34}, {"title", "start"}, text_.title) +
                      svg::text({kFrame.x, 56}, {"soft", "start"}, text_.caption);
    double x = kFrame.x;
    for (const std::string& group : groups_) {
      out +=
          mark({x + kMarkRadius, 82}, style_of(group)) + "\n" + svg::text({x + 20, 86.5}, {"legend", "start"}, group);
      x += 20 + 1.1 * svg::text_width(group) + 22;
    }
    if (front_of(points_).size() > 1) {
      out += svg::line({x, 82}, {x + 28, 82}, "front") +
             svg::text({x + 36, 86.5}, {"soft", "start"}, "none is better in both");
    }
    return out;
  }

  std::string axes() const {
    std::string out;
    for (const double tick : x_.ticks()) {
      out += svg::line({x_(tick), kFrame.y}, {x_(tick), kFrame.bottom()}, "grid") +
             svg::text({x_(tick), kFrame.bottom() + 20}, {"tick", "middle"}, x_.text(tick) + text_.x.unit);
    }
    for (const double tick : y_.ticks()) {
      out += svg::line({kFrame.x, y_(tick)}, {kFrame.right(), y_(tick)}, "grid") +
             svg::text({kFrame.x - 8, y_(tick) + 4}, {"tick", "end"}, y_.text(tick) + text_.y.unit);
    }
    return out + svg::frame(kFrame) +
           svg::text({kFrame.x + kFrame.width / 2, kFrame.bottom() + 46}, {"axis-title", "middle"}, text_.x.title) +
           svg::upward_text({22, kFrame.y + kFrame.height / 2}, text_.y.title);
  }

  std::array<PlotLine, 2> base_positions() const {
    const PlotPosition base = at(points_.front());
    return {PlotLine{{kFrame.x, base.y}, {kFrame.right(), base.y}},
            PlotLine{{base.x, kFrame.y}, {base.x, kFrame.bottom()}}};
  }

  std::string base_lines() const {
    std::string out;
    for (const PlotLine& one : base_positions()) out += svg::line(one.from, one.to, "base");
    return out;
  }

  std::string front() const {
    std::vector<PlotPosition> positions;
    for (const std::size_t i : front_of(points_)) positions.push_back(at(points_[i]));
    return svg::polyline(positions, "front");
  }

  /// The front's and the base's.
  std::vector<PlotLine> all_lines() const {
    const std::array<PlotLine, 2> base = base_positions();
    std::vector<PlotLine> lines(base.begin(), base.end());
    const std::vector<std::size_t> front = front_of(points_);
    for (std::size_t i = 1; i < front.size(); ++i) lines.push_back({at(points_[front[i - 1]]), at(points_[front[i]])});
    return lines;
  }

  std::string marks() const {
    std::string out;
    for (const PlotPoint& point : points_) {
      out += "<g><title>" + svg::escaped(point.detail) + "</title>" + mark(at(point), style_of(point.group)) + "</g>\n";
    }
    return out;
  }

  std::string labels() const {
    std::vector<LabelWish> wishes;
    for (const PlotPoint& point : points_) {
      wishes.push_back({.point = at(point), .width = svg::text_width(point.label), .height = kLabelHeight});
    }
    const std::vector<PlotLine> lines = all_lines();
    const std::vector<PlotBox> boxes =
        place_labels(wishes, {.frame = {kFrame.x + 4, kFrame.y + 4, kFrame.width - 8, kFrame.height - 8},
                              .mark_radius = kMarkRadius + 1,
                              .lines = lines});
    std::string leaders, texts;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      if (points_[i].label.empty()) continue;
      const PlotPosition point = wishes[i].point;
      const PlotPosition end = boxes[i].nearest(point);
      const double distance = std::hypot(end.x - point.x, end.y - point.y);
      if (distance > kMarkRadius + kLeaderFrom) {
        const double start = (kMarkRadius + 2) / distance;
        leaders += svg::line({point.x + start * (end.x - point.x), point.y + start * (end.y - point.y)}, end, "leader");
      }
      // A text on the left ends at its mark, whatever its true width is.
      const bool is_left = boxes[i].right()<point.x, is_right = boxes[i].x> point.x;
      const double x = is_left ? boxes[i].right() : is_right ? boxes[i].x : boxes[i].x + boxes[i].width / 2;
      texts += svg::text({x, boxes[i].bottom() - 3.5},
                         {"label", is_left    ? "end"
                                   : is_right ? "start"
                                              : "middle"},
                         points_[i].label);
    }
    return leaders + texts;
  }

  const PlotText& text_;
  std::span<const PlotPoint> points_;
  std::vector<std::string> groups_;
  AxisScale x_, y_;
};

}  // namespace

std::string scatter_plot(const PlotText& text, std::span<const PlotPoint> points) {
  return Drawing(text, points).drawn();
}

std::vector<std::size_t> front_of(std::span<const PlotPoint> points) {
  std::vector<std::size_t> front;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const bool is_beaten = std::any_of(points.begin(), points.end(), [&](const PlotPoint& other) {
      return other.x >= points[i].x && other.y >= points[i].y && (other.x > points[i].x || other.y > points[i].y);
    });
    if (!is_beaten) front.push_back(i);
  }
  std::sort(front.begin(), front.end(), [&](std::size_t a, std::size_t b) {
    return points[a].x != points[b].x ? points[a].x < points[b].x : points[a].y > points[b].y;
  });
  return front;
}

}  // namespace wedlm
