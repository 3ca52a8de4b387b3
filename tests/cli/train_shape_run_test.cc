// `wedlm train --shape`: a model from nothing.
#include <gmock/gmock.h>

#include <cmath>
#include <random>

#include "tests/cli/training_runs.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class TrainShapeRunTest : public TrainRunTest {
 protected:
  TrainShapeRunTest() { write_shape(64); }

  void write_shape(int hidden_size) const {
    Json shape = parse_json(R"({"model_type": "qwen3", "intermediate_size": 128, "num_hidden_layers": 2,
                                "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16,
                                "max_position_embeddings": 256, "rms_norm_eps": 1e-6, "rope_theta": 10000.0,
                                "tie_word_embeddings": false})",
                            "shape.json");
    shape.set("hidden_size", hidden_size);
    shape.set("mask_token_id", parse_json(read_text(nano_model() / "config.json"), "nano").at("mask_token_id"));
    std::ofstream(shape_) << write_json(shape);
  }
  /// With the shipped model's tokenizer.
  std::vector<std::string> from_nothing(const std::vector<std::string>& further = {}) const {
    std::vector<std::string> all = {"--shape", shape_.string(), "--tokenizer", nano_model().string()};
    all.insert(all.end(), further.begin(), further.end());
    return all;
  }

  fs::path shape_ = temporary_.path() / "shape.json";
};

TEST_F(TrainShapeRunTest, SaysWhatIsWrongInOneLine) {
  const auto refused = [](std::vector<std::string> words, const std::string& message) {
    words.emplace_back("--dry-run");
    const Finished run = run_wedlm(words);
    EXPECT_EQ(run.exit_code, 2) << message;
    EXPECT_EQ(run.num_error_lines(), 1U) << run.err;
    EXPECT_THAT(run.err, HasSubstr(message));
  };
  const std::string shape = shape_.string(), tokenizer = nano_model().string(), data = data_.string();
  refused({"train", "-d", data, "--tokenizer", tokenizer}, "give its --shape too");
  refused({"train", "-d", data, "--shape", shape}, "name the folder of the model's tokenizer with --tokenizer");
  refused({"train", "-d", data, "--shape", shape, "--tokenizer", tokenizer, "-m", tokenizer},
          "give --model or --shape, not both");
  refused({"train", "-d", data, "--shape", shape, "--tokenizer", tokenizer, "--lora-rank", "4"},
          "--lora-rank: an adapter learns beside weights that know something");
  refused({"train", "-d", data, "--shape", shape, "--tokenizer", tokenizer, "--self-generate", (out_ / "own").string()},
          "--self-generate: a model that begins with nothing has no answers yet");
  refused({"train", "-d", data, "--shape", data, "--tokenizer", tokenizer}, data);
  std::ofstream(shape_) << R"({"model_type": "qwen3", "vocab_size": 100, "hidden_size": 8, "intermediate_size": 8,
    "num_hidden_layers": 1, "num_attention_heads": 1, "max_position_embeddings": 8, "rms_norm_eps": 1e-6, "rope_theta": 1e4})";
  refused({"train", "-d", data, "--shape", shape, "--tokenizer", tokenizer},
          shape + ": vocab_size: expected at least the tokenizer's ");
  std::ofstream(shape_) << R"({"model_type": "qwen3", "hidden_size": 8})";
  refused({"train", "-d", data, "--shape", shape, "--tokenizer", tokenizer}, shape + ": missing key");
}

TEST_F(TrainShapeRunTest, ADryRunSaysWhatTheModelTakes) {
  std::vector<std::string> words = from_nothing({"--dry-run", "--max-length", "128"});
  words.insert(words.begin(), {"train", "--data", data_.string()});
  const Finished run = run_wedlm(words);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr(" parameters take "));
}

#ifdef WEDLM_HAVE_LIBTORCH

TEST_F(TrainShapeRunTest, BeginsWithGuessesAndWritesACheckpointThatLearned) {
  const Finished run = train(out_, from_nothing({"--epochs", "6", "--learning-rate", "0.01"}));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Json config = parse_json(read_text(out_ / "final" / "config.json"), "config.json");
  const double vocab_size = config.at("vocab_size").as_number();
  const auto losses = series_of(out_, "loss");
  // Logits have the deviation 0.02 x sqrt(64): no token is much likelier than any other.
  EXPECT_NEAR(losses.at(1), std::log(vocab_size), 0.2);
  EXPECT_LT(losses.rbegin()->second, 3);
  EXPECT_EQ(config.at("architectures"), Json(Json::Array{"Qwen3ForCausalLM"}));
  EXPECT_EQ(config.at("hidden_size"), Json(64));
  EXPECT_TRUE(fs::exists(out_ / "final" / "tokenizer.json"));
  EXPECT_FALSE(fs::exists(out_ / "final" / "generation_config.json")) << "that is of other weights";
  EXPECT_EQ(run_wedlm({"verify", (out_ / "final").string()}).exit_code, 0);
}

