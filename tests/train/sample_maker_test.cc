#include "wedlm/train/data/sample_maker.h"

#include <gmock/gmock.h>

#include "tests/support/data.h"
#include "wedlm/base/error.h"

namespace wedlm::train {
namespace {

class SampleMakerTest : public testing::Test {
 protected:
  std::vector<Sample> samples(std::string_view line, const SampleOptions& options = {}) const {
    return SampleMaker(tokenizer_, &*template_, options).of_json(parse_json(line, "line 1"), "line 1");
  }
  /// What is learned, as text.
  std::string learned(const Sample& sample) const {
    std::vector<TokenId> ids;
    for (std::size_t i = 0; i < sample.ids.size(); ++i) {
      if (sample.is_learned[i] != 0) ids.push_back(sample.ids[i]);
    }
    return tokenizer_.decode(ids, SpecialOutput::kShow);
  }

  Tokenizer tokenizer_ = Tokenizer::load(nano_model());
  std::optional<ChatTemplate> template_ = ChatTemplate::load(nano_model());
};

TEST_F(SampleMakerTest, MakesTheSamplesThatTheReleasedCodeMakes) {
  const auto path = shared_data("training/samples.json");
  if (!path) GTEST_SKIP() << "no ../shared/data/training";
  const Json recorded = parse_json(read_text(*path), path->string());
  const Json::Array& conversations = recorded.at("conversations").as_array();
  for (const Json& one : recorded.at("cases").as_array()) {
    const SampleOptions options{.num_end_tokens = static_cast<int>(one.at("num_learnable_im_end").as_integer()),
                                .max_length = static_cast<int>(one.at("max_seq_length").as_integer()),
                                .long_samples = LongSamples::kCut};
    SCOPED_TRACE(options.num_end_tokens);
    for (std::size_t i = 0; i < conversations.size(); ++i) {
      const auto made = SampleMaker(tokenizer_, &*template_, options).of_json(conversations[i], "conversation");
      ASSERT_EQ(made.size(), 1U);
      const Json& wanted = one.at("samples").as_array()[i];
      const Json::Array& ids = wanted.at("input_ids").as_array();
      const Json::Array& labels = wanted.at("labels").as_array();
      ASSERT_EQ(made[0].ids.size(), ids.size());
      for (std::size_t at = 0; at < ids.size(); ++at) {
        EXPECT_EQ(made[0].ids[at], ids[at].as_integer());
        EXPECT_EQ(made[0].is_learned[at] != 0, labels[at].as_integer() >= 0) << at;
      }
    }
  }
}

TEST_F(SampleMakerTest, LearnsTheLastAnswerOrAllOrEverything) {
  constexpr std::string_view kTwoTurns =
      R"([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"},
          {"role": "user", "content": "And?"}, {"role": "assistant", "content": "Bye."}])";
  const auto text = [&](LossOn loss_on) {
    return learned(samples(kTwoTurns, {.loss_on = loss_on, .num_end_tokens = 2})[0]);
  };
  EXPECT_EQ(text(LossOn::kLast), "Bye.<|im_end|>\n<|im_end|>");
  EXPECT_EQ(text(LossOn::kAll), "Hello!<|im_end|>\nBye.<|im_end|>\n<|im_end|>");
  EXPECT_THAT(text(LossOn::kEverything), testing::HasSubstr("And?"));
}

TEST_F(SampleMakerTest, TakesCompletionsAndTexts) {
  const auto chat = samples(R"({"prompt": "2+2?", "completion": "4"})");
  const auto turns =
      samples(R"({"messages": [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}]})");
  EXPECT_EQ(chat[0].ids, turns[0].ids);
  EXPECT_EQ(chat[0].is_learned, turns[0].is_learned);
  const auto raw = samples(R"({"prompt": "2+2=", "completion": "4", "raw": true})", {.num_end_tokens = 1});
  EXPECT_EQ(learned(raw[0]), "4<|im_end|>");
  EXPECT_EQ(tokenizer_.decode(raw[0].ids, SpecialOutput::kShow), "2+2=4<|im_end|>");
  const auto text = samples(R"({"text": "one <|im_end|> two"})");
  EXPECT_EQ(std::ranges::count(text[0].is_learned, 0), 0);
  EXPECT_EQ(std::ranges::count(text[0].ids, *tokenizer_.find("<|im_end|>")), 0) << "special tokens in it are text";
  EXPECT_EQ(text[0].ids.back(), *tokenizer_.find("<|endoftext|>"));
}

TEST_F(SampleMakerTest, SplitsWhatIsTooLongAndLosesNothing) {
  std::string numbers = "0";
  for (int i = 1; i < 200; ++i) numbers += " " + std::to_string(i);
  const std::string line =
      R"([{"role": "user", "content": "long"}, {"role": "assistant", "content": ")" + numbers + "\"}]";
  const Sample whole = samples(line)[0];
  Sample joined;
  for (const Sample& part : samples(line, {.max_length = 64})) {
    EXPECT_LE(part.ids.size(), 64U);
    joined.ids.insert(joined.ids.end(), part.ids.begin(), part.ids.end());
    joined.is_learned.insert(joined.is_learned.end(), part.is_learned.begin(), part.is_learned.end());
  }
  EXPECT_EQ(joined.ids, whole.ids);
  EXPECT_EQ(joined.is_learned, whole.is_learned);
}

TEST_F(SampleMakerTest, AConversationWithoutAnAnswerHasNoLoss) {
  const auto made = samples(R"([{"role": "user", "content": "Only a question"}])");
  EXPECT_EQ(std::ranges::count(made[0].is_learned, 1), 0);
}

TEST_F(SampleMakerTest, SaysWhatIsWrongWithALine) {
  const auto message = [&](std::string_view line) -> std::string {
    try {
      samples(line);
    } catch (const InvalidInput& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(message("{}"), testing::HasSubstr("line 1: expected messages, a prompt with a completion, or a text"));
  EXPECT_THAT(message("[]"), testing::HasSubstr("line 1: messages: expected an array with at least one message"));
  EXPECT_THAT(message("3"), testing::HasSubstr("line 1: expected a JSON object"));
  EXPECT_THAT(message(R"({"prompt": "a", "completion": 4})"), testing::HasSubstr("completion"));
  EXPECT_THAT(message(R"([{"role": 3}])"), testing::HasSubstr("each to be an object with a role"));
  EXPECT_THROW(samples("{}", {.num_end_tokens = 8, .max_length = 8}), InvalidInput);
}

}  // namespace
}  // namespace wedlm::train
