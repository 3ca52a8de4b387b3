#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "tests/cli/run_wedlm.h"

namespace wedlm {
namespace {

using testing::HasSubstr;
using testing::Not;

Finished sweep(std::vector<std::string> arguments) {
  const std::vector<std::string> begin = {"sweep", "-m", nano_model().string(), "-q", "-t", "0"};
  arguments.insert(arguments.begin(), begin.begin(), begin.end());
  return run_wedlm(arguments);
}

std::string exercises() {
  return test_data("exercises/exercises.jsonl").string();
}

Json report_of(const Finished& run) {
  EXPECT_EQ(run.exit_code, 0) << run.err;
  return run.json_lines().at(0);
}

/// One of each kind; a bold threshold answers otherwise. How many forwards an automatic window saves depends on what a
/// forward costs on this machine at this time, so only the fixed one has to save some.
TEST(SweepTest, ExactHasTheTextsOfAutoregressiveAndFewerForwards) {
  const Json report =
      report_of(sweep({exercises(), "--limit", "5", "-n", "96", "--json", "-s", "exact", "-s",
                       "exact window-size=8 no-prompt-lookup", "-s", "streaming entropy-threshold=2 window-size=48"}));
  EXPECT_EQ(report.at("prompts").as_integer(), 5);
  EXPECT_EQ(report.at("seed").as_integer(), 0);
  const Json::Array& rows = report.at("settings").as_array();
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0].at("setting").as_string(), "autoregressive");
  EXPECT_EQ(rows[0].at("decode_forwards").as_integer(), rows[0].at("tokens").as_integer());
  EXPECT_EQ(rows[0].at("speed_up").as_number(), 1);
  for (const std::size_t exact : {1, 2}) {
    EXPECT_EQ(rows[exact].at("same_text").at("count").as_integer(), 5) << exact;
    EXPECT_EQ(rows[exact].at("same_text").at("of").as_integer(), 5) << exact;
    EXPECT_EQ(rows[exact].at("same_tokens").as_number(), 1) << exact;
    EXPECT_EQ(rows[exact].at("right_by_kind"), rows[0].at("right_by_kind")) << exact;
    EXPECT_GE(rows[exact].at("forward_ratio").as_number(), 1) << exact;
  }
  EXPECT_GT(rows[2].at("forward_ratio").as_number(), 1.2);
  EXPECT_LT(rows[3].at("same_text").at("share").as_number(), 1);
  EXPECT_EQ(rows[0].at("right").at("of").as_integer(), 5);
  EXPECT_EQ(rows[0].at("right_by_kind").as_object().size(), 5U);
  std::int64_t num_right = 0;
  for (const auto& [kind, tally] : rows[0].at("right_by_kind").as_object()) {
    EXPECT_EQ(tally.at("of").as_integer(), 1) << kind;
    num_right += tally.at("count").as_integer();
  }
  EXPECT_EQ(rows[0].at("right").at("count").as_integer(), num_right);
  EXPECT_EQ(rows[0].at("right_by_kind").at("counting").at("count").as_integer(), 1);
  for (const Json& row : rows) EXPECT_GT(row.at("tokens_per_second").as_number(), 0);
}

/// What a prompt is answered with does not depend on its neighbours.
TEST(SweepTest, ABatchChangesNoCountOfTokens) {
  const auto rows = [](const char* batch) {
    return report_of(sweep({exercises(), "--limit", "5", "-n", "24", "--json", "-s", "streaming", "--batch", batch}))
        .at("settings")
        .as_array();
  };
  const Json::Array alone = rows("1"), together = rows("3");
  for (std::size_t i = 0; i < alone.size(); ++i) {
    for (const char* key : {"tokens", "decode_forwards", "same_text", "right"}) {
      EXPECT_EQ(alone[i].at(key), together[i].at(key)) << i << " " << key;
    }
  }
}

TEST(SweepTest, TextFilesHaveAPromptALineAndNoAccuracy) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "prompts.txt", plots = folder.path() / "new" / "plots";
  std::ofstream(file) << "Count from 1 to 9.\n\nWhat is 2 + 3?\n";
  const Finished run = sweep({file.string(), "-n", "8", "-s", "exact", "--runs", "2", "--plot", plots.string()});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("2 prompts one after the other, median of 2 runs."));
  EXPECT_THAT(run.out, Not(HasSubstr("right")));
  std::istringstream lines(run.out);
  std::string heading, base, exact;
  std::getline(lines, heading);
  std::getline(lines, base);
  std::getline(lines, exact);
  EXPECT_TRUE(base.starts_with("autoregressive ")) << base;
  EXPECT_TRUE(exact.starts_with("exact ")) << exact;
  EXPECT_EQ(heading.size(), exact.size());
  EXPECT_TRUE(std::filesystem::exists(plots / "agreement.svg"));
  EXPECT_FALSE(std::filesystem::exists(plots / "accuracy.svg"));
}

TEST(SweepTest, PlotsAreWritten) {
  const TemporaryFolder folder;
  const Finished run = sweep({exercises(), "--limit", "2", "-n", "8", "-s", "streaming preset=fast", "-s", "gated",
                              "--plot", folder.path().string()});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  for (const char* name : {"agreement.svg", "accuracy.svg"}) {
    const std::string svg = read_text(folder.path() / name);
    EXPECT_TRUE(svg.starts_with("<svg ")) << name;
    EXPECT_TRUE(svg.ends_with("</svg>\n")) << name;
    EXPECT_THAT(svg, HasSubstr(">fast</text>")) << name;
    EXPECT_THAT(svg, HasSubstr("2 prompts one after the other, 1 run; autoregressive: ")) << name;
  }
}

TEST(SweepTest, ALineThatIsWrongIsNamedBeforeAnythingRuns) {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "p.jsonl").string();
  std::ofstream(file) << "{\"prompt\": \"a\"}\n{\"prompt\": \"b\", \"answer\": \"1\", \"judge\": \"eye\"}\n";
  const Finished run = sweep({file});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("line 2 of " + file + ": judge: expected one of last-number"));
  EXPECT_EQ(run.out, "");
}

TEST(SweepTest, APromptThatIsTooLongIsNamed) {
  const Finished run = sweep({exercises(), "--limit", "3", "--max-model-len", "12"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("line 1 of "));
}

TEST(SweepTest, CtrlCEndsIt) {
  Running running({"sweep", "-m", nano_model().string(), "--backend", "reference", exercises(), "-n", "2000",
                   "--ignore-eos", "--json"},
                  {});
  ::usleep(1500 * 1000);
  ASSERT_EQ(::kill(running.pid(), SIGINT), 0);
  const Finished run = running.wait();
  EXPECT_EQ(run.exit_code, 130);
  EXPECT_THAT(run.err, HasSubstr("Ended by Ctrl-C after 0 of 400 prompts"));
  EXPECT_EQ(run.out, "");
}

}  // namespace
}  // namespace wedlm
