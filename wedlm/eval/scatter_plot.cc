#include "wedlm/eval/scatter_plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "wedlm/base/error.h"
#include "wedlm/eval/label_placement.h"

namespace wedlm {
namespace {

constexpr double kWidth = 880, kHeight = 540;
constexpr PlotBox kFrame = {72, 104, 784, 372};
constexpr double kInset = 26;  // from the frame to the first and last tick
constexpr double kMarkRadius = 6;
constexpr double kLabelHeight = 15;
constexpr double kLeaderFrom = 9;  // pixels between mark and label from which on a line joins them
constexpr std::size_t kNumStyles = 5;

// Colours stand in plain rules, a dark page's behind them: not every viewer knows CSS variables.
constexpr const char* kStyle =
    "<style>\n"
    "text{font-family:system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;font-size:13px;fill:#1f2328}\n"
    ".title{font-size:19px;font-weight:600}.tick{font-size:12px}.soft,.tick{fill:#59636e}\n"
    ".label{font-size:12px;stroke:#fff;stroke-width:3px;stroke-linejoin:round;paint-order:stroke}\n"
    ".page{fill:#fff}.grid{stroke:#e4e7eb}.axis,.base,.leader{stroke:#9aa2ab;fill:none}\n"
    ".base{stroke-dasharray:1 4;stroke-linecap:round}\n"
    ".front{stroke:#59636e;stroke-width:1.5;stroke-dasharray:6 4;fill:none}\n"
    ".mark{stroke:#fff;stroke-width:1.5}\n"
    ".g0{fill:#57606a}.g1{fill:#0b62d6}.g2{fill:#0a7d46}.g3{fill:#b25000}.g4{fill:#8250df}\n"
    "@media (prefers-color-scheme:dark){text{fill:#e6edf3}.soft,.tick{fill:#9198a1}.label,.mark{stroke:#0d1117}"
    ".page{fill:#0d1117}.grid{stroke:#262c34}.axis,.base,.leader{stroke:#59616b}.front{stroke:#9198a1}"
    ".g0{fill:#a8b1bb}.g1{fill:#58a6ff}.g2{fill:#3fb950}.g3{fill:#f0913c}.g4{fill:#bc8cff}}\n"
    "</style>\n";

std::string number(double value, int digits = 1) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

struct TextStyle {
  const char* css_class;
  const char* anchor;  // "start", "middle" or "end"
};

std::string text_at(PlotPosition at, const TextStyle& style, const std::string& text) {
  return "<text x=\"" + number(at.x) + "\" y=\"" + number(at.y) + "\" class=\"" + style.css_class +
         "\" text-anchor=\"" + style.anchor + "\">" + escaped(text) + "</text>\n";
}

std::string line(PlotPosition a, PlotPosition b, const char* css_class) {
  return "<line x1=\"" + number(a.x) + "\" y1=\"" + number(a.y) + "\" x2=\"" + number(b.x) + "\" y2=\"" + number(b.y) +
         "\" class=\"" + css_class + "\"/>\n";
}

/// Pixels that a text of 12 takes in a common sans-serif font, rather too many than too few.
double text_width(const std::string& text) {
  double width = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 && byte < 0xC0) continue;  // a later byte of a character
    const bool is_narrow = std::string_view("ijl.,:;|!'() ft-[]").find(c) != std::string_view::npos;
    const bool is_wide = std::string_view("mwMW@%").find(c) != std::string_view::npos;
    width += is_narrow ? 4.4 : is_wide ? 10.6 : c >= 'A' && c <= 'Z' ? 8.6 : 7.1;
  }
  return width;
}

/// One axis: values to pixels.
struct Scale {
  std::vector<double> ticks;
  double first_pixel, last_pixel;

  double operator()(double value) const {
    const double span = ticks.back() - ticks.front();
    return first_pixel + (value - ticks.front()) / span * (last_pixel - first_pixel);
  }
  int digits() const {
    const double step = ticks[1] - ticks[0];
    return step >= 1 ? 0 : step >= 0.1 ? 1 : step >= 0.01 ? 2 : 3;
  }
};

Scale scale_of(const std::vector<double>& values, const PlotAxis& axis, double first_pixel, double last_pixel) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  std::vector<double> ticks = nice_ticks(*low, *high);
  // Equal values are spread around them, which must not go past the most that there can be.
  while (ticks.size() > 2 && ticks.back() > axis.most && *high <= ticks[ticks.size() - 2]) ticks.pop_back();
  return {.ticks = std::move(ticks), .first_pixel = first_pixel, .last_pixel = last_pixel};
}

