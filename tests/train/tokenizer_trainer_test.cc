#include "wedlm/train/tokenizer/tokenizer_trainer.h"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/data.h"
#include "wedlm/base/error.h"
#include "wedlm/text/chat_template.h"
#include "wedlm/text/tokenizer.h"

namespace wedlm::train {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::ThrowsMessage;

class TokenizerTrainerTest : public testing::Test {
 protected:
  fs::path file(const char* name, const std::string& contents) const {
    std::ofstream(temporary_.path() / name) << contents;
    return temporary_.path() / name;
  }
  Tokenizer written(const TrainedTokenizer& trained) const {
    write_tokenizer(out_, Existing::kReplace, trained.pairs, std::string(kChatMl));
    return Tokenizer::load(out_);
  }

  TemporaryFolder temporary_;
  fs::path out_ = temporary_.path() / "out";
};

TEST_F(TokenizerTrainerTest, CountsWhatAModelWillSee) {
  // ChatML around it, whose special tokens are no text.
  const auto chats = file("chats.jsonl", "{\"prompt\": \"ab\", \"completion\": \"<|im_end|>cd\"}\n");
  const TrainedTokenizer trained = train_tokenizer({chats}, {.min_count = 1}, {});
  const auto texts = file("texts.jsonl",
                          "{\"text\": \"user\\nab\"}\n{\"text\": \"\\n\"}\n"
                          "{\"text\": \"assistant\\n\"}\n{\"text\": \"cd\"}\n{\"text\": \"\\n\"}\n");
  const TrainedTokenizer wanted = train_tokenizer({texts}, {.min_count = 1}, {});
  EXPECT_EQ(trained.pairs.tokens, wanted.pairs.tokens);
  EXPECT_EQ(trained.pairs.merges, wanted.pairs.merges);
  EXPECT_EQ(trained.num_bytes, wanted.num_bytes);
  EXPECT_EQ(trained.pairs.num_tokens_of_words, 8) << "user \\n ab, \\n, assistant \\n, cd, \\n";
}

TEST_F(TokenizerTrainerTest, WritesAFolderThatIsATokenizer) {
  const std::string text = "the cat the cat\nthe dog, the dog\n";
  const TrainedTokenizer trained = train_tokenizer({file("a.txt", text)}, {.vocab_size = 265}, {});
  const Tokenizer tokenizer = written(trained);
  EXPECT_EQ(tokenizer.vocab_size(), 265U);
  EXPECT_EQ(trained.vocab_size(), 265U);
  EXPECT_EQ(tokenizer.mask_token(), "<|mask|>");
  EXPECT_EQ(tokenizer.eos_token(), "<|im_end|>");
  EXPECT_EQ(tokenizer.find("<|mask|>"), 264);
  EXPECT_TRUE(tokenizer.is_special(264));
  EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
  EXPECT_EQ(static_cast<std::int64_t>(tokenizer.encode(text).size()), trained.pairs.num_tokens_of_words);
  const auto chat_template = ChatTemplate::load(out_);
  ASSERT_TRUE(chat_template.has_value());
  EXPECT_EQ(chat_template->render(parse_json(
                R"({"messages": [{"role": "user", "content": "Hi"}], "add_generation_prompt": true})", "arguments")),
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
}

TEST_F(TokenizerTrainerTest, ReplacesTokenizersAndNothingElse) {
  const TrainedTokenizer trained = train_tokenizer({file("a.txt", "aaaa")}, {}, {});
  written(trained);
  EXPECT_THROW(write_tokenizer(out_, Existing::kRefuse, trained.pairs, ""), InvalidInput);
  written(trained);
  std::ofstream(out_ / "config.json") << "{}";
  EXPECT_THROW(write_tokenizer(out_, Existing::kReplace, trained.pairs, ""), InvalidInput);
  EXPECT_TRUE(fs::exists(out_ / "config.json"));
}

TEST_F(TokenizerTrainerTest, SaysWhatIsWrong) {
  const auto good = file("a.txt", "aaaa");
  EXPECT_THAT([&] { train_tokenizer({good}, {.vocab_size = 259}, {}); },
              ThrowsMessage<InvalidInput>(HasSubstr("expected at least 260")));
  EXPECT_THAT([&] { train_tokenizer({good}, {.chat_template = "{% if %}"}, {}); },
              ThrowsMessage<InvalidInput>(HasSubstr("chat template line 1")));
  EXPECT_THAT([&] { train_tokenizer({file("b.jsonl", "{\"text\": 3}\n")}, {}, {}); },
              ThrowsMessage<InvalidInput>(HasSubstr("line 1 of ")));
  EXPECT_THAT([&] { train_tokenizer({file("c.txt", "")}, {}, {}); },
              ThrowsMessage<InvalidInput>(HasSubstr("expected text, found none")));
  const auto mixed = file("d.jsonl", "{\"text\": 3}\n{\"text\": \"aaaa\"}\n");
  const TrainedTokenizer trained = train_tokenizer({mixed}, {.bad_lines = BadLines::kSkip}, {});
  EXPECT_EQ(trained.report.num_bad_lines, 1U);
  EXPECT_EQ(trained.num_words, 1U);
  EXPECT_THROW(train_tokenizer({good}, {}, {.is_interrupted = [] { return true; }}), Interrupted);
}

}  // namespace
}  // namespace wedlm::train
