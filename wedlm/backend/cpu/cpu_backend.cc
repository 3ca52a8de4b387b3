#include "wedlm/backend/cpu/cpu_backend.h"

#include <algorithm>
#include <vector>

#include "wedlm/backend/cpu/attention.h"
#include "wedlm/backend/cpu/attention_strip.h"
#include "wedlm/backend/cpu/isa/select.h"
#include "wedlm/backend/cpu/linear.h"
#include "wedlm/backend/cpu/packing.h"
#include "wedlm/backend/cpu/predict.h"
#include "wedlm/backend/cpu/scratch.h"
#include "wedlm/backend/cpu_peaks.h"
#include "wedlm/backend/host_backend.h"
#include "wedlm/backend/rotary.h"
#include "wedlm/base/error.h"
#include "wedlm/base/thread_team.h"

namespace wedlm {
namespace {

// Waking a thread costs about what it takes to touch so many floats.
constexpr std::int64_t kMinTaskElements = 8192;

const float* floats(const ConstTensor& tensor) {
  return static_cast<const float*>(tensor.data());
}

class CpuBackend final : public HostBackend {
 public:
  CpuBackend(const KernelTable& kernels, const CpuOptions& options)
      : kernels_(kernels), team_(options.num_threads, options.thread_placement), attention_scratch_(team_.size()) {}

  std::string description() const override {
    return "cpu (" + std::string(kernels_.name) + ", " + std::to_string(team_.size()) +
           (team_.size() == 1 ? " thread)" : " threads)");
  }

  MachineRates rates(WeightType type) const override { return cpu_rates(kernels_, team_.size(), type); }

  Buffer allocate(std::size_t bytes) override { return allocate_host_to_read(bytes); }
  std::unique_ptr<PackedWeight> adopt(const PackedMatrix& packed) override {
    return adopt_weight(packed, kernels_.panel_lanes, team_);
  }

 private:
  std::unique_ptr<PackedWeight> do_pack(std::span<const ConstTensor> parts, const WeightFormat& format) override {
    return pack_weight(parts, format, kernels_, team_);
  }

  void do_embed(const Forward& forward, const ConstTensor& table, const Tensor& out) override {
    const std::span<const TokenId> token_ids = inputs_of(forward).token_ids;
    const std::size_t element = dtype_bytes(table.dtype());
    for_rows(out, [&](std::int64_t r) {
      const std::int64_t first = token_ids[static_cast<std::size_t>(r)] * table.row_stride();
      const auto* from = static_cast<const std::byte*>(table.data()) + static_cast<std::size_t>(first) * element;
      to_f32(table.dtype(), from, out.row<float>(r), static_cast<std::size_t>(table.shape()[1]));
    });
  }

  void do_linear(const ConstTensor& x, const PackedWeight& weight, const ConstTensor& bias,
                 const Tensor& out) override {
    cpu_linear(kernels_, team_, packed_rows_, x, dynamic_cast<const CpuWeight&>(weight),
               bias.is_empty() ? nullptr : floats(bias), out);
  }

  void do_rms_norm(const ConstTensor& x, const ConstTensor& weight, float eps, const Tensor& out) override {
    for_rows(out, [&](std::int64_t r) { norm_row(x, weight, eps, out, r); });
  }

  void do_add_rms_norm(const ConstTensor& x, const Tensor& residual, const ConstTensor& weight, float eps,
                       const Tensor& out) override {
    for_rows(out, [&](std::int64_t r) {
      kernels_.rms_norm_row({.x = x.row<float>(r),
                             .residual = residual.row<float>(r),
                             .weight = floats(weight),
                             .out = out.row<float>(r),
                             .size = x.shape().last(),
                             .eps = eps});
    });
  }

  void do_add(const ConstTensor& x, const Tensor& residual) override {
    for_rows(residual, [&](std::int64_t r) {
      const float* from = x.row<float>(r);
      float* to = residual.row<float>(r);
      for (std::int64_t i = 0; i < x.shape().row_elements(); ++i) to[i] += from[i];
    });
  }

  void do_rope_angles(const Forward& forward, const Rotation& rotation, const Tensor& angles) override {
    const std::span<const std::int32_t> positions = inputs_of(forward).positions;
    for_rows(angles, [&](std::int64_t r) {
      rope_angles_of(positions[static_cast<std::size_t>(r)], rotation, angles.row<float>(r));
    });
  }

  void do_rope(const Tensor& x, const ConstTensor& angles) override {
    for_rows(x, [&](std::int64_t r) { rotate_row(x, angles, r); });
  }

  /// All of it while a row is in the cache, and one meeting of the threads for four.
  void do_rotate_heads(const RotateHeadsArgs& args) override {
    for_rows(args.queries, [&](std::int64_t r) {
      if (!args.query_norm.is_empty()) norm_row(args.queries, args.query_norm, args.eps, args.queries, r);
      if (!args.key_norm.is_empty()) norm_row(args.keys, args.key_norm, args.eps, args.keys, r);
      rotate_row(args.queries, args.angles, r);
      rotate_row(args.keys, args.angles, r);
    });
  }

