#include "wedlm/train/run_folder.h"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/data.h"
#include "wedlm/base/error.h"

namespace wedlm::train {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class RunFolderTest : public testing::Test {
 protected:
  void save(std::int64_t step) const {
    folder_.save(folder_.checkpoint(step), [&](const fs::path& path) { std::ofstream(path / "step") << step; });
  }

  TemporaryFolder temporary_;
  RunFolder folder_{temporary_.path() / "run"};
};

TEST_F(RunFolderTest, TheNewestAreKeptAndTheBest) {
  for (const std::int64_t step : {9, 10, 100, 20, 30}) save(step);
  EXPECT_EQ(folder_.last_step(), 100);
  folder_.keep_newest(4, 10);
  EXPECT_THAT(folder_.steps(), ElementsAre(10, 20, 30, 100));
  folder_.keep_newest(2, 10);
  EXPECT_THAT(folder_.steps(), ElementsAre(10, 30, 100));
  folder_.keep_newest(1, 100);
  EXPECT_THAT(folder_.steps(), ElementsAre(100));
  folder_.keep_newest(3, std::nullopt);
  EXPECT_THAT(folder_.steps(), ElementsAre(100));
}

TEST_F(RunFolderTest, ALinkLeadsToTheBest) {
  save(5);
  save(6);
  folder_.link_best(5);
  EXPECT_EQ(read_text(folder_.best_checkpoint() / "step"), "5");
  folder_.link_best(6);
  EXPECT_EQ(read_text(folder_.best_checkpoint() / "step"), "6");
  fs::rename(temporary_.path() / "run", temporary_.path() / "moved");
  EXPECT_EQ(read_text(temporary_.path() / "moved" / "best" / "step"), "6");
  EXPECT_THROW(folder_.link_best(7), ResourceError);
}

TEST_F(RunFolderTest, OneRunHasIt) {
  EXPECT_THROW(RunFolder(temporary_.path() / "run"), InvalidInput);
}

}  // namespace
}  // namespace wedlm::train
