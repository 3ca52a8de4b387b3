#include "wedlm/backend/backend.h"

#include <algorithm>

#include "wedlm/backend/cpu/cpu_backend.h"
#include "wedlm/backend/op_checks.h"
#include "wedlm/backend/reference/reference_backend.h"
#include "wedlm/base/error.h"

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
  const std::int64_t vocab_size = args.head->out_features();
  for (std::int64_t first = 0; first < args.hidden.rows(); first += kPredictRows) {
    const std::int64_t count = std::min(kPredictRows, args.hidden.rows() - first);
    const ConstTensor hidden(args.hidden.row<float>(first), DType::kF32, {count, args.hidden.shape()[1]},
                             args.hidden.row_stride());
    Tensor logits;
    if (args.logits.is_empty()) {
      const std::size_t bytes = static_cast<std::size_t>(count * vocab_size) * sizeof(float);
      if (bytes > logits_.bytes()) {
        logits_ = {};
        logits_ = allocate(bytes);
      }
      logits = Tensor(logits_.data(), DType::kF32, {count, vocab_size});
    } else {
      logits = args.logits.rows_from(first, count);
    }
    linear(hidden, *args.head, {}, logits);
    const auto row = static_cast<std::size_t>(first);
    const auto num_rows = static_cast<std::size_t>(count);
    read_logits(logits, args.sampling.subspan(row, num_rows), args.predictions.subspan(row, num_rows));
  }
}

std::vector<std::string> backend_names() {
  return {"cpu", "reference"};
}

std::unique_ptr<Backend> make_backend(const BackendOptions& options) {
  if (options.name == "cpu")
    return make_cpu_backend({.num_threads = options.num_threads, .thread_placement = options.thread_placement});
  if (options.name == "reference") return make_reference_backend();
  std::string known;
  for (const std::string& name : backend_names()) known += (known.empty() ? "" : ", ") + name;
  throw InvalidInput("backend: expected one of " + known + ", got \"" + options.name + "\"");
}

}  // namespace wedlm
