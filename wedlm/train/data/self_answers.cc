#include "wedlm/train/data/self_answers.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <utility>

#include "wedlm/base/error.h"
#include "wedlm/base/output_file.h"
#include "wedlm/base/presence.h"
#include "wedlm/base/xxh64.h"
#include "wedlm/frontend/text_input.h"

namespace wedlm::train {
namespace {

namespace fs = std::filesystem;

/// A line of data and, where it has an answer, what is asked for it.
struct Line {
  Json json;
  std::optional<Prompt> question{};
};

Line line_of(Json json, const std::string& source) {
  if (json.is_array()) json = Json::object({{"messages", std::move(json)}});
  Line line{.json = std::move(json)};
  if (line.json.find("completion") != nullptr) {
    line.question = prompt_of_json(line.json, source);
  } else if (const Json* messages = line.json.find("messages"); messages != nullptr && messages->is_array()) {
    Json::Array asked = messages->as_array();
    if (asked.size() < 2 || !is_answer(asked.back())) return line;
    asked.pop_back();
    Json question = line.json;
    question.replace("messages", std::move(asked));
    line.question = prompt_of_json(question, source);
  }
  return line;
}

Json answered(const Line& line, const std::string& answer) {
  Json json = line.json;
  if (json.find("completion") != nullptr) {
    json.replace("completion", answer);
    return json;
  }
  Json::Array messages = json.at("messages").as_array();
  messages.back() = Json::object({{"role", "assistant"}, {"content", answer}});
  json.replace("messages", std::move(messages));
  return json;
}

/// What an earlier run has left of one file.
struct State {
  std::size_t num_lines = 0;     // of the data that are done
  std::uintmax_t num_bytes = 0;  // of the answers' file that belong to them
  std::uint64_t checksum = 0;    // of what they ask
};

/// The checksum of lines, of which `before` is that of those in front.
std::uint64_t checksum_with(std::uint64_t before, std::span<const Line> lines) {
  for (const Line& line : lines) {
    const Json asked = line.question ? prompt_json(*line.question) : line.json;
    const std::string text = std::to_string(before) + " " + write_json(asked);
    before = xxh64(std::as_bytes(std::span(text)));
  }
  return before;
}

/// The answers to one file.
class Answers {
 public:
  Answers(fs::path data, const SampleMaker& maker, const SelfAnswerOptions& options, const AskModel& ask,
          const Watcher& watcher, SelfAnswerReport& report)
      : data_(std::move(data)),
        maker_(maker),
        options_(options),
        ask_(ask),
        watcher_(watcher),
        report_(report),
        place_(options.folder / data_.filename()),
        state_place_(place_.string() + ".state.json") {}

  fs::path write() {
    read_lines();
    State state = stored();
    report_.num_found += state.num_lines;
    std::error_code ignored;
    fs::resize_file(place_, state.num_bytes, ignored);  // what a killed run wrote of a next piece goes
    if (lines_.empty()) append({}, state);
    while (state.num_lines < lines_.size()) {
      watcher_.progress(
          {.title = "Answering " + data_.filename().string(), .done = state.num_lines, .total = lines_.size()});
      const std::size_t count = std::min(options_.num_at_once, lines_.size() - state.num_lines);
      const auto lines = std::span(lines_).subspan(state.num_lines, count);
      append(lines, state);
    }
    return place_;
  }

 private:
  void read_lines() {
    const auto add = [this](const Json& json, const std::string& source) {
      maker_.of_json(json, source);
      lines_.push_back(line_of(json, source));
    };
    read_data_file(data_, options_.bad_lines, {.on_line = add, .on_text = {}}, watcher_, report_.reading);
  }

  void write_state(const State& state) const {
    const Json json = Json::object({{"lines", static_cast<std::int64_t>(state.num_lines)},
                                    {"bytes", static_cast<std::int64_t>(state.num_bytes)},
                                    {"questions", std::to_string(state.checksum)},
                                    {"origin", options_.origin}});
    write_whole_file(state_place_, write_json(json) + "\n");
  }

