#include "wedlm/train/data/self_answers.h"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/data.h"
#include "wedlm/base/error.h"
#include "wedlm/base/output_file.h"
#include "wedlm/frontend/text_input.h"

namespace wedlm::train {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr const char* kData =
    R"({"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "a"}, {"role": "assistant", "content": "old"}], "tools": []})"
    "\n"
    R"([{"role": "user", "content": "b"}, {"role": "assistant", "content": "old"}])"
    "\n\n"
    R"({"text": "stays"})"
    "\n"
    R"({"prompt": "c", "completion": "old", "raw": true})"
    "\n"
    R"({"prompt": "too long", "completion": "old"})"
    "\n"
    R"([{"role": "user", "content": "nothing to answer"}])"
    "\n";

constexpr const char* kAnswered =
    R"({"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"a"},{"role":"assistant","content":"to a"}],"tools":[]})"
    "\n"
    R"({"messages":[{"role":"user","content":"b"},{"role":"assistant","content":"to b"}]})"
    "\n"
    R"({"text":"stays"})"
    "\n"
    R"({"prompt":"c","completion":"to c","raw":true})"
    "\n"
    R"({"messages":[{"role":"user","content":"nothing to answer"}]})"
    "\n";

class SelfAnswersTest : public testing::Test {
 protected:
  SelfAnswersTest() {
    write_whole_file(data(), kData);
    options_.folder = folder_.path() / "own";
    options_.origin = Json::object({{"model", "nano"}});
  }

  fs::path data() const { return folder_.path() / "chats.jsonl"; }
  static std::string text_of(const fs::path& path) { return read_input(path.string()).text; }

  /// Says "to QUESTION", and does not end where that is "too long".
  std::vector<TrainingFile> run(const std::vector<TrainingFile>& files) {
    report_ = {};
    return self_answered(
        files, maker_, options_,
        [this](std::span<const Prompt> prompts) {
          if (num_answers_left_ < prompts.size()) throw Interrupted();
          num_answers_left_ -= prompts.size();
          std::vector<std::optional<std::string>> answers;
          for (const Prompt& prompt : prompts) {
            const std::string asked = messages_of(prompt).as_array().back().at("content").as_string();
            answers.push_back(asked == "too long" ? std::nullopt : std::optional("to " + asked));
          }
          return answers;
        },
        {}, report_);
  }
  std::string refusal() {
    try {
      run({{.path = data()}});
    } catch (const InvalidInput& error) {
      return error.what();
    }
    return "";
  }

  TemporaryFolder folder_;
  Tokenizer tokenizer_ = Tokenizer::load(nano_model());
  std::optional<ChatTemplate> chat_template_ = ChatTemplate::load(nano_model());
  SampleMaker maker_{tokenizer_, &*chat_template_, {}};
  SelfAnswerOptions options_;
  SelfAnswerReport report_;
  std::size_t num_answers_left_ = 1000;
};

TEST_F(SelfAnswersTest, TakeThePlaceOfTheLastAnswers) {
  const fs::path text = folder_.path() / "book.txt";
  write_whole_file(text, "plain");
  const auto files = run({{.path = data(), .weight = 2}, {.path = text}});
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].path, options_.folder / "chats.jsonl");
  EXPECT_EQ(files[0].weight, 2);
  EXPECT_EQ(files[1].path, text);
  EXPECT_EQ(text_of(files[0].path), kAnswered);
  EXPECT_EQ(report_.num_asked, 4U);
  EXPECT_EQ(report_.num_unfinished, 1U);

  run({{.path = data()}});
  EXPECT_EQ(report_.num_asked, 0U);
  EXPECT_EQ(report_.num_found, 6U);
  EXPECT_EQ(text_of(files[0].path), kAnswered);
}

TEST_F(SelfAnswersTest, ARunThatWasInterruptedGoesOn) {
  options_.num_at_once = 2;
  num_answers_left_ = 1;
  EXPECT_THROW(run({{.path = data()}}), Interrupted);
  EXPECT_TRUE(fs::is_empty(options_.folder)) << "before the first answers nothing is written";
  num_answers_left_ = 2;
  EXPECT_THROW(run({{.path = data()}}), Interrupted);
  {  // and one that was killed while it wrote
    std::ofstream file(options_.folder / "chats.jsonl", std::ios::app);
    file << R"({"text": "half a li)";
  }
  num_answers_left_ = 2;
  const auto files = run({{.path = data()}});
  EXPECT_EQ(report_.num_asked, 2U);
  EXPECT_EQ(text_of(files[0].path), kAnswered);

  write_whole_file(data(), std::string(kData) + R"({"prompt": "d", "completion": ""})" + "\n");
  num_answers_left_ = 1;
  run({{.path = data()}});
  EXPECT_EQ(text_of(files[0].path), std::string(kAnswered) + R"({"prompt":"d","completion":"to d"})" + "\n");
}

TEST_F(SelfAnswersTest, OtherQuestionsAndOtherModelsAreRefused) {
  run({{.path = data()}});
  options_.origin = Json::object({{"model", "other"}});
  EXPECT_THAT(refusal(), HasSubstr("was answered with model \"nano\", and this run has \"other\""));
  options_.origin = Json::object({{"model", "nano"}});
  write_whole_file(data(), R"({"prompt": "another", "completion": ""})");
  EXPECT_THAT(refusal(), HasSubstr("answers other questions than those of"));
  fs::remove(options_.folder / "chats.jsonl.state.json");
  EXPECT_THAT(refusal(), HasSubstr("is no file of the model's own answers"));
  EXPECT_EQ(text_of(options_.folder / "chats.jsonl"), kAnswered) << "nothing is lost";
}

TEST_F(SelfAnswersTest, BadLinesAreNamedOrSkipped) {
  write_whole_file(data(), "{\"prompt\": \"a\", \"completion\": \"old\"}\n{\n");
  EXPECT_THAT(refusal(), HasSubstr("line 2 of"));
  write_whole_file(data(), "{\"prompt\": \"a\", \"completion\": \"old\"}\n{\"question\": \"b\"}\n");
  EXPECT_THAT(refusal(), HasSubstr("line 2 of"));
  EXPECT_EQ(report_.num_asked, 0U) << "before anything is asked";
  options_.bad_lines = BadLines::kSkip;
  EXPECT_EQ(text_of(run({{.path = data()}})[0].path), R"({"prompt":"a","completion":"to a"})"
                                                      "\n");
  EXPECT_EQ(report_.reading.num_bad_lines, 1U);
  const fs::path other = folder_.path() / "more" / "chats.jsonl";
  fs::create_directories(other.parent_path());
  write_whole_file(other, "");
  EXPECT_THROW(run({{.path = data()}, {.path = other}}), InvalidInput);
}

}  // namespace
}  // namespace wedlm::train
