#include "wedlm/train/reports.h"

namespace wedlm::train {

Json report_json(const StepReport& report) {
  return Json::object({{"step", report.step},
                       {"loss", report.losses.total},
                       {"masked_loss", report.losses.masked},
                       {"next_token_loss", report.losses.next_token},
                       {"distilled_loss", report.losses.distilled},
                       {"learning_rate", report.learning_rate},
                       {"gradient_norm", report.gradient_norm},
                       {"tokens", static_cast<std::int64_t>(report.num_tokens)},
                       {"rows", static_cast<std::int64_t>(report.num_rows)},
                       {"seconds", report.seconds}});
}

Json report_json(const HeldOutReport& report) {
  return Json::object({{"step", report.step},
                       {"eval_loss", report.losses.total},
                       {"eval_masked_loss", report.losses.masked},
                       {"eval_next_token_loss", report.losses.next_token},
                       {"eval_seconds", report.seconds}});
}

Json report_json(const ExerciseReport& report) {
  return Json::object({{"step", report.step},
                       {"exercise_accuracy", report.scores.accuracy},
                       {"exercise_accuracy_autoregressive", report.scores.autoregressive_accuracy},
                       {"exercise_tokens_per_forward", report.scores.tokens_per_forward},
                       {"exercise_seconds", report.seconds}});
}

}  // namespace wedlm::train