  State stored() const {
    if (!is_present(state_place_)) {
      if (!is_present(place_)) return {};
      throw InvalidInput(place_.string() + " is no file of the model's own answers; name another folder for them");
    }
    const std::string source = state_place_.string();
    const Json json = parse_json(read_input(source).text, source);
    State state{.num_lines = static_cast<std::size_t>(json.at("lines").as_integer()),
                .num_bytes = static_cast<std::uintmax_t>(json.at("bytes").as_integer())};
    const std::string remedy = "; name another folder, or remove it";
    if (state.num_lines <= lines_.size()) {
      state.checksum = checksum_with(0, std::span(lines_).first(state.num_lines));
    }
    if (std::to_string(state.checksum) != json.at("questions").as_string()) {
      throw InvalidInput(place_.string() + " answers other questions than those of " + data_.string() + remedy);
    }
    const Json own = parse_json(write_json(options_.origin), source);
    for (const JsonMember& member : own.as_object()) {
      const Json* other = json.at("origin").find(member.key);
      if (other != nullptr && *other == member.value) continue;
      throw InvalidInput(place_.string() + " was answered with " + member.key + " " +
                         (other == nullptr ? "none" : write_json(*other)) + ", and this run has " +
                         write_json(member.value) + remedy);
    }
    std::error_code ignored;
    if (state.num_bytes > 0 && (!is_present(place_) || fs::file_size(place_, ignored) < state.num_bytes)) {
      throw InvalidInput(place_.string() + " is shorter than " + source + " says" + remedy);
    }
    return state;
  }

  std::string answered_lines(std::span<const Line> lines) {
    std::vector<Prompt> prompts;
    for (const Line& line : lines) {
      if (line.question) prompts.push_back(*line.question);
    }
    const auto answers = prompts.empty() ? std::vector<std::optional<std::string>>() : ask_(prompts);
    report_.num_asked += prompts.size();
    std::string text;
    auto answer = answers.begin();
    for (const Line& line : lines) {
      if (!line.question) {
        text += write_json(line.json) + "\n";
      } else if (const auto& said = *answer++; said) {
        text += write_json(answered(line, *said)) + "\n";
      } else {
        ++report_.num_unfinished;
      }
    }
    return text;
  }

  /// Has the lines answered and keeps them. The state comes first, and says that a file without it is another's.
  void append(std::span<const Line> lines, State& state) {
    const std::string text = answered_lines(lines);
    if (!is_present(state_place_)) write_state(state);
    std::ofstream file(place_, std::ios::app | std::ios::binary);
    file << text << std::flush;
    if (!file) throw ResourceError("cannot write " + place_.string());
    state.num_lines += lines.size();
    state.num_bytes += text.size();
    state.checksum = checksum_with(state.checksum, lines);
    write_state(state);
  }

  fs::path data_;
  const SampleMaker& maker_;
  const SelfAnswerOptions& options_;
  const AskModel& ask_;
  const Watcher& watcher_;
  SelfAnswerReport& report_;
  fs::path place_;
  fs::path state_place_;
  std::vector<Line> lines_;
};

}  // namespace

std::vector<TrainingFile> self_answered(const std::vector<TrainingFile>& files, const SampleMaker& maker,
                                        const SelfAnswerOptions& options, const AskModel& ask, const Watcher& watcher,
                                        SelfAnswerReport& report) {
  std::error_code error;
  fs::create_directories(options.folder, error);
  if (error) throw ResourceError("cannot make " + options.folder.string() + ": " + error.message());
  std::set<fs::path> names;
  std::vector<TrainingFile> result = files;
  for (TrainingFile& file : result) {
    if (!file.path.string().ends_with(".jsonl")) continue;
    if (!names.insert(file.path.filename()).second) {
      throw InvalidInput("two data files are called " + file.path.filename().string() +
                         ", of whose answers there would be one file; rename one");
    }
    file.path = Answers(file.path, maker, options, ask, watcher, report).write();
  }
  return result;
}

}  // namespace wedlm::train
