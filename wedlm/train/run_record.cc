#include "wedlm/train/run_record.h"

#include <algorithm>
#include <string>

#include "wedlm/base/error.h"
#include "wedlm/base/output_file.h"
#include "wedlm/base/quote.h"
#include "wedlm/checkpoint/companion_files.h"
#include "wedlm/frontend/text_input.h"
#include "wedlm/train/curves.h"

namespace wedlm::train {
namespace {

namespace fs = std::filesystem;

constexpr const char* kState = "training_state.json";

void check_identity(const Json& stored, const Json& own, const fs::path& path) {
  for (const JsonMember& member : own.as_object()) {
    const Json* other = stored.find(member.key);
    // Written and read again, so that numbers compare as they are stored.
    if (other != nullptr && *other == parse_json(write_json(member.value), member.key)) continue;
    throw InvalidInput("--resume: " + path.string() + " belongs to a run with " + member.key + " " +
                       (other == nullptr ? "none" : shown(*other)) + ", and this one has " + shown(member.value));
  }
  for (const JsonMember& member : stored.as_object()) {
    if (own.find(member.key) != nullptr) continue;
    throw InvalidInput("--resume: " + path.string() + " belongs to a run with " + member.key + " " +
                       shown(member.value) + ", and this one has none");
  }
}

}  // namespace

RunRecord::RunRecord(const fs::path& path, bool resume, const Json& identity)
    : path_(path), identity_(identity), folder_(path), start_(checked_start(resume)), metrics_(path, start_) {}

std::optional<std::int64_t> RunRecord::checked_start(bool resume) const {
  const auto last = folder_.last_step();
  if (!last) return last;
  const fs::path path = folder_.checkpoint(*last);
  if (!resume) {
    throw InvalidInput(path_.string() + " has " + path.filename().string() +
                       " of an earlier run; --resume goes on with it, or name another folder");
  }
  const fs::path json = path / kState;
  check_identity(parse_json(read_input(json.string()).text, json.string()).at("run"), identity_, path);
  return last;
}

void RunRecord::write_state(const fs::path& checkpoint, std::int64_t step) const {
  write_json_file(checkpoint / kState, Json::object({{"step", step}, {"run", identity_}}));
}

std::optional<std::int64_t> RunRecord::best_step() const {
  std::optional<Metrics::Point> best;
  const auto steps = folder_.steps();
  for (const Metrics::Point& point : metrics_.of("eval_loss")) {
    if (best && !(point.value < best->value)) continue;
    if (std::ranges::binary_search(steps, point.step)) best = point;  // one that was removed had a higher one
  }
  return best ? std::optional(best->step) : std::nullopt;
}

std::optional<fs::path> RunRecord::best() const {
  const auto step = best_step();
  return step ? std::optional(folder_.checkpoint(*step)) : std::nullopt;
}

void RunRecord::keep(int count, const Watcher& watcher) const {
  const auto best = best_step();
  try {
    if (best) folder_.link_best(*best);
  } catch (const ResourceError& error) {
    watcher.note(error.what());
  }
  folder_.keep_newest(count, best);
}

void RunRecord::draw_curves() const {
  const auto svg = curves(metrics_, (path_ / "").parent_path().filename().string());
  if (svg) write_whole_file(path_ / "curves.svg", *svg);
}

}  // namespace wedlm::train
