#include "wedlm/decode/verifying_decoder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

constexpr float kOwnRate = 0.1F;  // a sequence changes its subject within some dozen forwards

// What one more row adds to a forward of a single row where nobody measures it: about that of models whose weights come
// from memory.
constexpr float kRowShare = 1.0F / 16;

/// How many rows give most tokens by that measure; `values` never increase, so the first that does not pay ends them.
int rows_that_pay(std::span<const float> values) {
  float tokens = 1;
  float cost = 1;
  int num_rows = 0;
  for (const float value : values) {
    if (value * cost < tokens * kRowShare) break;
    tokens += value;
    cost += kRowShare;
    ++num_rows;
  }
  return num_rows;
}

/// Where a row brings more than the one before it, nobody would stop between them: they count as their average, and so
/// on until none brings more.
void make_never_increase(std::vector<float>& values) {
  struct Run {
    float sum;
    std::size_t size;
    float average() const { return sum / static_cast<float>(size); }
  };
  std::vector<Run> runs;
  for (const float value : values) {
    runs.push_back({.sum = value, .size = 1});
    while (runs.size() > 1 && runs.back().average() > runs[runs.size() - 2].average()) {
      const Run last = runs.back();
      runs.pop_back();
      runs.back() = {.sum = runs.back().sum + last.sum, .size = runs.back().size + last.size};
    }
  }
  auto value = values.begin();
  for (const Run& run : runs) value = std::fill_n(value, run.size, run.average());
}

}  // namespace

VerifyingDecoder::VerifyingDecoder(const SamplingParams& params, DraftStatistics& statistics)
    : params_(params),
      window_size_(fixed_window(params)),
      statistics_(learns_alone(params) ? own_statistics_.emplace() : statistics) {}

void VerifyingDecoder::prepare(const RowRequest& request) {
  if (!is_prepared_) {
    if (!profile_) profile_.emplace(statistics_.profile).set_rate(kOwnRate);
    if (params_.prompt_lookup) append_lookup(request.known, window_size_.value_or(kMaxDrafts));
    is_prepared_ = true;
  }
  const int most = std::min(request.tokens_left - 1, window_size_.value_or(kMaxDrafts));
  if (static_cast<int>(drafts_.size()) > most) drafts_.resize(static_cast<std::size_t>(most));
}

void VerifyingDecoder::append_lookup(std::span<const TokenId> known, int max_drafts) {
  std::vector<TokenId> tokens;
  DraftRule rule(params_);
  for (const Draft& draft : drafts_) {
    tokens.push_back(draft.token);
    rule.try_extend(draft);
  }
  const auto continuation = lookup_.find(known, tokens, max_drafts - static_cast<int>(drafts_.size()));
  for (const TokenId token : continuation.tokens) {
    Draft draft{.token = token,
                .source = Draft::Source::kLookup,
                .depth = static_cast<int>(drafts_.size()) + 1,
                .match_length = continuation.match_length};
    statistics_.calibration.judge(draft);
    if (!rule.try_extend(draft)) return;
    drafts_.push_back(draft);
  }
}

int VerifyingDecoder::useful_masks(int num_drafts, int tokens_left) const {
  // The drafts and the token after them come first; what the masks propose is followed by one more token.
  const int proposals = tokens_left - num_drafts - 2;
  return proposals > 0 ? proposals + 1 : 0;
}

std::span<const float> VerifyingDecoder::row_values(const RowRequest& request) {
  if (!shares_rows(params_)) return {};
  return expected_tokens(request);
}

std::span<const float> VerifyingDecoder::expected_tokens(const RowRequest& request) {
  values_.clear();
  prepare(request);
  float chance = 1;
  for (const Draft& draft : drafts_) values_.push_back(chance *= draft.keep_chance);
  const int room = kMaxAutoWindow - static_cast<int>(drafts_.size());
  const int num_masks = std::min(room, useful_masks(static_cast<int>(drafts_.size()), request.tokens_left));
  for (int mask = 1; mask <= num_masks; ++mask) {
    // A proposal costs a row now and, where it is one, a row in the next forward. The first mask proposes nothing, and
    // the second needs it.
    const int depth = std::max(mask - 1, 1);
    float value = chance * profile_->accepted(depth) / (1 + profile_->proposed(depth));
    if (mask <= 2) value /= 2;
    values_.push_back(value);
  }
  make_never_increase(values_);
  return values_;
}

int VerifyingDecoder::max_rows(const RowRequest& request) {
  return shares_rows(params_) ? request.max_rows : rows_that_pay(expected_tokens(request));
}

WindowRows VerifyingDecoder::rows(const RowRequest& request) {
  prepare(request);
  const int most = window_size_ ? kMaxDrafts + *window_size_ : max_rows(request);
  const int num_drafts = std::min(static_cast<int>(drafts_.size()), most);
  const bool all_drafts = num_drafts == static_cast<int>(drafts_.size());
  int num_masks = window_size_ ? *window_size_ : all_drafts ? most - num_drafts : 0;
  num_masks = std::min({num_masks, useful_masks(num_drafts, request.tokens_left), kMaxAutoWindow});
  if (num_masks < 2) num_masks = 0;

  WindowRows result{.predict_after_known = true, .num_drafts = num_drafts};
  const bool scores = params_.mode == DecodeMode::kGated && params_.gate == Gate::kProbability;
  const auto scored = [&](int i) {
    return scores && i < num_drafts ? drafts_[static_cast<std::size_t>(i)].token : kNoToken;
  };
  result.scored_after_known = scored(0);
  for (int i = 0; i < num_drafts; ++i) {
    result.rows.push_back({.kind = WindowRow::Kind::kToken,
                           .token = drafts_[static_cast<std::size_t>(i)].token,
                           .offset = i,
                           .wants_prediction = true,
                           .scored = scored(i + 1)});
  }
  for (int mask = 0; mask < num_masks; ++mask) {
    result.rows.push_back({.kind = WindowRow::Kind::kMask, .offset = num_drafts + mask, .wants_prediction = mask > 0});
  }
  asked_ = {.num_drafts = num_drafts, .num_masks = num_masks};
  return result;
}

