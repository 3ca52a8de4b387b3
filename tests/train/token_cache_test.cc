#include "wedlm/train/data/token_cache.h"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/data.h"
#include "wedlm/base/error.h"

namespace wedlm::train {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class TokenCacheTest : public testing::Test {
 protected:
  TokenCacheTest() {
    write(data_, R"({"prompt": "2+2?", "completion": "4"})"
                 "\n"
                 R"({"text": "one two three"})"
                 "\n{}\n");
    write(more_, "a plain text");
  }
  static void write(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

  TokenCache cache() const {
    return {path_, sample_origin(model_, files_, options_, BadLines::kSkip), num_files_, vocab_size_};
  }
  SampleSet samples() {
    notes_.clear();
    report_ = {};
    return cache().samples(
        [this](ReadingReport& report) {
          ++num_made_;
          const SampleMaker maker(tokenizer_, &*template_, options_);
          return read_samples(files_, maker, BadLines::kSkip, {}, report);
        },
        [this](const std::string& note) { notes_ += note + "\n"; }, report_);
  }
  static void expect_equal(const SampleSet& a, const SampleSet& b) {
    ASSERT_EQ(a.size(), b.size());
    EXPECT_EQ(a.num_tokens(), b.num_tokens());
    for (std::size_t i = 0; i < a.size(); ++i) {
      EXPECT_TRUE(std::ranges::equal(a[i].ids, b[i].ids)) << i;
      EXPECT_TRUE(std::ranges::equal(a[i].is_learned, b[i].is_learned)) << i;
      EXPECT_EQ(a.file_of(i), b.file_of(i)) << i;
    }
  }

  TemporaryFolder folder_;
  fs::path data_ = folder_.path() / "data.jsonl", more_ = folder_.path() / "more.txt", path_ = folder_.path() / "cache";
  fs::path model_ = nano_model();
  std::vector<TrainingFile> files_ = {{.path = data_}, {.path = more_}};
  Tokenizer tokenizer_ = Tokenizer::load(nano_model());
  std::optional<ChatTemplate> template_ = ChatTemplate::load(nano_model());
  SampleOptions options_{.max_length = 16};
  std::size_t vocab_size_ = tokenizer_.vocab_size();
  std::size_t num_files_ = files_.size();
  ReadingReport report_;
  std::string notes_;
  int num_made_ = 0;
};

TEST_F(TokenCacheTest, ASecondRunHasTheSameSamplesWithoutMakingThem) {
  const SampleSet made = samples();
  EXPECT_GT(made.size(), 3U);
  EXPECT_EQ(made.file_of(made.size() - 1), 1U);
  const ReadingReport report = report_;
  const SampleSet read = samples();
  EXPECT_EQ(num_made_, 1);
  EXPECT_EQ(notes_, "");
  expect_equal(read, made);
  EXPECT_EQ(report_.num_lines, report.num_lines);
  EXPECT_EQ(report_.num_bad_lines, 1U);
  EXPECT_EQ(report_.first_bad_line, report.first_bad_line);
}

TEST_F(TokenCacheTest, WhatSamplesFollowFromIsCompared) {
  samples();
  options_.num_end_tokens = 3;
  samples();
  EXPECT_EQ(num_made_, 2);
  EXPECT_THAT(notes_, HasSubstr("The token cache " + path_.string() + " is of other options; it is made again"));
  samples();
  EXPECT_EQ(num_made_, 2);
  write(more_, "a plain taxt");  // of the same length
  samples();
  EXPECT_THAT(notes_, HasSubstr("is of other data"));
  model_ = folder_.path();  // which has none
  samples();
  EXPECT_THAT(notes_, HasSubstr("is of another tokenizer"));
}

TEST_F(TokenCacheTest, NoDamageIsBelieved) {
  const SampleSet made = samples();
  const std::string whole = read_text(path_);
  for (std::size_t at = 8; at < whole.size(); at += 37) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x20);
    write(path_, damaged);
    const int before = num_made_;
    expect_equal(samples(), made);
    // What lies between sections is never read.
    EXPECT_TRUE(num_made_ == before + 1 || (notes_.empty() && whole[at] == 0)) << at << notes_;
  }
  for (std::size_t size = 8; size < whole.size(); size += 101) {
    write(path_, whole.substr(0, size));
    const int before = num_made_;
    expect_equal(samples(), made);
    EXPECT_EQ(num_made_, before + 1) << size;
  }
}

TEST_F(TokenCacheTest, AnIndexThatIsNoneIsNotFollowed) {
  samples();
  vocab_size_ = 20;
  samples();
  EXPECT_THAT(notes_, HasSubstr("is damaged"));
  vocab_size_ = tokenizer_.vocab_size();
  num_files_ = 1;
  samples();
  EXPECT_THAT(notes_, HasSubstr("is damaged"));
}

TEST_F(TokenCacheTest, AnotherFileIsNotWrittenOver) {
  write(path_, "my diary");
  EXPECT_THROW(samples(), InvalidInput);
  EXPECT_EQ(read_text(path_), "my diary");
  write(path_, "");
  EXPECT_THROW(samples(), InvalidInput);
}

TEST_F(TokenCacheTest, DataThatCannotBeReadTwiceIsRefused) {
  files_[0].path = "/dev/null";
  EXPECT_THROW(samples(), InvalidInput);
}

}  // namespace
}  // namespace wedlm::train
