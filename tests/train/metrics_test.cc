#include "wedlm/train/metrics.h"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/data.h"
#include "wedlm/base/error.h"

namespace wedlm::train {
namespace {

class MetricsTest : public testing::Test {
 protected:
  static Json line(std::int64_t step, double loss) { return Json::object({{"step", step}, {"loss", loss}}); }
  /// Two steps, and a third whose line was cut.
  void write_killed_run() const {
    Metrics metrics(folder_.path(), std::nullopt);
    metrics.append(line(1, 0.5));
    metrics.append(Json::object({{"step", 1}, {"eval_loss", 0.25}}));
    metrics.append(line(2, 0.4));
    std::ofstream(file_, std::ios::app) << R"({"step":3,"lo)";
  }
  static std::vector<double> values(const Metrics::Series& series) {
    std::vector<double> values;
    for (const auto& point : series) values.push_back(point.value);
    return values;
  }

  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_.path() / "metrics.jsonl";
};

TEST_F(MetricsTest, ALineIsInTheFileAndInMemory) {
  Metrics metrics(folder_.path(), std::nullopt);
  metrics.append(line(1, 0.5));
  metrics.append(line(4, 0.25));
  EXPECT_EQ(read_text(file_), "{\"step\":1,\"loss\":0.5}\n{\"step\":4,\"loss\":0.25}\n");
  EXPECT_THAT(values(metrics.of("loss")), testing::ElementsAre(0.5, 0.25));
  EXPECT_EQ(metrics.of("loss")[1].step, 4);
  EXPECT_THAT(metrics.of("eval_loss"), testing::IsEmpty());
  EXPECT_THAT(metrics.of("step"), testing::IsEmpty());
}

TEST_F(MetricsTest, GoesOnAfterAStep) {
  write_killed_run();
  const Metrics metrics(folder_.path(), 1);
  EXPECT_EQ(read_text(file_), "{\"step\":1,\"loss\":0.5}\n{\"step\":1,\"eval_loss\":0.25}\n");
  EXPECT_THAT(values(metrics.of("loss")), testing::ElementsAre(0.5));
  EXPECT_TRUE(metrics.has("eval_loss", 1));
  EXPECT_FALSE(metrics.has("eval_loss", 2));
}

TEST_F(MetricsTest, ACutLineIsDropped) {
  write_killed_run();
  Metrics metrics(folder_.path(), 2);
  metrics.append(line(3, 0.3));
  EXPECT_THAT(read_text(file_), testing::EndsWith("{\"step\":2,\"loss\":0.4}\n{\"step\":3,\"loss\":0.3}\n"));
}

TEST_F(MetricsTest, ARunThatBeginsDropsAll) {
  write_killed_run();
  const Metrics metrics(folder_.path(), std::nullopt);
  EXPECT_EQ(read_text(file_), "");
  EXPECT_THAT(metrics.of("loss"), testing::IsEmpty());
}

}  // namespace
}  // namespace wedlm::train
