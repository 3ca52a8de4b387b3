// Every malformed checkpoint is refused, by the exception that it asks for and in one line that names what is wrong.
#include "tests/support/malformed_checkpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "tests/support/data.h"
#include "wedlm/base/error.h"
#include "wedlm/checkpoint/checkpoint.h"
#include "wedlm/model/generation_config.h"
#include "wedlm/model/model_config.h"
#include "wedlm/model/weight_list.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kNobody = 65534;

/// Loads a checkpoint as far as it can be without a backend, and says what came of it: "InvalidInput: message".
std::string outcome_of_loading(const fs::path& folder) {
  try {
    const Checkpoint checkpoint = Checkpoint::open(folder);
    const ModelConfig config = parse_model_config(checkpoint.config());
    parse_generation_config(checkpoint.generation_config(), config.vocab_size);
    check_weights(checkpoint, config);
    return "accepted";
  } catch (const InvalidInput& error) {
    return std::string("InvalidInput: ") + error.what();
  } catch (const ResourceError& error) {
    return std::string("ResourceError: ") + error.what();
  }
}

/// The same in a child process that is not root, because root may read everything. Empty where that cannot be done.
std::string outcome_without_root(const fs::path& folder) {
  int ends[2];
  if (::pipe(ends) != 0) return "";
  const pid_t child = ::fork();
  if (child < 0) return "";
  if (child == 0) {
    std::string outcome;
    if (::setgid(kNobody) == 0 && ::setuid(kNobody) == 0) outcome = outcome_of_loading(folder);
    const bool is_written = ::write(ends[1], outcome.data(), outcome.size()) == static_cast<ssize_t>(outcome.size());
    ::_exit(is_written ? 0 : 1);
  }
  ::close(ends[1]);
  std::string outcome;
  char buffer[4096];
  for (ssize_t count = 0; (count = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
    outcome.append(buffer, static_cast<std::size_t>(count));
  }
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return outcome;
}

class MalformedCheckpointTest : public testing::TestWithParam<MalformedCheckpoint> {
 protected:
  MalformedCheckpointTest() : folder_(parent_.path() / "checkpoint") { fs::create_directory(folder_); }
  /// Gives back the permissions that the case took, so that the folder can be removed by anybody.
  ~MalformedCheckpointTest() override {
    std::error_code ignored;
    fs::permissions(folder_, fs::perms::owner_all, fs::perm_options::add, ignored);
  }

  TemporaryFolder parent_;
  fs::path folder_;
};

TEST_P(MalformedCheckpointTest, IsRefusedInOneLineThatSaysWhy) {
  const MalformedCheckpoint& malformed = GetParam();
  malformed.write(folder_);
  std::string outcome;
  if (malformed.needs_ordinary_user && ::geteuid() == 0) {
    fs::permissions(parent_.path(), fs::perms::all);
    outcome = outcome_without_root(folder_);
    if (outcome.empty()) GTEST_SKIP() << "root ignores permissions, and this process may not become another user";
  } else {
    outcome = outcome_of_loading(folder_);
  }
  const bool is_input = malformed.refusal == MalformedCheckpoint::Refusal::kInvalidInput;
  EXPECT_THAT(outcome, testing::StartsWith(is_input ? "InvalidInput: " : "ResourceError: "));
  for (const std::string& word : malformed.words) EXPECT_THAT(outcome, testing::HasSubstr(word));
  EXPECT_THAT(outcome, testing::Not(testing::HasSubstr("\n")));
  EXPECT_LT(outcome.size(), 1000U) << "nobody reads a message of that length";
}

INSTANTIATE_TEST_SUITE_P(All, MalformedCheckpointTest, testing::ValuesIn(malformed_checkpoints()),
                         [](const auto& tested) { return tested.param.name; });

TEST(SmallCheckpointTest, IsAcceptedWhereNothingIsWrong) {
  const TemporaryFolder folder;
  write_small_checkpoint(folder.path());
  EXPECT_EQ(outcome_of_loading(folder.path()), "accepted");
  EXPECT_GE(malformed_checkpoints().size(), 60U);
}

}  // namespace

void PrintTo(const MalformedCheckpoint& malformed, std::ostream* out) {
  *out << malformed.name;
}

}  // namespace wedlm
