#include "wedlm/plot/label_placement.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace wedlm {
namespace {

constexpr std::array kDistances = {4.0, 10.0, 18.0, 28.0, 40.0, 54.0, 70.0, 90.0, 115.0};
constexpr int kNumDirections = 24;  // the first points to the right
constexpr int kNumRounds = 12;
constexpr double kGap = 3;  // that labels keep from each other

// Costs, in pixels of distance.
constexpr double kOutside = 1e6;
constexpr double kPerOverlap = 40;  // for each square pixel
constexpr double kCrossing = 60;    // a leader that goes through a label or a mark
constexpr double kOnLine = 12;      // a label across a line

PlotBox widened(const PlotBox& box, double by) {
  return {box.x - by, box.y - by, box.width + 2 * by, box.height + 2 * by};
}

PlotBox around(PlotPosition point, double radius) {
  return {point.x - radius, point.y - radius, 2 * radius, 2 * radius};
}

/// Whether the straight line from `a` to `b` meets the box, looked at every two pixels.
bool meets(const PlotBox& box, PlotPosition a, PlotPosition b) {
  const int num_steps = std::max(1, static_cast<int>(std::hypot(b.x - a.x, b.y - a.y) / 2));
  for (int i = 0; i <= num_steps; ++i) {
    const double at = static_cast<double>(i) / num_steps;
    const double x = a.x + at * (b.x - a.x), y = a.y + at * (b.y - a.y);
    if (x > box.x && x < box.right() && y > box.y && y < box.bottom()) return true;
  }
  return false;
}

/// Right is where a reader looks first, then left, then above and below.
double preference(int direction) {
  constexpr int kQuarter = kNumDirections / 4;
  if (direction == 0) return 0;
  if (direction == 2 * kQuarter) return 1;
  return direction % kQuarter == 0 ? 2 : 3;
}

/// A box at that distance from the mark in that direction, or a little nearer between the four main ones.
PlotBox candidate(const LabelWish& wish, double radius, double distance, int direction) {
  const double angle = 2 * std::numbers::pi * direction / kNumDirections;
  const double dx = std::cos(angle), dy = std::sin(angle);
  const double center_x = wish.point.x + dx * (radius + distance + wish.width / 2);
  const double center_y = wish.point.y + dy * (radius + distance + wish.height / 2);
  return {center_x - wish.width / 2, center_y - wish.height / 2, wish.width, wish.height};
}

struct Situation {
  std::span<const LabelWish> wishes;
  const LabelSpace& space;
  const std::vector<PlotBox>& boxes;
  std::size_t num_placed;  // boxes that count
};

double cost(const Situation& now, std::size_t self, const PlotBox& box) {
  const PlotBox& frame = now.space.frame;
  const PlotPosition point = now.wishes[self].point;
  const PlotPosition end = box.nearest(point);
  double cost = 0;
  if (box.x < frame.x || box.right() > frame.right() || box.y < frame.y || box.bottom() > frame.bottom()) {
    cost += kOutside;
  }
  for (std::size_t i = 0; i < now.wishes.size(); ++i) {
    const PlotBox mark = around(now.wishes[i].point, now.space.mark_radius);
    cost += kPerOverlap * box.overlap(mark);
    if (i == self) continue;
    if (meets(mark, point, end)) cost += kCrossing;
    if (i >= now.num_placed) continue;
    cost += kPerOverlap * widened(box, kGap).overlap(now.boxes[i]);
    if (meets(now.boxes[i], point, end)) cost += kCrossing;
    const PlotPosition other = now.wishes[i].point;
    if (meets(box, other, now.boxes[i].nearest(other))) cost += kCrossing;
  }
  for (const PlotLine& line : now.space.lines) {
    if (meets(box, line.from, line.to)) cost += kOnLine;
  }
  return cost;
}

PlotBox best_box(const Situation& now, std::size_t self) {
  PlotBox best;
  double best_cost = HUGE_VAL;
  for (const double distance : kDistances) {
    for (int direction = 0; direction < kNumDirections; ++direction) {
      const PlotBox box = candidate(now.wishes[self], now.space.mark_radius, distance, direction);
      const double its_cost = distance + preference(direction) + cost(now, self, box);
      if (its_cost < best_cost - 1e-9) {
        best = box;
        best_cost = its_cost;
      }
    }
  }
  return best;
}

}  // namespace

std::vector<PlotBox> place_labels(std::span<const LabelWish> wishes, const LabelSpace& space) {
  std::vector<PlotBox> boxes(wishes.size());
  bool has_moved = true;
  for (int round = 0; round < kNumRounds && has_moved; ++round) {
    has_moved = false;
    for (std::size_t i = 0; i < wishes.size(); ++i) {
      const PlotBox box = best_box({wishes, space, boxes, round == 0 ? i : wishes.size()}, i);
      has_moved |= round == 0 || box.x != boxes[i].x || box.y != boxes[i].y;
      boxes[i] = box;
    }
  }
  return boxes;
}

}  // namespace wedlm
