// What is said of folders that hold something else than a checkpoint in safetensors.
#include "wedlm/checkpoint/other_contents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>

#include "tests/support/data.h"
#include "tests/support/malformed_checkpoints.h"
#include "wedlm/base/error.h"
#include "wedlm/checkpoint/adapter.h"
#include "wedlm/checkpoint/checkpoint.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

std::string refusal(const fs::path& folder) {
  try {
    Checkpoint::open(folder);
  } catch (const ResourceError& error) {
    return error.what();
  }
  return "";
}

class OtherContentsTest : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text = "x") {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
  }

  TemporaryFolder temporary_;
  fs::path folder_ = temporary_.path() / "model";
};

TEST_F(OtherContentsTest, WeightsOfAnotherFormatAreNamed) {
  struct Case {
    const char *file, *word;
  };
  for (const Case& c :
       {Case{"model-Q4_K_M.gguf", "llama.cpp"}, Case{"pytorch_model.bin", "save_pretrained"},
        Case{"pytorch_model-00001-of-00002.bin", "save_pretrained"}, Case{"consolidated.00.pth", "save_pretrained"},
        Case{"tf_model.h5", "TensorFlow"}, Case{"flax_model.msgpack", "Flax"}, Case{"weights.npz", "MLX"},
        Case{"gptq_model-4bit-128g.safetensors", "model.safetensors.index.json"}}) {
    for (const bool has_config : {false, true}) {
      fs::remove_all(folder_);
      write(c.file);
      if (has_config) write("config.json", "{}");
      write("training_args.bin");
      EXPECT_THAT(refusal(folder_), AllOf(HasSubstr(c.file), HasSubstr(c.word)));
      EXPECT_THAT(refusal(folder_), HasSubstr(has_config ? "model.safetensors" : "no config.json"));
    }
  }
}

TEST_F(OtherContentsTest, NothingIsSaidOfWhatIsNotKnown) {
  write("README.md");
  write("training_args.bin");
  EXPECT_EQ(explain_folder(folder_), "");
  EXPECT_EQ(explain_file(folder_ / "README.md"), "");
  EXPECT_THAT(explain_file(folder_ / "model.safetensors"), HasSubstr("folder"));
}

TEST_F(OtherContentsTest, AnAdapterNamesItsBase) {
  EXPECT_EQ(find_adapter(folder_), std::nullopt);
  write("adapter_model.safetensors");
  EXPECT_THAT(refusal(folder_), AllOf(HasSubstr("adapter_model.safetensors"), HasSubstr("unnamed base")));
  write("adapter_config.json", R"({"peft_type": "LORA", "base_model_name_or_path": "Qwen/Qwen3-8B", "r": 16})");
  EXPECT_THAT(refusal(folder_), AllOf(HasSubstr("LORA adapter of Qwen/Qwen3-8B"), HasSubstr("merge_and_unload"),
                                      HasSubstr("wedlm merge")));
  for (const char* text : {"", "[]", R"({"peft_type": 3})", R"({"base_model_name_or_path": null})"}) {
    write("adapter_config.json", text);
    EXPECT_THAT(refusal(folder_), HasSubstr("adapter of an unnamed base (adapter_config.json)")) << text;
  }
  // Beside a checkpoint it keeps nobody from opening that.
  write_small_checkpoint(folder_);
  EXPECT_EQ(refusal(folder_), "");
}

TEST_F(OtherContentsTest, ADownloadThatWasCutShortIsToldHowToGoOn) {
  folder_ = temporary_.path() / "models--Qwen--Qwen3-0.6B" / "snapshots" / "0123456789abcdef";
  write("config.json", "{}");
  EXPECT_THAT(refusal(folder_), HasSubstr("hf download Qwen/Qwen3-0.6B"));
  write("model.safetensors.index.json", R"({"weight_map": {"a": "model-00001-of-00002.safetensors"}})");
  EXPECT_THAT(refusal(folder_), AllOf(HasSubstr("model-00001-of-00002.safetensors"), HasSubstr("hf download")));
  fs::create_symlink("../../blobs/0123", folder_ / "model-00001-of-00002.safetensors");
  EXPECT_THAT(refusal(folder_), AllOf(HasSubstr("blobs/0123"), HasSubstr("hf download")));
  fs::create_directories(folder_.parent_path().parent_path() / "blobs");
  EXPECT_THAT(refusal(folder_.parent_path().parent_path()), HasSubstr("organisation/name"));
}

TEST_F(OtherContentsTest, EveryFileOfACheckpointMayBeALinkThatLeadsNowhere) {
  for (const char* name : {"config.json", "generation_config.json", "model.safetensors"}) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    write_small_checkpoint(folder_);
    fs::remove(folder_ / name);
    fs::create_symlink("../blobs/0123", folder_ / name);
    EXPECT_THAT(refusal(folder_), AllOf(HasSubstr(name), HasSubstr("link to ../blobs/0123"))) << name;
  }
}

TEST_F(OtherContentsTest, PointersOfGitLfsAreToldFromFiles) {
  for (const char* name : {"config.json", "generation_config.json", "model.safetensors"}) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    write_small_checkpoint(folder_);
    write(name, "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 123\n");
    try {
      Checkpoint::open(folder_);
      ADD_FAILURE() << name;
    } catch (const InvalidInput& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr(name), HasSubstr("git lfs pull")));
    }
  }
}

}  // namespace
}  // namespace wedlm
