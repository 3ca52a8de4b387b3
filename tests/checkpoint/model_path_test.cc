#include "wedlm/checkpoint/model_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/data.h"
#include "wedlm/base/error.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr const char* kCommit = "0123456789abcdef0123456789abcdef01234567";
constexpr const char* kOtherCommit = "89abcdef0123456789abcdef0123456789abcdef";

template <class Exception>
std::string error_of(std::string_view name, const HubEnvironment& environment) {
  try {
    resolve_model(name, environment);
  } catch (const Exception& error) {
    return error.what();
  }
  return "";
}

class HubCacheTest : public testing::Test {
 protected:
  fs::path snapshot(const std::string& commit) {
    const fs::path path = model_ / "snapshots" / commit;
    fs::create_directories(path);
    return path;
  }
  void reference(const std::string& name, const std::string& text) {
    fs::create_directories((model_ / "refs" / name).parent_path());
    std::ofstream(model_ / "refs" / name) << text;
  }

  TemporaryFolder folder_;
  fs::path model_ = folder_.path() / "hub" / "models--tencent--WeDLM-8B-Instruct";
  HubEnvironment environment_{.hf_home = folder_.path().string()};
};

TEST(HubCachePathTest, TheVariablesAreTriedInTheHubsOrder) {
  HubEnvironment environment{"/1", "/2", "/3", "/4", "/5"};
  EXPECT_EQ(hub_cache(environment), "/1");
  environment.hf_hub_cache.clear();
  EXPECT_EQ(hub_cache(environment), "/2");
  environment.huggingface_hub_cache.clear();
  EXPECT_EQ(hub_cache(environment), "/3/hub");
  environment.hf_home = "~/models";
  EXPECT_EQ(hub_cache(environment), "/5/models/hub");
  environment.hf_home.clear();
  EXPECT_EQ(hub_cache(environment), "/4/huggingface/hub");
  environment.xdg_cache_home.clear();
  EXPECT_EQ(hub_cache(environment), "/5/.cache/huggingface/hub");
  environment.home.clear();
  EXPECT_EQ(hub_cache(environment), std::nullopt);
  EXPECT_THAT(error_of<ResourceError>("a/b", environment), HasSubstr("HF_HOME"));
}

TEST_F(HubCacheTest, AnExistingFolderIsItself) {
  EXPECT_EQ(resolve_model(folder_.path().string(), {}), folder_.path());
  EXPECT_EQ(resolve_model(nano_model().string(), {}), nano_model());
}

TEST_F(HubCacheTest, MainIsFollowedToItsCommit) {
  snapshot(kOtherCommit);
  const fs::path expected = snapshot(kCommit);
  reference("main", kCommit);
  EXPECT_EQ(resolve_model("tencent/WeDLM-8B-Instruct", environment_), expected);
  reference("main", std::string(kCommit) + "\n");
  EXPECT_EQ(resolve_model("tencent/WeDLM-8B-Instruct", environment_), expected);
}

TEST_F(HubCacheTest, LettersOfEitherCaseNameTheSameModel) {
  const fs::path expected = snapshot(kCommit);
  for (const char* name :
       {"Tencent/WeDLM-8B-Instruct", "tencent/wedlm-8b-instruct", "TENCENT/WEDLM-8B-INSTRUCT@main"}) {
    EXPECT_EQ(resolve_model(name, environment_), expected) << name;
  }
  EXPECT_NE(error_of<ResourceError>("tencent/WeDLM-7B-Instruct", environment_), "");
  // Both ways to write it are there: the very name comes first, and a download that was never made does not count.
  const fs::path other = folder_.path() / "hub" / "models--Tencent--WeDLM-8B-Instruct";
  fs::create_directories(other / "snapshots");
  EXPECT_EQ(resolve_model("Tencent/WeDLM-8B-Instruct", environment_), expected);
  fs::create_directories(other / "snapshots" / kOtherCommit);
  EXPECT_EQ(resolve_model("Tencent/WeDLM-8B-Instruct", environment_), other / "snapshots" / kOtherCommit);
  EXPECT_EQ(resolve_model("tencent/WeDLM-8B-Instruct", environment_), expected);
}

TEST_F(HubCacheTest, ARevisionIsABranchATagOrACommit) {
  const fs::path main = snapshot(kCommit);
  const fs::path other = snapshot(kOtherCommit);
  reference("main", kCommit);
  reference("v1.0", kOtherCommit);
  reference("refs/pr/3", kOtherCommit);
  EXPECT_EQ(resolve_model("tencent/WeDLM-8B-Instruct@main", environment_), main);
  EXPECT_EQ(resolve_model("tencent/WeDLM-8B-Instruct@v1.0", environment_), other);
  EXPECT_EQ(resolve_model("tencent/WeDLM-8B-Instruct@refs/pr/3", environment_), other);
  EXPECT_EQ(resolve_model(std::string("tencent/WeDLM-8B-Instruct@") + kOtherCommit, environment_), other);
  EXPECT_THAT(error_of<ResourceError>("tencent/WeDLM-8B-Instruct@v2", environment_),
              HasSubstr("hf download tencent/WeDLM-8B-Instruct --revision v2"));
}

