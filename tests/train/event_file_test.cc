#include "wedlm/train/event_file.h"

#include <gmock/gmock.h>

#include "tests/support/data.h"
#include "wedlm/base/error.h"

namespace wedlm::train {
namespace {

namespace fs = std::filesystem;

TEST(EventFileTest, ARecordIsWhatTensorBoardsOwnWriterWrites) {
  const std::vector<Scalar> before = {{"eval/loss", 2.5F}};
  const std::vector<Scalar> after = {{"train/loss", 0.0F}, {"train/learning_rate", 3e-6F}};
  EXPECT_EQ(version_record(1700000000.25) + start_record(1700000001, 301) + scalars_record(1700000002.5, 0, before) +
                scalars_record(1700000002.5, 301, after),
            read_text(test_data("events/recorded.tfevents")));
}

TEST(EventFileTest, AFileBeginsWithItsVersionAndGrows) {
  const TemporaryFolder folder;
  const EventFile events(folder.path(), 7);
  const fs::path path = fs::directory_iterator(folder.path())->path();
  EXPECT_THAT(path.filename().string(), testing::StartsWith("events.out.tfevents."));
  const std::string begun = read_text(path);
  EXPECT_EQ(begun.size(), version_record(0).size() + start_record(0, 7).size());
  EXPECT_THAT(begun, testing::HasSubstr("brain.Event:2"));
  const std::vector<Scalar> values = {{"train/loss", 1.0F}};
  events.append(8, values);
  const std::string grown = read_text(path);
  EXPECT_THAT(grown, testing::StartsWith(begun));
  EXPECT_EQ(grown.size(), begun.size() + scalars_record(0, 8, values).size());
  EXPECT_THROW(EventFile(folder.path() / "none", 0), ResourceError);
}

}  // namespace
}  // namespace wedlm::train
