#include "wedlm/plot/svg.h"

#include <array>
#include <cstdio>

namespace wedlm::svg {
namespace {

// Colours stand in plain rules, a dark page's behind them: not every viewer knows CSS variables.
constexpr const char* kStyle =
    "<style>\n"
    "text{font-family:system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;font-size:13px;fill:#1f2328}\n"
    ".title{font-size:19px;font-weight:600}.tick{font-size:12px}.soft,.tick{fill:#59636e}\n"
    ".panel-title{font-weight:600}\n"
    ".label{font-size:12px;stroke:#fff;stroke-width:3px;stroke-linejoin:round;paint-order:stroke}\n"
    ".page{fill:#fff}.grid{stroke:#e4e7eb}.axis,.base,.leader{stroke:#9aa2ab;fill:none}\n"
    ".base{stroke-dasharray:1 4;stroke-linecap:round}\n"
    ".front{stroke:#59636e;stroke-width:1.5;stroke-dasharray:6 4;fill:none}\n"
    ".curve{stroke-width:1.75;stroke-linejoin:round;fill:none}\n"
    ".mark{stroke:#fff;stroke-width:1.5}\n"
    ".g0{fill:#57606a}.g1{fill:#0b62d6}.g2{fill:#0a7d46}.g3{fill:#b25000}.g4{fill:#8250df}\n"
    ".c0{stroke:#57606a}.c1{stroke:#0b62d6}.c2{stroke:#0a7d46}.c3{stroke:#b25000}.c4{stroke:#8250df}\n"
    "@media (prefers-color-scheme:dark){text{fill:#e6edf3}.soft,.tick{fill:#9198a1}.label,.mark{stroke:#0d1117}"
    ".page{fill:#0d1117}.grid{stroke:#262c34}.axis,.base,.leader{stroke:#59616b}.front{stroke:#9198a1}"
    ".g0{fill:#a8b1bb}.g1{fill:#58a6ff}.g2{fill:#3fb950}.g3{fill:#f0913c}.g4{fill:#bc8cff}"
    ".c0{stroke:#a8b1bb}.c1{stroke:#58a6ff}.c2{stroke:#3fb950}.c3{stroke:#f0913c}.c4{stroke:#bc8cff}}\n"
    "</style>\n";

/// ` NAME="VALUE"`.
std::string attribute(const char* name, std::string_view value) {
  return std::string(" ").append(name).append("=\"").append(value).append("\"");
}

std::string attribute(const char* name, double value) {
  return attribute(name, number(value));
}

}  // namespace

std::string number(double value, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

std::string escaped(std::string_view text) {
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

std::string text(PlotPosition at, const TextStyle& style, std::string_view text) {
  return "<text" + attribute("x", at.x) + attribute("y", at.y) + attribute("class", style.css_class) +
         attribute("text-anchor", style.anchor) + ">" + escaped(text) + "</text>\n";
}

std::string line(PlotPosition a, PlotPosition b, const char* css_class) {
  return "<line" + attribute("x1", a.x) + attribute("y1", a.y) + attribute("x2", b.x) + attribute("y2", b.y) +
         attribute("class", css_class) + "/>\n";
}

std::string polyline(std::span<const PlotPosition> points, std::string_view css_classes) {
  std::string list;
  for (const PlotPosition& point : points) {
    list += (list.empty() ? "" : " ") + number(point.x) + "," + number(point.y);
  }
  return "<polyline" + attribute("points", list) + attribute("class", css_classes) + "/>\n";
}

std::string circle(PlotPosition centre, double radius, std::string_view css_classes) {
  return "<circle" + attribute("cx", centre.x) + attribute("cy", centre.y) + attribute("r", radius) +
         attribute("class", css_classes) + "/>";
}

std::string frame(const PlotBox& box) {
  return "<rect" + attribute("x", box.x) + attribute("y", box.y) + attribute("width", box.width) +
         attribute("height", box.height) + attribute("class", "axis") + "/>\n";
}

std::string upward_text(PlotPosition at, std::string_view text) {
  return "<text transform=\"translate(" + number(at.x) + " " + number(at.y) +
         ") rotate(-90)\" text-anchor=\"middle\">" + escaped(text) + "</text>\n";
}

double text_width(std::string_view text) {
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

std::string page(double width, double height, std::string_view title, const std::string& elements) {
  const std::string size = number(width, 0) + "\" height=\"" + number(height, 0);
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + size + "\" viewBox=\"0 0 " + number(width, 0) + " " +
         number(height, 0) + "\" role=\"img\">\n<title>" + escaped(title) + "</title>\n" + kStyle + "<rect width=\"" +
         size + "\" class=\"page\"/>\n" + elements + "</svg>\n";
}

}  // namespace wedlm::svg