TEST_F(TrainShapeRunTest, GoesOnAsIfNothingHadHappened) {
  const fs::path cut = expect_that_it_goes_on(from_nothing(), "model.safetensors");
  EXPECT_THAT(train(cut, {"--resume"}).err, HasSubstr("belongs to a run with shape's "));
  write_shape(128);
  EXPECT_THAT(train(cut, from_nothing({"--resume"})).err,
              HasSubstr("belongs to a run with shape's hidden_size 64, and this one has 128"));
}

/// Tokenizer, training and decoding together: nothing of an answer follows from anything but its sample.
TEST_F(TrainShapeRunTest, AModelOfAHundredSamplesReturnsEachOfThem) {
  constexpr const char* kWords[] = {"apple", "river", "stone", "cloud", "tiger", "lamp",  "chair", "north",
                                    "green", "seven", "ocean", "paper", "glass", "bread", "metal"};
  const fs::path samples = temporary_.path() / "cards.jsonl", exercises = temporary_.path() / "exercises.jsonl";
  {
    std::ofstream data(samples), asked(exercises);
    std::mt19937 random(1);
    for (int i = 0; i < 100; ++i) {
      std::string answer;
      for (auto left = 2 + random() % 3; left > 0; --left)
        answer += std::string(" ") + kWords[random() % std::size(kWords)];
      const std::string prompt = "Card " + std::to_string(i) + ":";
      data << write_json(Json::object({{"prompt", prompt}, {"completion", answer}, {"raw", true}})) << "\n";
      asked << write_json(Json::object({{"prompt", prompt}, {"answer", answer.substr(1)}, {"raw", true}})) << "\n";
    }
  }
  const std::string tokenizer = (temporary_.path() / "tokenizer").string();
  ASSERT_EQ(run_wedlm({"train-tokenizer", "-d", samples.string(), "-o", tokenizer}).exit_code, 0);
  std::ofstream(shape_) << R"({"model_type": "qwen3", "hidden_size": 64, "intermediate_size": 192,
    "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16,
    "max_position_embeddings": 256, "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "tie_word_embeddings": true,
    "initializer_range": 0.08})";
  const Finished run = run_wedlm({"train",
                                  "--shape",
                                  shape_.string(),
                                  "--tokenizer",
                                  tokenizer,
                                  "-d",
                                  samples.string(),
                                  "-o",
                                  out_.string(),
                                  "--max-length",
                                  "128",
                                  "--accumulate",
                                  "1",
                                  "--epochs",
                                  "90",
                                  "--learning-rate",
                                  "4e-3",
                                  "--beta2",
                                  "0.98",
                                  "--precision",
                                  "float32",
                                  "--mask-pattern",
                                  "mixed",
                                  "--random-offset",
                                  "--block-size",
                                  "8",
                                  "--end-tokens",
                                  "8",
                                  "--loss-weighting",
                                  "uniform",
                                  "--save-every",
                                  "100000",
                                  "--threads",
                                  "1"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const Finished sweep = run_wedlm({"sweep", exercises.string(), "-m", (out_ / "final").string(), "-t", "0", "-n", "16",
                                    "-s", "streaming entropy-threshold=0.4 window-size=8", "-s", "exact window-size=8",
                                    "--batch", "16", "--json", "--threads", "1"});
  ASSERT_EQ(sweep.exit_code, 0) << sweep.err;
  const Json::Array settings = sweep.json_lines().at(0).at("settings").as_array();
  ASSERT_EQ(settings.size(), 3U);
  for (const Json& setting : settings) {
    EXPECT_EQ(setting.at("right").at("count"), Json(100)) << write_json(setting.at("setting"));
  }
  EXPECT_GT(settings[1].at("tokens_per_forward").as_number(), 2);
  EXPECT_GT(settings[2].at("tokens_per_forward").as_number(), 1.5);
}

#endif

}  // namespace
}  // namespace wedlm