  void do_store_kv(const Forward& forward, const Tensor& keys, const Tensor& values, const KvPages& pages) override {
    const std::span<const std::int32_t> slots = inputs_of(forward).slots;
    const KvKernels& kernels = kv_kernels(kernels_, pages.keys.dtype());
    for_rows(keys, [&](std::int64_t r) {
      const std::int32_t slot = slots[static_cast<std::size_t>(r)];
      const auto store = [&](const Tensor& batch, const Tensor& stored, std::int64_t head) {
        auto* memory = static_cast<std::byte*>(stored.data());
        const bool is_stored = slot >= 0;
        kernels.store(
            batch.row<float>(r) + head * pages.head_dim, pages.head_dim,
            is_stored ? memory + pages.slice_at(slot, head) * kernels.element_bytes : nullptr,
            is_stored && kernels.has_scales ? reinterpret_cast<float*>(memory + pages.scale_at(slot, head)) : nullptr);
      };
      for (std::int64_t head = 0; head < keys.shape()[1]; ++head) {
        store(keys, pages.keys, head);
        store(values, pages.values, head);
      }
    });
  }

  void do_attention(const Forward& forward, const AttentionArgs& args) override {
    cpu_attention(kernels_, team_, attention_scratch_, args, inputs_of(forward).segments);
  }

  void do_silu_multiply(const ConstTensor& gate_up, const Tensor& out) override {
    const std::int64_t n = out.shape()[1];
    for_rows(out, [&](std::int64_t r) {
      const float* gate = gate_up.row<float>(r);
      kernels_.silu_multiply(gate, gate + n, out.row<float>(r), n);
    });
  }

  void do_gather_prediction_rows(const Forward& forward, const ConstTensor& x, const Tensor& out) override {
    const std::span<const std::int32_t> rows = inputs_of(forward).prediction_rows;
    for_rows(out, [&](std::int64_t r) {
      std::copy_n(x.row<float>(rows[static_cast<std::size_t>(r)]), x.shape()[1], out.row<float>(r));
    });
  }

  void read_logits(const ConstTensor& logits, std::span<const SamplingRow> sampling,
                   std::span<Prediction> predictions) override {
    const auto vocab_size = static_cast<std::size_t>(logits.shape()[1]);
    for_rows(logits, [&](std::int64_t r) {
      const auto i = static_cast<std::size_t>(r);
      predictions[i] = cpu_read_row(kernels_, {logits.row<float>(r), vocab_size}, sampling[i]);
    });
  }

  bool predict_online(const ConstTensor& hidden, const PackedWeight& head, std::span<const SamplingRow> sampling,
                      std::span<Prediction> predictions) override {
    cpu_predict_online(kernels_, team_, predict_scratch_, hidden, dynamic_cast<const CpuWeight&>(head), sampling,
                       predictions);
    return true;
  }

  /// The norm of each part of row r that is as long as the weight.
  void norm_row(const ConstTensor& x, const ConstTensor& weight, float eps, const Tensor& out, std::int64_t r) const {
    const std::int64_t n = x.shape().last();
    for (std::int64_t first = 0; first < x.shape().row_elements(); first += n) {
      kernels_.rms_norm_row({.x = x.row<float>(r) + first,
                             .weight = floats(weight),
                             .out = out.row<float>(r) + first,
                             .size = n,
                             .eps = eps});
    }
  }

  static void rotate_row(const Tensor& x, const ConstTensor& angles, std::int64_t r) {
    const std::int64_t half = x.shape()[2] / 2;
    const float* cos = angles.row<float>(r);
    const float* sin = cos + half;
    for (std::int64_t head = 0; head < x.shape()[1]; ++head) {
      float* first = x.row<float>(r) + head * 2 * half;
      float* second = first + half;
      for (std::int64_t i = 0; i < half; ++i) {
        const float a = first[i];
        const float b = second[i];
        first[i] = a * cos[i] - b * sin[i];
        second[i] = b * cos[i] + a * sin[i];
      }
    }
  }

  /// body(r) for each row of `tensor`, on as many threads as its elements are worth.
  template <class Body>
  void for_rows(const ConstTensor& tensor, const Body& body) {
    const std::int64_t elements = std::max<std::int64_t>(1, tensor.shape().row_elements());
    const std::int64_t rows_per_task = std::max<std::int64_t>(1, kMinTaskElements / elements);
    const std::int64_t num_tasks = (tensor.rows() + rows_per_task - 1) / rows_per_task;
    team_.run(num_tasks, [&](std::int64_t task, int) {
      const std::int64_t end = std::min(tensor.rows(), (task + 1) * rows_per_task);
      for (std::int64_t r = task * rows_per_task; r < end; ++r) body(r);
    });
  }

  const KernelTable kernels_;
  ThreadTeam team_;
  Scratch packed_rows_;  // of a linear op
  AttentionScratch attention_scratch_;
  PredictScratch predict_scratch_;
};

KernelTable allowed_kernels(const KernelTable& kernels, const CpuOptions& options) {
  if (options.activation_bits != 8 && options.activation_bits != 16) {
    throw InvalidInput("activations: expected 8 or 16 bits, got " + std::to_string(options.activation_bits));
  }
  KernelTable allowed = kernels;
  if (options.activation_bits > 8) allowed.by_bytes = {};
  return allowed;
}

}  // namespace

KernelTable kernels_for(const CpuOptions& options) {
  return allowed_kernels(select_kernels(options.isa), options);
}

std::unique_ptr<Backend> make_cpu_backend(const KernelTable& kernels, const CpuOptions& options) {
  return std::make_unique<CpuBackend>(allowed_kernels(kernels, options), options);
}

std::unique_ptr<Backend> make_cpu_backend(const CpuOptions& options) {
  return make_cpu_backend(select_kernels(options.isa), options);
}

}  // namespace wedlm