TEST_F(HubCacheTest, WithoutMainTheOnlySnapshotIsTaken) {
  const fs::path only = snapshot(kCommit);
  EXPECT_EQ(resolve_model("tencent/WeDLM-8B-Instruct", environment_), only);
  snapshot(kOtherCommit);
  EXPECT_THAT(error_of<InvalidInput>("tencent/WeDLM-8B-Instruct", environment_), HasSubstr("2 snapshots"));
}

TEST_F(HubCacheTest, WhatIsNotThereSaysWhereItLookedAndHowToGetIt) {
  const std::string error = error_of<ResourceError>("tencent/WeDLM-8B-Instruct", environment_);
  EXPECT_THAT(error, HasSubstr(model_.string()));
  EXPECT_THAT(error, HasSubstr("hf download tencent/WeDLM-8B-Instruct"));
  EXPECT_THAT(error, HasSubstr("huggingface-cli download tencent/WeDLM-8B-Instruct"));
  EXPECT_THAT(error, HasSubstr("-m"));
  reference("main", kCommit);  // a download that stopped before its first file
  EXPECT_THAT(error_of<ResourceError>("tencent/WeDLM-8B-Instruct", environment_), HasSubstr("hf download"));
}

TEST_F(HubCacheTest, AReferenceCannotLeaveTheCache) {
  snapshot(kCommit);
  for (const char* text : {"..", "../../..", "/etc", "", "a\nb"}) {
    reference("main", text);
    EXPECT_THAT(error_of<InvalidInput>("tencent/WeDLM-8B-Instruct", environment_), HasSubstr("refs/main")) << text;
  }
}

TEST_F(HubCacheTest, NamesThatAreNoneAreRefused) {
  fs::create_directories(folder_.path() / "hub");
  for (const char* name : {"", "a", "a/b/c", "a/..", "a/b..c", "a/b--c", "a/b c", "a/b@", "a/b@../c", "a/b@c//d",
                           "a/b@c/../d", "a/.b", "a/b.", "a/b\n", "-a/b", "a/b@/c", "a/b@c/", "a\\b/c"}) {
    EXPECT_NE(error_of<InvalidInput>(name, environment_), "") << name;
  }
  EXPECT_NE(error_of<InvalidInput>("a/" + std::string(97, 'b'), environment_), "");
  EXPECT_NE(error_of<InvalidInput>(std::string_view("a/b\0c", 5), environment_), "");
  EXPECT_THAT(error_of<InvalidInput>("a\n/b", environment_), testing::Not(HasSubstr("\n")));
}

TEST_F(HubCacheTest, PathsThatAreNotThereAreNotLookedUpInTheCache) {
  for (const char* name : {"/no/such/folder", "./no", "../no/such", "~/no"}) {
    EXPECT_THAT(error_of<ResourceError>(name, environment_), HasSubstr("no such folder")) << name;
  }
  std::ofstream(folder_.path() / "file") << "x";
  EXPECT_THAT(error_of<InvalidInput>((folder_.path() / "file").string(), environment_), HasSubstr("it is a file"));
  std::ofstream(folder_.path() / "model.gguf") << "GGUF";
  EXPECT_THAT(error_of<InvalidInput>((folder_.path() / "model.gguf").string(), environment_), HasSubstr("llama.cpp"));
}

TEST(ShippedModelTest, IsFoundFromEachPlaceOfTheProgram) {
  const TemporaryFolder folder;
  const auto make_model = [&](const fs::path& path) {
    fs::create_directories(folder.path() / path);
    std::ofstream(folder.path() / path / "config.json") << "{}";
    return folder.path() / path;
  };
  EXPECT_EQ(shipped_model(folder.path() / "usr/bin/wedlm"), std::nullopt);
  const fs::path installed = make_model("usr/share/wedlm/models/nano");
  EXPECT_EQ(shipped_model(folder.path() / "usr/bin/wedlm"), installed);
  const fs::path in_source_tree = make_model("source/models/nano");
  EXPECT_EQ(shipped_model(folder.path() / "source/build/release/wedlm"), in_source_tree);
  const fs::path unpacked = make_model("archive/models/nano");
  EXPECT_EQ(shipped_model(folder.path() / "archive/wedlm"), unpacked);
}

}  // namespace
}  // namespace wedlm
