#include "wedlm/train/torch/objective.h"

#include <torch/torch.h>

#include <algorithm>
#include <vector>

namespace wedlm::train {
namespace {

using at::Tensor;

/// Masks with a next-token row that predicts the same token, and those rows, as places among a batch's losses.
struct Lessons {
  explicit Lessons(const std::vector<LossRow>& losses) {
    std::vector<std::int64_t> students, teachers;
    for (std::size_t i = 0; i < losses.size(); ++i) {
      if (!losses[i].teacher) continue;
      students.push_back(static_cast<std::int64_t>(i));
      teachers.push_back(static_cast<std::int64_t>(*losses[i].teacher));
    }
    masks = at::tensor(students, at::kLong);
    next = at::tensor(teachers, at::kLong);
  }

  /// KL(teacher, student) of each, through which nothing flows back to the teacher.
  Tensor divergence(const Tensor& logits) const {
    const Tensor teacher = logits.detach().index_select(0, next).log_softmax(-1);
    const Tensor student = logits.index_select(0, masks).log_softmax(-1);
    return (teacher.exp() * (teacher - student)).sum(-1);
  }

  Tensor masks;
  Tensor next;
};

}  // namespace

Tensor objective(const Tensor& logits, const DualStream& stream, std::span<const float> row_weights,
                 double next_token_weight, double distillation, Losses& losses) {
  std::vector<std::int64_t> targets;
  for (const LossRow& loss : stream.losses) targets.push_back(loss.target);
  const Tensor each = torch::nn::functional::cross_entropy(
      logits, at::tensor(targets, at::kLong), torch::nn::functional::CrossEntropyFuncOptions().reduction(torch::kNone));
  const Tensor weights =
      at::tensor(std::vector<double>(row_weights.begin(), row_weights.end()), at::kDouble).to(logits.scalar_type());
  const Tensor weighted = each * weights;
  const auto num_masked = std::ranges::count(stream.losses, LossKind::kMasked, &LossRow::kind);
  losses.num_masked = static_cast<std::size_t>(num_masked);
  losses.num_next = stream.losses.size() - losses.num_masked;
  const double masked = weighted.narrow(0, 0, num_masked).sum().item<double>();
  Tensor total = weighted.sum();
  losses.total = total.item<double>();
  losses.masked = masked * (1 + next_token_weight);
  losses.next_token = next_token_weight > 0
                          ? (losses.total - masked) * (1 + next_token_weight) / next_token_weight
                          : each.narrow(0, num_masked, each.size(0) - num_masked).mean().item<double>();
  if (const Lessons lessons(stream.losses); distillation > 0 && lessons.masks.numel() > 0) {
    const Tensor weights_of_masks = weights.index_select(0, lessons.masks);
    const Tensor distilled = (lessons.divergence(logits) * weights_of_masks).sum();
    const Tensor replaced = weighted.index_select(0, lessons.masks).sum();
    losses.distilled = distilled.item<double>() * (1 + next_token_weight);
    total = total + distillation * (distilled - replaced);
    losses.total = total.item<double>();
  }
  return total;
}

}  // namespace wedlm::train
