#include "wedlm/train/same_run.h"

#include "wedlm/base/error.h"
#include "wedlm/base/xxh64.h"

namespace wedlm::train {
namespace {

Json checksum_of(const SampleSet& samples) {
  const std::uint64_t ids = xxh64(std::as_bytes(samples.arrays().ids));
  return Json(ids ^ xxh64(std::as_bytes(samples.arrays().is_learned)));
}

/// `settings` is an object with the same members in all ranks, or more.
void check_same(const Json& settings, Ranks& ranks) {
  const std::vector<std::string> all = ranks.gather(write_json(settings));
  const Json first = parse_json(all[0], "rank 0");
  for (std::size_t rank = 1; rank < all.size(); ++rank) {
    const Json other = parse_json(all[rank], "rank " + std::to_string(rank));
    if (other == first) continue;
    const auto value_of = [](const Json& of, const std::string& key) {
      const Json* value = of.find(key);
      return value == nullptr ? "none" : write_json(*value);
    };
    const auto differs = [&](const JsonMember& member) {
      return value_of(first, member.key) != value_of(other, member.key);
    };
    for (const Json* one : {&first, &other}) {
      for (const JsonMember& member : one->as_object()) {
        if (!differs(member)) continue;
        throw InvalidInput("the processes of a run need the same options, data and model, but rank " +
                           std::to_string(rank) + " has " + member.key + " " + value_of(other, member.key) +
                           ", and rank 0 " + value_of(first, member.key));
      }
    }
  }
}

}  // namespace

void check_same_run(const Json& identity, const RunData& data, const TrainOptions& options, const RunHooks& hooks,
                    Ranks& ranks) {
  if (ranks.size() == 1) return;
  Json settings = identity;
  settings.set("data checksum", checksum_of(data.training.samples));
  if (data.held_out) settings.set("held-out data checksum", checksum_of(data.held_out->samples));
  settings.set("save_every", options.save_every);
  settings.set("eval_every", options.eval_every);
  settings.set("save_type", static_cast<int>(options.save_type));
  settings.set("exercises", static_cast<bool>(hooks.answer_exercises));
  check_same(settings, ranks);
}

void check_same_weights(const TrainedModel& model, Ranks& ranks) {
  if (ranks.size() == 1) return;
  check_same(Json::object({{"model checksum", Json(model.checksum())}}), ranks);
}

}  // namespace wedlm::train
