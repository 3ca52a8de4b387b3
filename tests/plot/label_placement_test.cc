#include "wedlm/plot/label_placement.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace wedlm {
namespace {

constexpr PlotBox kFrame = {0, 0, 780, 370};

void expect_clear(const std::vector<LabelWish>& wishes) {
  const LabelSpace space{.frame = kFrame, .mark_radius = 7};
  const std::vector<PlotBox> boxes = place_labels(wishes, space);
  ASSERT_EQ(boxes.size(), wishes.size());
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    EXPECT_GE(boxes[i].x, kFrame.x) << i;
    EXPECT_GE(boxes[i].y, kFrame.y) << i;
    EXPECT_LE(boxes[i].right(), kFrame.right()) << i;
    EXPECT_LE(boxes[i].bottom(), kFrame.bottom()) << i;
    for (std::size_t j = 0; j < boxes.size(); ++j) {
      EXPECT_TRUE(j == i || boxes[i].overlap(boxes[j]) == 0) << i << " " << j;
      const PlotPosition near = boxes[i].nearest(wishes[j].point);
      EXPECT_GE(std::hypot(near.x - wishes[j].point.x, near.y - wishes[j].point.y), 5) << i << " on mark " << j;
    }
  }
}

TEST(LabelPlacementTest, ALonePointHasItsLabelBesideIt) {
  const std::vector<LabelWish> wishes = {{.point = {100, 100}, .width = 60, .height = 15}};
  const PlotBox box = place_labels(wishes, {.frame = kFrame, .mark_radius = 7}).at(0);
  EXPECT_NEAR(box.x, 111, 0.01);
  EXPECT_NEAR(box.y + box.height / 2, 100, 0.01);
  EXPECT_EQ(box.width, 60);
}

TEST(LabelPlacementTest, LabelsInACrowdKeepOffEachOther) {
  std::mt19937 random(7);
  for (int round = 0; round < 10; ++round) {
    std::vector<LabelWish> wishes;
    for (int i = 0; i < 10; ++i) {
      const double x = 300 + random() % 120, y = 150 + random() % 90;
      wishes.push_back({.point = {x, y}, .width = 30.0 + random() % 90, .height = 15});
    }
    expect_clear(wishes);
  }
}

TEST(LabelPlacementTest, PointsInAColumnAtTheEdgeAreReadable) {
  std::vector<LabelWish> wishes;
  for (int i = 0; i < 8; ++i) wishes.push_back({.point = {770, 20.0 + 9 * i}, .width = 110, .height = 15});
  expect_clear(wishes);
}

TEST(PlotBoxTest, OverlapIsTheSharedArea) {
  const PlotBox box = {0, 0, 10, 10};
  EXPECT_EQ(box.overlap({5, 8, 10, 10}), 10);
  EXPECT_EQ(box.overlap({10, 0, 5, 5}), 0);
  EXPECT_EQ(box.nearest({20, 5}).x, 10);
  EXPECT_EQ(box.nearest({20, 5}).y, 5);
}

}  // namespace
}  // namespace wedlm
