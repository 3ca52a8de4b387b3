#include "wedlm/eval/report.h"

#include <algorithm>

#include "wedlm/base/error.h"
#include "wedlm/base/number_text.h"
#include "wedlm/base/ratio.h"
#include "wedlm/eval/agreement.h"

namespace wedlm {
namespace {

double median(std::vector<double> seconds) {
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

void add_counts(ReportRow& row, const SettingRuns& setting) {
  for (const Result& answer : setting.answers) {
    row.tokens += answer.stats.generated_tokens;
    row.decode_forwards += answer.stats.decode_forwards;
    row.decode_rows += answer.stats.decode_rows;
  }
  row.seconds = median(setting.run_seconds);
  row.tokens_per_second = ratio(static_cast<double>(row.tokens), row.seconds);
  row.tokens_per_forward = ratio(row.tokens, row.decode_forwards);
  row.rows_per_forward = ratio(row.decode_rows, row.decode_forwards);
}

void add_verdicts(ReportRow& row, const SettingRuns& setting, const SettingRuns& base,
                  std::span<const std::optional<KnownAnswer>> known) {
  double sum_of_shares = 0;
  for (std::size_t i = 0; i < known.size(); ++i) {
    const Result& answer = setting.answers[i];
    const Agreement close = agreement(base.answers[i].token_ids, answer.token_ids);
    row.equal.add(close.is_equal);
    sum_of_shares += close.prefix_share;
    if (!known[i]) continue;
    const bool right = is_right(*known[i], answer.text);
    row.right.add(right);
    row.right_by_kind[known[i]->kind].add(right);
    row.equal_by_kind[known[i]->kind].add(close.is_equal);
  }
  row.prefix_share = ratio(sum_of_shares, static_cast<double>(known.size()));
}

struct Column {
  std::string heading;
  std::vector<std::string> cells{};
};

std::vector<Column> columns_of(std::span<const ReportRow> rows) {
  const bool has_known = std::any_of(rows.begin(), rows.end(), [](const ReportRow& r) { return r.right.num_all > 0; });
  std::vector<Column> columns = {{"setting"},        {"tokens/s"},     {"speed-up"},  {"tokens/forward"},
                                 {"fewer forwards"}, {"rows/forward"}, {"same text"}, {"same tokens"}};
  if (has_known) columns.push_back({"right"});
  for (const ReportRow& row : rows) {
    std::vector<std::string> cells = {row.name.text,
                                      fixed(row.tokens_per_second, 1),
                                      fixed(row.speed_up, 2) + "x",
                                      fixed(row.tokens_per_forward, 2),
                                      fixed(row.forward_ratio, 2) + "x",
                                      fixed(row.rows_per_forward, 1),
                                      fixed(100 * row.equal.share(), 1) + " %",
                                      fixed(100 * row.prefix_share, 1) + " %"};
    if (has_known) cells.push_back(row.right.num_all > 0 ? fixed(100 * row.right.share(), 1) + " %" : "");
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i].cells.push_back(std::move(cells[i]));
  }
  return columns;
}

Json tally_json(const Tally& tally) {
  return Json::object({{"count", tally.num_good}, {"of", tally.num_all}, {"share", tally.share()}});
}

Json tallies_json(const std::map<std::string, Tally>& tallies) {
  Json json = Json::object({});
  for (const auto& [kind, tally] : tallies) json.set(kind, tally_json(tally));
  return json;
}

}  // namespace

void Tally::add(bool is_good) {
  num_good += is_good ? 1 : 0;
  ++num_all;
}

double Tally::share() const {
  return ratio(num_good, num_all);
}

std::vector<ReportRow> report_rows(std::span<const SettingRuns> settings,
                                   std::span<const std::optional<KnownAnswer>> known) {
  std::vector<ReportRow> rows;
  for (const SettingRuns& setting : settings) {
    if (setting.answers.size() != known.size() || setting.run_seconds.empty()) {
      throw InternalError("report of " + setting.name.text + ": expected " + std::to_string(known.size()) +
                          " answers and at least one run, got " + std::to_string(setting.answers.size()) + " and " +
                          std::to_string(setting.run_seconds.size()));
    }
    ReportRow row{.name = setting.name};
    add_counts(row, setting);
    add_verdicts(row, setting, settings.front(), known);
    const ReportRow& base = rows.empty() ? row : rows.front();
    row.speed_up = ratio(row.tokens_per_second, base.tokens_per_second);
    row.forward_ratio = ratio(base.decode_forwards, row.decode_forwards);
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string report_table(std::span<const ReportRow> rows) {
  const std::vector<Column> columns = columns_of(rows);
  std::vector<std::string> lines(rows.size() + 1);
  for (const Column& column : columns) {
    const bool is_first = &column == &columns.front();
    std::size_t width = column.heading.size();
    for (const std::string& cell : column.cells) width = std::max(width, cell.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::string& cell = i == 0 ? column.heading : column.cells[i - 1];
      const std::string padding(width - cell.size(), ' ');
      lines[i].append(is_first ? cell : "  ").append(padding).append(is_first ? "" : cell);
    }
  }
  std::string table;
  for (const std::string& line : lines) table += line + "\n";
  return table;
}

Json report_json(std::span<const ReportRow> rows) {
  Json::Array array;
  for (const ReportRow& row : rows) {
    Json json = Json::object({{"setting", row.name.text},
                              {"mode", row.name.mode},
                              {"tokens", row.tokens},
                              {"decode_forwards", row.decode_forwards},
                              {"decode_rows", row.decode_rows},
                              {"seconds", row.seconds},
                              {"tokens_per_second", row.tokens_per_second},
                              {"speed_up", row.speed_up},
                              {"tokens_per_forward", row.tokens_per_forward},
                              {"forward_ratio", row.forward_ratio},
                              {"rows_per_forward", row.rows_per_forward},
                              {"same_text", tally_json(row.equal)},
                              {"same_tokens", row.prefix_share}});
    if (row.right.num_all > 0) {
      json.set("right", tally_json(row.right));
      json.set("right_by_kind", tallies_json(row.right_by_kind));
      json.set("same_text_by_kind", tallies_json(row.equal_by_kind));
    }
    array.push_back(std::move(json));
  }
  return array;
}

}  // namespace wedlm