std::string mark(PlotPosition at, std::size_t style) {
  const std::string css = "class=\"mark g" + std::to_string(style) + "\"";
  const double r = kMarkRadius;
  const auto polygon = [&](const std::vector<PlotPosition>& corners) {
    std::string list;
    for (const PlotPosition& corner : corners) {
      list += (list.empty() ? "" : " ") + number(at.x + corner.x) + "," + number(at.y + corner.y);
    }
    return "<polygon points=\"" + list + "\" " + css + "/>";
  };
  switch (style) {
    case 1:
      return "<circle cx=\"" + number(at.x) + "\" cy=\"" + number(at.y) + "\" r=\"" + number(r) + "\" " + css + "/>";
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
    x_ = scale_of(xs, text.x, kFrame.x + kInset, kFrame.right() - kInset);
    y_ = scale_of(ys, text.y, kFrame.bottom() - kInset, kFrame.y + kInset);
  }

  std::string svg() const {
    const std::string size = number(kWidth, 0) + "\" height=\"" + number(kHeight, 0);
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + size + "\" viewBox=\"0 0 " + number(kWidth, 0) + " " +
           number(kHeight, 0) + "\" role=\"img\">\n<title>" + escaped(text_.title) + "</title>\n" + kStyle +
           "<rect width=\"" + size + "\" class=\"page\"/>\n" + headings() + axes() + base_lines() + front() + marks() +
           labels() + "</svg>\n";
  }

 private:
  PlotPosition at(const PlotPoint& point) const { return {x_(point.x), y_(point.y)}; }

  std::size_t style_of(const std::string& group) const {
    return static_cast<std::size_t>(std::find(groups_.begin(), groups_.end(), group) - groups_.begin()) % kNumStyles;
  }

  std::string headings() const {
    std::string out = text_at({kFrame.x, 34}, {"title", "start"}, text_.title) +
                      text_at({kFrame.x, 56}, {"soft", "start"}, text_.caption);
    double x = kFrame.x;
    for (const std::string& group : groups_) {
      out += mark({x + kMarkRadius, 82}, style_of(group)) + "\n" + text_at({x + 20, 86.5}, {"legend", "start"}, group);
      x += 20 + 1.1 * text_width(group) + 22;
    }
    if (front_of(points_).size() > 1) {
      out +=
          line({x, 82}, {x + 28, 82}, "front") + text_at({x + 36, 86.5}, {"soft", "start"}, "none is better in both");
    }
    return out;
  }

  std::string axes() const {
    std::string out;
    for (const double tick : x_.ticks) {
      out += line({x_(tick), kFrame.y}, {x_(tick), kFrame.bottom()}, "grid") +
             text_at({x_(tick), kFrame.bottom() + 20}, {"tick", "middle"}, number(tick, x_.digits()) + text_.x.unit);
    }
    for (const double tick : y_.ticks) {
      out += line({kFrame.x, y_(tick)}, {kFrame.right(), y_(tick)}, "grid") +
             text_at({kFrame.x - 8, y_(tick) + 4}, {"tick", "end"}, number(tick, y_.digits()) + text_.y.unit);
    }
    const std::string middle_y = number(kFrame.y + kFrame.height / 2);
    return out + "<rect x=\"" + number(kFrame.x) + "\" y=\"" + number(kFrame.y) + "\" width=\"" + number(kFrame.width) +
           "\" height=\"" + number(kFrame.height) + "\" class=\"axis\"/>\n" +
           text_at({kFrame.x + kFrame.width / 2, kFrame.bottom() + 46}, {"axis-title", "middle"}, text_.x.title) +
           "<text transform=\"translate(22 " + middle_y + ") rotate(-90)\" text-anchor=\"middle\">" +
           escaped(text_.y.title) + "</text>\n";
  }

  std::array<PlotLine, 2> base_positions() const {
    const PlotPosition base = at(points_.front());
    return {PlotLine{{kFrame.x, base.y}, {kFrame.right(), base.y}},
            PlotLine{{base.x, kFrame.y}, {base.x, kFrame.bottom()}}};
  }

  std::string base_lines() const {
    std::string out;
    for (const PlotLine& one : base_positions()) out += line(one.from, one.to, "base");
    return out;
  }

  std::string front() const {
    std::string list;
    for (const std::size_t i : front_of(points_)) {
      const PlotPosition position = at(points_[i]);
      list += (list.empty() ? "" : " ") + number(position.x) + "," + number(position.y);
    }
    return "<polyline points=\"" + list + "\" class=\"front\"/>\n";
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
      out += "<g><title>" + escaped(point.detail) + "</title>" + mark(at(point), style_of(point.group)) + "</g>\n";
    }
    return out;
  }

  std::string labels() const {
    std::vector<LabelWish> wishes;
    for (const PlotPoint& point : points_) {
      wishes.push_back({.point = at(point), .width = text_width(point.label), .height = kLabelHeight});
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
        leaders += line({point.x + start * (end.x - point.x), point.y + start * (end.y - point.y)}, end, "leader");
      }
      // A text on the left ends at its mark, whatever its true width is.
      const bool is_left = boxes[i].right()<point.x, is_right = boxes[i].x> point.x;
      const double x = is_left ? boxes[i].right() : is_right ? boxes[i].x : boxes[i].x + boxes[i].width / 2;
      texts += text_at({x, boxes[i].bottom() - 3.5},
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
  Scale x_, y_;
};

}  // namespace

std::string scatter_plot(const PlotText& text, std::span<const PlotPoint> points) {
  return Drawing(text, points).svg();
}

std::vector<double> nice_ticks(double low, double high) {
  if (!(high > low)) {
    const double spread = low == 0 ? 1 : std::abs(low) * 0.05;
    low -= spread;
    high += spread;
  }
  const double rough = (high - low) / 6;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {5.0, 2.0, 1.0}) {
    if (rough <= factor * power) step = factor * power;
  }
  const auto first = static_cast<std::int64_t>(std::floor(low / step + 1e-9));
  const auto last = static_cast<std::int64_t>(std::ceil(high / step - 1e-9));
  std::vector<double> ticks;
  for (std::int64_t i = first; i <= last; ++i) ticks.push_back(static_cast<double>(i) * step);
  return ticks;
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
