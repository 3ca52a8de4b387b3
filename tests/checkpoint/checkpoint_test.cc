// What checkpoints open to; those that must not open are in tests/support/malformed_checkpoints.
#include "wedlm/checkpoint/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "tests/support/data.h"
#include "tests/support/malformed_checkpoints.h"
#include "wedlm/base/error.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;

TEST(CheckpointTest, OpensASingleFile) {
  const Checkpoint nano = Checkpoint::open(nano_model());
  EXPECT_EQ(nano.folder(), nano_model());
  EXPECT_EQ(nano.config().at("model_type").as_string(), "wedlm");
  ASSERT_NE(nano.generation_config(), nullptr);
  EXPECT_EQ(nano.generation_config()->at("do_sample"), Json(false));
  EXPECT_EQ(nano.files().size(), 1U);
  EXPECT_EQ(nano.tensors().size(), 57U);
  EXPECT_EQ(nano.total_bytes(), 7'936'768);
  ASSERT_NE(nano.find("model.norm.weight"), nullptr);
  EXPECT_EQ(nano.find("model.norm.weight")->tensor.shape(), Shape{256});
  EXPECT_EQ(nano.find("model.norm.weigh"), nullptr);
  EXPECT_EQ(nano.find(""), nullptr);
  EXPECT_EQ(nano.find("zzz"), nullptr);
}

TEST(CheckpointTest, OpensShardsAndSaysWhichFileATensorIsFrom) {
  const fs::path folder = test_data("checkpoints/qwen3-untied-2shards-bf16");
  Checkpoint opened = Checkpoint::open(folder);
  const Checkpoint checkpoint = std::move(opened);
  EXPECT_EQ(checkpoint.generation_config(), nullptr);
  ASSERT_EQ(checkpoint.files().size(), 2U);
  EXPECT_EQ(checkpoint.tensors().size(), 25U);
  const Json index = parse_json(read_text(folder / "model.safetensors.index.json"), "index");
  EXPECT_EQ(checkpoint.total_bytes(), index.at("metadata").at("total_size").as_integer());
  for (const Checkpoint::Entry& entry : checkpoint.tensors()) {
    EXPECT_EQ(checkpoint.files()[entry.file].path().filename(), index.at("weight_map").at(entry.name).as_string());
    EXPECT_EQ(checkpoint.find(entry.name), &entry);
  }
  EXPECT_TRUE(std::is_sorted(checkpoint.tensors().begin(), checkpoint.tensors().end(),
                             [](const auto& a, const auto& b) { return a.name < b.name; }));
}

TEST(CheckpointTest, FollowsLinksAsTheHubsCacheHasThem) {
  const TemporaryFolder folder;
  const fs::path blobs = folder.path() / "blobs";
  const fs::path snapshot = folder.path() / "snapshot";
  fs::create_directories(blobs);
  fs::create_directories(snapshot);
  write_small_checkpoint(blobs);
  fs::create_symlink("../blobs/config.json", snapshot / "config.json");
  fs::create_symlink("../blobs/model.safetensors", snapshot / "model.safetensors");
  EXPECT_EQ(Checkpoint::open(snapshot).tensors().size(), 14U);
}

TEST(CheckpointTest, TheSingleFileComesBeforeAnIndex) {
  const TemporaryFolder folder;
  write_small_checkpoint(folder.path());
  std::ofstream(folder.path() / "model.safetensors.index.json") << "nonsense";
  EXPECT_EQ(Checkpoint::open(folder.path()).tensors().size(), 14U);
}

}  // namespace
}  // namespace wedlm
