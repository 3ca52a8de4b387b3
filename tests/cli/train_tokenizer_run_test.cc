// `wedlm train-tokenizer` through the front door.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/cli/run_wedlm.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class TrainTokenizerRunTest : public testing::Test {
 protected:
  TrainTokenizerRunTest() {
    std::ofstream file(data_);
    for (int i = 0; i < 50; ++i) {
      file << R"({"prompt": "Count to )" << i << R"(.", "completion": "One, two, three, )" << i << R"(."})"
           << "\n";
    }
  }

  Finished train(std::vector<std::string> further) const {
    further.insert(further.begin(), {"train-tokenizer", "-d", data_.string(), "-o", out_.string()});
    return run_wedlm(further);
  }

  TemporaryFolder temporary_;
  fs::path data_ = temporary_.path() / "data.jsonl";
  fs::path out_ = temporary_.path() / "out";
};

TEST_F(TrainTokenizerRunTest, WritesATokenizerThatOtherCommandsTake) {
  const Finished run = train({"--vocab-size", "280"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, "280 tokens\n");
  EXPECT_THAT(run.err, AllOf(HasSubstr("Wrote " + out_.string()), HasSubstr(" bytes a token")));
  const Finished ids = run_wedlm({"tokenize", "-m", out_.string(), "-p", "One, two, three, 7."});
  EXPECT_EQ(ids.exit_code, 0) << ids.err;
  EXPECT_THAT(ids.out, HasSubstr("\" two\""));
  EXPECT_THAT(train({"--vocab-size", "280"}).err, HasSubstr("--force"));
  EXPECT_EQ(train({"--vocab-size", "270", "--force"}).out, "270 tokens\n");
}

TEST_F(TrainTokenizerRunTest, SaysWhereTheDataHasNoMoreTokens) {
  EXPECT_THAT(train({"--min-frequency", "40"}).err, HasSubstr("Fewer tokens than asked for: no other pair occurs 40"));
}

TEST_F(TrainTokenizerRunTest, SaysWhatIsWrongInOneLine) {
  const auto refused = [](const std::vector<std::string>& words, int exit_code, const std::string& message) {
    const Finished run = run_wedlm(words);
    EXPECT_EQ(run.exit_code, exit_code) << message;
    EXPECT_EQ(run.num_error_lines(), 1U) << run.err;
    EXPECT_THAT(run.err, HasSubstr(message));
  };
  refused({"train-tokenizer"}, 2, "name training data: --data FILE");
  refused({"train-tokenizer", "-d", data_.string()}, 2, "name the folder to write: -o FOLDER");
  refused({"train-tokenizer", "-d", data_.string(), "-o", out_.string(), "--vocab-size", "259"}, 2,
          "expected at least 260");
  refused({"train-tokenizer", "-d", "/nowhere.txt", "-o", out_.string()}, 3, "/nowhere.txt");
  refused({"train-tokenizer", "-d", data_.string(), "-o", "/proc/out"}, 3, "/proc/out");
  std::ofstream(data_, std::ios::app) << "[}\n";
  refused({"train-tokenizer", "-d", data_.string(), "-o", out_.string()}, 2, "line 51 of " + data_.string());
  EXPECT_FALSE(fs::exists(out_));
  EXPECT_THAT(train({"--skip-bad-lines"}).err, HasSubstr("1 bad lines were skipped, the first: line 51 of "));
}

#ifdef WEDLM_HAVE_LIBTORCH

TEST_F(TrainTokenizerRunTest, AModelFromNothingTakesIt) {
  ASSERT_EQ(train({"--vocab-size", "280"}).exit_code, 0);
  const fs::path shape = temporary_.path() / "shape.json", model = temporary_.path() / "model";
  std::ofstream(shape) << R"({"model_type": "qwen3", "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1,
    "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 16, "max_position_embeddings": 128,
    "rms_norm_eps": 1e-6, "rope_theta": 10000.0})";
  const Finished run = run_wedlm({"train", "--shape", shape.string(), "--tokenizer", out_.string(), "-d",
                                  data_.string(), "-o", model.string(), "--max-length", "64", "--max-steps", "2"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json config = parse_json(read_text(model / "final" / "config.json"), "config.json");
  EXPECT_EQ(config.at("vocab_size"), Json(280));
  EXPECT_EQ(config.at("mask_token_id"), Json(279));
  EXPECT_EQ(run_wedlm({"verify", (model / "final").string()}).exit_code, 0);
}

#endif

}  // namespace
}  // namespace wedlm
