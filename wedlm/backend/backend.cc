#include "wedlm/backend/backend.h"

#include <algorithm>

#include "wedlm/backend/cpu/cpu_backend.h"
#include "wedlm/backend/op_checks.h"
#include "wedlm/backend/reference/reference_backend.h"
#include "wedlm/backend/sampling.h"
#include "wedlm/base/error.h"
#include "wedlm/base/named.h"

namespace wedlm {
namespace {

// Rows whose logits are held at one time: the weights of the head are read once for each block of them.
constexpr std::int64_t kPredictRows = 64;

}  // namespace

void Backend::add_rms_norm(const ConstTensor& x, const Tensor& residual, const ConstTensor& weight, float eps,
                           const Tensor& out) {
  add(x, residual);
  rms_norm(residual, weight, eps, out);
}

void Backend::rotate_heads(const RotateHeadsArgs& args) {
  if (!args.query_norm.is_empty()) rms_norm(args.queries, args.query_norm, args.eps, args.queries);
  if (!args.key_norm.is_empty()) rms_norm(args.keys, args.key_norm, args.eps, args.keys);
  rope(args.queries, args.angles);
  rope(args.keys, args.angles);
}

void Backend::predict(const PredictArgs& args) {
  check_predict(args);
  for (std::int64_t first = 0; first < args.hidden.rows(); first += kPredictRows) {
    const std::int64_t count = std::min(kPredictRows, args.hidden.rows() - first);
    const auto row = static_cast<std::size_t>(first);
    const auto num_rows = static_cast<std::size_t>(count);
    PredictArgs block{.hidden = {args.hidden.row<float>(first),
                                 DType::kF32,
                                 {count, args.hidden.shape()[1]},
                                 args.hidden.row_stride()},
                      .head = args.head,
                      .sampling = args.sampling.subspan(row, num_rows),
                      .predictions = args.predictions.subspan(row, num_rows),
                      .logits = {}};
    if (!args.logits.is_empty()) block.logits = args.logits.rows_from(first, count);
    if (block.logits.is_empty() && std::none_of(block.sampling.begin(), block.sampling.end(), needs_all_logits)) {
      predict_online(block);
    } else {
      predict_from_logits(block);
    }
  }
}

void Backend::predict_online(const PredictArgs& args) {
  predict_from_logits(args);
}

void Backend::predict_from_logits(const PredictArgs& args) {
  Tensor logits = args.logits;
  if (logits.is_empty()) {
    const Shape shape{args.hidden.rows(), args.head->out_features()};
    const std::size_t bytes = static_cast<std::size_t>(shape.num_elements()) * sizeof(float);
    if (bytes > logits_.bytes()) {
      logits_ = {};
      logits_ = allocate(bytes);
    }
    logits = Tensor(logits_.data(), DType::kF32, shape);
  }
  linear(args.hidden, *args.head, {}, logits);
  read_logits(logits, args.sampling, args.predictions);
}

std::vector<std::string> backend_names() {
  return {"cpu", "reference"};
}

std::unique_ptr<Backend> make_backend(const BackendOptions& options) {
  if (options.name == "cpu")
    return make_cpu_backend({.num_threads = options.num_threads, .thread_placement = options.thread_placement});
  if (options.name == "reference") return make_reference_backend();
  const std::vector<std::string> names = backend_names();
  throw InvalidInput(unknown_name("backend", std::vector<std::string_view>(names.begin(), names.end()), options.name));
}

}  // namespace wedlm
