#include "wedlm/backend/host_backend.h"

#include <algorithm>
#include <cstring>

#include "wedlm/backend/sampling.h"

namespace wedlm {
namespace {

// Rows whose logits are held at one time: the weights of the head are read once for so many.
constexpr std::int64_t kPredictRows = 64;

class HostForward final : public Forward {
 public:
  explicit HostForward(const ForwardInputs& from_host) : inputs(from_host), predictions(from_host.sampling.size()) {}

  const OwnedInputs inputs;
  std::vector<Prediction> predictions;
};

void copy(const ConstTensor& from, const Tensor& to) {
  const auto bytes = static_cast<std::size_t>(from.shape().num_elements()) * dtype_bytes(from.dtype());
  if (bytes > 0) std::memmove(to.data(), from.data(), bytes);
}

ConstTensor rows_of(const ConstTensor& x, std::int64_t first, std::int64_t count) {
  return {x.row<float>(first), x.dtype(), {count, x.shape()[1]}, x.row_stride()};
}

}  // namespace

OwnedInputs::OwnedInputs(const ForwardInputs& inputs)
    : segments_(inputs.segments.begin(), inputs.segments.end()),
      sampling_(inputs.sampling.begin(), inputs.sampling.end()) {
  std::size_t count =
      inputs.token_ids.size() + inputs.positions.size() + inputs.slots.size() + inputs.prediction_rows.size();
  for (const AttentionSegment& segment : segments_) count += segment.page_table.size();
  integers_.reserve(count);
  const auto keep = [this](std::span<const std::int32_t> list) {
    const std::size_t first = integers_.size();
    integers_.insert(integers_.end(), list.begin(), list.end());
    return std::span<const std::int32_t>(integers_.data() + first, list.size());
  };
  for (AttentionSegment& segment : segments_) segment.page_table = keep(segment.page_table);
  inputs_ = {.token_ids = keep(inputs.token_ids),
             .positions = keep(inputs.positions),
             .slots = keep(inputs.slots),
             .segments = segments_,
             .prediction_rows = keep(inputs.prediction_rows),
             .sampling = sampling_};
}

const ForwardInputs& HostBackend::inputs_of(const Forward& forward) {
  return static_cast<const HostForward&>(forward).inputs;
}

void HostBackend::do_upload(const ConstTensor& host, const Tensor& to) {
  copy(host, to);
}

void HostBackend::do_download(const ConstTensor& from, const Tensor& host) {
  copy(from, host);
}

std::unique_ptr<Forward> HostBackend::do_begin(const ForwardInputs& inputs) {
  return std::make_unique<HostForward>(inputs);
}

void HostBackend::do_predict(Forward& forward, const PredictArgs& args) {
  const std::span<const SamplingRow> sampling = inputs_of(forward).sampling;
  const std::span<Prediction> predictions = static_cast<HostForward&>(forward).predictions;
  for (std::int64_t first = 0; first < args.hidden.rows(); first += kPredictRows) {
    const std::int64_t count = std::min(kPredictRows, args.hidden.rows() - first);
    const auto row = static_cast<std::size_t>(first);
    const Rows rows{.hidden = rows_of(args.hidden, first, count),
                    .sampling = sampling.subspan(row, static_cast<std::size_t>(count)),
                    .predictions = predictions.subspan(row, static_cast<std::size_t>(count))};
    const bool may_be_online = args.logits.is_empty() && std::ranges::none_of(rows.sampling, needs_all_logits);
    if (may_be_online && predict_online(rows.hidden, *args.head, rows.sampling, rows.predictions)) continue;
    predict_from_logits(rows, *args.head, args.logits.is_empty() ? Tensor() : args.logits.rows_from(first, count));
  }
}

bool HostBackend::predict_online(const ConstTensor& /*hidden*/, const PackedWeight& /*head*/,
                                 std::span<const SamplingRow> /*sampling*/, std::span<Prediction> /*predictions*/) {
  return false;
}

void HostBackend::predict_from_logits(const Rows& rows, const PackedWeight& head, Tensor logits) {
  if (logits.is_empty()) {
    const Shape shape{rows.hidden.rows(), head.out_features()};
    const std::size_t bytes = static_cast<std::size_t>(shape.num_elements()) * sizeof(float);
    if (bytes > logits_.bytes()) {
      logits_ = {};
      logits_ = allocate(bytes);
    }
    logits = Tensor(logits_.data(), DType::kF32, shape);
  }
  do_linear(rows.hidden, head, {}, logits);
  const ObservedOp reading(observer(), OpKind::kLogits);
  read_logits(logits, rows.sampling, rows.predictions);
}

void HostBackend::do_read_predictions(Forward& forward, std::span<Prediction> predictions) {
  std::ranges::copy(static_cast<const HostForward&>(forward).predictions, predictions.begin());
}

}  // namespace wedlm