int VerifyingDecoder::count_accepted(std::span<const Prediction> predictions) {
  int num_accepted = 0;
  counts_.num_computed += asked_.num_drafts;
  for (int i = 0; i < asked_.num_drafts; ++i) {
    const Draft& draft = drafts_[static_cast<std::size_t>(i)];
    const Prediction& prediction = predictions[static_cast<std::size_t>(i)];
    const bool passes = passes_gate(draft, prediction, params_);
    statistics_.calibration.observe(draft, passes, prediction.sampled == draft.token);
    counts_.add(draft.depth, passes);
    if (!passes) break;
    ++num_accepted;
  }
  return num_accepted;
}

void VerifyingDecoder::learn(int num_accepted) {
  if (num_proposing_masks_ == 0) {
    if (asked_.num_masks == 0) profile_->forget();
    return;
  }
  const auto is_other = [](const Draft& draft) { return draft.source != Draft::Source::kMask; };
  const auto num_proposed = static_cast<int>(std::find_if(drafts_.begin(), drafts_.end(), is_other) - drafts_.begin());
  for (AcceptanceProfile* profile : {&*profile_, &statistics_.profile}) {
    profile->observe_proposed(num_proposed, num_proposing_masks_);
    profile->observe_accepted(std::min(num_accepted, num_proposed), std::min(asked_.num_drafts, num_proposed),
                              num_proposed, num_proposing_masks_);
  }
}

std::vector<Draft> VerifyingDecoder::unverified_rest(TokenId chosen) const {
  std::vector<Draft> rest;
  const auto next = drafts_.begin() + asked_.num_drafts;
  if (next == drafts_.end() || next->token != chosen) return rest;
  rest.assign(next + 1, drafts_.end());
  for (Draft& draft : rest) draft.depth -= asked_.num_drafts + 1;
  return rest;
}

std::vector<Draft> VerifyingDecoder::propose(std::span<const Prediction> of_masks) const {
  std::vector<Draft> drafts;
  DraftRule rule(params_);
  for (const Prediction& prediction : of_masks) {
    Draft draft{.token = prediction.sampled,
                .source = Draft::Source::kMask,
                .depth = static_cast<int>(drafts.size()) + 1,
                .entropy = prediction.entropy,
                .probability = std::exp(prediction.sampled_certainty)};
    statistics_.calibration.judge(draft);
    if (!rule.try_extend(draft)) break;
    drafts.push_back(draft);
  }
  return drafts;
}

Advance VerifyingDecoder::commit(int num_accepted, std::span<const Prediction> predictions) {
  Advance advance{.num_cached = num_accepted};
  const auto say = [&](TokenId token, const Prediction& prediction) {
    const bool is_own_choice = prediction.sampled == token;
    advance.tokens.push_back(token);
    advance.scores.push_back(
        score_of(prediction, is_own_choice ? prediction.sampled_log_prob : prediction.scored_log_prob));
  };
  rejected_.clear();
  for (int i = 0; i < asked_.num_drafts; ++i) {
    const auto index = static_cast<std::size_t>(i);
    if (i < num_accepted) {
      say(drafts_[index].token, predictions[index]);
    } else {
      rejected_.push_back(drafts_[index].token);
    }
  }
  const Prediction& after_accepted = predictions[static_cast<std::size_t>(num_accepted)];
  say(after_accepted.sampled, after_accepted);
  return advance;
}

void VerifyingDecoder::show(int num_masks) {
  constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
  shown_.clear();
  shown_entropies_.clear();
  for (const Draft& draft : drafts_) {
    shown_.push_back({.token = draft.token, .filled = true});
    shown_entropies_.push_back(draft.source == Draft::Source::kMask ? draft.entropy : kNone);
  }
  shown_.resize(shown_.size() + static_cast<std::size_t>(num_masks));
  shown_entropies_.resize(shown_.size(), kNone);
}

Advance VerifyingDecoder::advance(std::span<const Prediction> predictions) {
  const int expected = 1 + asked_.num_drafts + std::max(asked_.num_masks - 1, 0);
  if (static_cast<int>(predictions.size()) != expected) {
    throw InternalError("VerifyingDecoder: expected " + std::to_string(expected) + " predictions, got " +
                        std::to_string(predictions.size()));
  }
  const int num_accepted = count_accepted(predictions);
  learn(num_accepted);
  Advance advance = commit(num_accepted, predictions);
  const TokenId chosen = advance.tokens.back();

  // The masks saw every draft: where one was refused, what they say is about another text.
  const bool are_all_accepted = num_accepted == asked_.num_drafts;
  const auto of_masks = predictions.subspan(static_cast<std::size_t>(asked_.num_drafts) + 1);
  num_proposing_masks_ = are_all_accepted ? std::max(asked_.num_masks - 1, 0) : 0;
  if (!are_all_accepted) {
    drafts_.clear();
  } else if (asked_.num_drafts < static_cast<int>(drafts_.size())) {
    drafts_ = unverified_rest(chosen);
  } else {
    drafts_ = propose(of_masks);
  }
  show(asked_.num_masks);
  asked_ = {};
  is_prepared_ = false;
  return advance;
}

}  // namespace wedlm
