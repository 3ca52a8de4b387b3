#include "wedlm/eval/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wedlm/base/error.h"
#include "wedlm/eval/report_plots.h"

namespace wedlm {
namespace {

using testing::HasSubstr;

Result answer(std::vector<TokenId> ids, const char* text, std::int64_t decode_forwards, std::int64_t decode_rows) {
  Result result{.token_ids = std::move(ids), .text = text};
  result.stats.generated_tokens = static_cast<std::int64_t>(result.token_ids.size());
  result.stats.decode_forwards = decode_forwards;
  result.stats.decode_rows = decode_rows;
  return result;
}

/// Two settings over three prompts, of which two have known answers.
std::vector<SettingRuns> settings() {
  return {
      {.name = {"autoregressive", "autoregressive", "autoregressive"},
       .answers = {answer({1, 2, 3, 4}, "so 7", 4, 4), answer({5, 6}, "1, 2", 2, 2), answer({7, 8}, "Hi", 2, 2)},
       .run_seconds = {4, 2, 3}},
      {.name = {"streaming window-size=8", "streaming", "b 8"},
       .answers = {answer({1, 2, 9, 4}, "so 8", 1, 8), answer({5, 6}, "1, 2", 1, 8), answer({7}, "Hi", 1, 8)},
       .run_seconds = {2, 0.5}},
  };
}

std::vector<std::optional<KnownAnswer>> known() {
  return {KnownAnswer{.answer = "7", .kind = "sums", .judge = Judge::kLastNumber},
          KnownAnswer{.answer = "1, 2", .kind = "counts", .judge = Judge::kWholeText}, std::nullopt};
}

TEST(ReportTest, EveryFigureFollowsFromTheAnswers) {
  const std::vector<ReportRow> rows = report_rows(settings(), known());
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].tokens, 8);
  EXPECT_EQ(rows[0].seconds, 3);
  EXPECT_DOUBLE_EQ(rows[0].tokens_per_second, 8.0 / 3);
  EXPECT_EQ(rows[0].speed_up, 1);
  EXPECT_EQ(rows[0].equal.share(), 1);
  EXPECT_EQ(rows[0].prefix_share, 1);
  EXPECT_EQ(rows[0].right.num_good, 2);
  EXPECT_EQ(rows[0].right.num_all, 2);

  EXPECT_EQ(rows[1].tokens, 7);
  EXPECT_EQ(rows[1].seconds, 2);  // the slower of two
  EXPECT_DOUBLE_EQ(rows[1].speed_up, 3.5 / (8.0 / 3));
  EXPECT_DOUBLE_EQ(rows[1].tokens_per_forward, 7.0 / 3);
  EXPECT_DOUBLE_EQ(rows[1].forward_ratio, 8.0 / 3);
  EXPECT_DOUBLE_EQ(rows[1].rows_per_forward, 8);
  EXPECT_EQ(rows[1].equal.num_good, 1);
  EXPECT_EQ(rows[1].equal.num_all, 3);
  EXPECT_DOUBLE_EQ(rows[1].prefix_share, (0.5 + 1 + 0.5) / 3);
  EXPECT_EQ(rows[1].right.share(), 0.5);
  EXPECT_EQ(rows[1].right_by_kind.at("sums").num_good, 0);
  EXPECT_EQ(rows[1].right_by_kind.at("counts").num_good, 1);
  EXPECT_EQ(rows[1].equal_by_kind.at("sums").num_good, 0);
  EXPECT_EQ(rows[1].equal_by_kind.at("counts").num_good, 1);
}

TEST(ReportTest, TheTableAlignsItsColumns) {
  EXPECT_EQ(report_table(report_rows(settings(), known())),
            "setting                  tokens/s  speed-up  tokens/forward  fewer forwards  rows/forward  same text  "
            "same tokens    right\n"
            "autoregressive                2.7     1.00x            1.00           1.00x           1.0    100.0 %  "
            "    100.0 %  100.0 %\n"
            "streaming window-size=8       3.5     1.31x            2.33           2.67x           8.0     33.3 %  "
            "     66.7 %   50.0 %\n");
}

TEST(ReportTest, WithoutKnownAnswersNothingIsSaidOfThem) {
  const std::vector<ReportRow> rows = report_rows(settings(), std::vector<std::optional<KnownAnswer>>(3));
  EXPECT_THAT(report_table(rows), testing::Not(HasSubstr("right")));
  EXPECT_EQ(report_json(rows).as_array().at(1).find("right"), nullptr);
  EXPECT_THROW(accuracy_plot(rows, ""), InvalidInput);
}

TEST(ReportTest, TheJsonHasTheSameFigures) {
  const Json json = parse_json(write_json(report_json(report_rows(settings(), known()))), "report");
  const Json& row = json.as_array().at(1);
  EXPECT_EQ(row.at("setting").as_string(), "streaming window-size=8");
  EXPECT_EQ(row.at("mode").as_string(), "streaming");
  EXPECT_EQ(row.at("decode_forwards").as_integer(), 3);
  EXPECT_EQ(row.at("decode_rows").as_integer(), 24);
  EXPECT_EQ(row.at("same_text").at("count").as_integer(), 1);
  EXPECT_EQ(row.at("same_text").at("of").as_integer(), 3);
  EXPECT_EQ(row.at("right").at("share").as_number(), 0.5);
  EXPECT_EQ(row.at("right_by_kind").at("counts").at("share").as_number(), 1);
  EXPECT_EQ(row.at("same_text_by_kind").at("sums").at("share").as_number(), 0);
}

TEST(ReportTest, AnswersThatAreMissingAreOurFault) {
  std::vector<SettingRuns> short_of_one = settings();
  short_of_one[1].answers.pop_back();
  EXPECT_THROW(report_rows(short_of_one, known()), InternalError);
  std::vector<SettingRuns> never_run = settings();
  never_run[1].run_seconds.clear();
  EXPECT_THROW(report_rows(never_run, known()), InternalError);
}

TEST(ReportTest, PlotsHaveAPointForEachSetting) {
  const std::vector<ReportRow> rows = report_rows(settings(), known());
  const std::string agreement = agreement_plot(rows, "three prompts");
  EXPECT_THAT(agreement, HasSubstr("three prompts"));
  EXPECT_THAT(agreement, HasSubstr("<title>streaming window-size=8: 1.31x, 33.3 %</title>"));
  EXPECT_THAT(accuracy_plot(rows, ""), HasSubstr("<title>streaming window-size=8: 1.31x, 50.0 %</title>"));
}

}  // namespace
}  // namespace wedlm
