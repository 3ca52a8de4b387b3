#include "wedlm/train/merge.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "wedlm/base/error.h"
#include "wedlm/base/mapped_file.h"
#include "wedlm/base/quote.h"
#include "wedlm/base/thread_team.h"
#include "wedlm/checkpoint/companion_files.h"
#include "wedlm/checkpoint/safetensors_writer.h"
#include "wedlm/model/weight_list.h"
#include "wedlm/model/weight_source.h"

namespace wedlm::train {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kPieceBytes = std::int64_t{8} << 20;  // of a weight that are made at a time
constexpr const char* kMark = "merged_adapter";              // of config.json

std::size_t bytes_of(const ConstTensor& tensor) {
  return static_cast<std::size_t>(tensor.shape().num_elements()) * dtype_bytes(tensor.dtype());
}

std::vector<float> floats_of(const ConstTensor& tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.shape().num_elements()));
  to_f32(tensor.dtype(), tensor.data(), values.data(), values.size());
  return values;
}

/// The rows of W + scale B A.
class MergedRows {
 public:
  MergedRows(const ConstTensor& weight, const LoraPair& pair)
      : weight_(weight), scale_(pair.scale), rank_(pair.rank()), a_(floats_of(pair.a)), b_(floats_of(pair.b)) {}

  std::size_t row_bytes() const { return width() * dtype_bytes(weight_.dtype()); }

  /// What one thread needs.
  struct Scratch {
    std::vector<float> values;
    std::vector<double> sums;
  };
  Scratch scratch() const { return {.values = std::vector<float>(width()), .sums = std::vector<double>(width())}; }

  /// Writes a row in the type of W. Returns whether all of it is finite.
  bool write(std::int64_t row, std::byte* to, Scratch& scratch) const {
    auto& [values, sums] = scratch;
    const auto* from = static_cast<const std::byte*>(weight_.data()) + static_cast<std::size_t>(row) * row_bytes();
    to_f32(weight_.dtype(), from, values.data(), width());
    std::ranges::copy(values, sums.begin());
    for (std::int64_t r = 0; r < rank_; ++r) {
      const double factor = scale_ * static_cast<double>(b_[static_cast<std::size_t>(row * rank_ + r)]);
      const float* a = &a_[static_cast<std::size_t>(r) * width()];
      for (std::size_t i = 0; i < width(); ++i) sums[i] += factor * static_cast<double>(a[i]);
    }
    std::ranges::transform(sums, values.begin(), [](double sum) { return static_cast<float>(sum); });
    from_f32(weight_.dtype(), values.data(), to, width());
    to_f32(weight_.dtype(), to, values.data(), width());
    return std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
  }

 private:
  std::size_t width() const { return static_cast<std::size_t>(weight_.shape().last()); }

  const ConstTensor& weight_;
  double scale_;
  std::int64_t rank_;
  std::vector<float> a_;  // [rank, in_features]
  std::vector<float> b_;  // [out_features, rank]
};

/// What the new file holds, in the order in which it is written: wider types first, so that all are aligned.
struct Contents {
  std::vector<std::string> names{};
  std::vector<TensorPlan> plan{};
  std::size_t bytes = 0;
};

Contents contents_of(const CheckpointWeights& weights, const ModelConfig& config) {
  Contents contents;
  for (const WeightSpec& spec : weight_list(config)) contents.names.push_back(spec.name);
  std::ranges::stable_sort(contents.names, std::ranges::greater(),
                           [&](const std::string& name) { return dtype_bytes(weights.stored(name).dtype()); });
  for (const std::string& name : contents.names) {
    const ConstTensor& tensor = weights.stored(name);
    contents.plan.push_back({.name = name, .dtype = tensor.dtype(), .shape = tensor.shape()});
    contents.bytes += bytes_of(tensor);
  }
  return contents;
}

void check_fits(const Checkpoint& base, const ModelConfig& config, const LoraAdapter& adapter) {
  const std::vector<WeightSpec> specs = weight_list(config);
  const auto refuse = [&](const std::string& module, const std::string& reason) {
    throw InvalidInput(adapter.folder().string() + " is no adapter of " + base.folder().string() + ": it changes " +
                       quote(module) + ", " + reason);
  };
  if (adapter.config().mask_token_id.value_or(0) >= config.vocab_size) {
    throw InvalidInput(adapter.folder().string() + " is no adapter of " + base.folder().string() +
                       ": its mask is the token " + std::to_string(*adapter.config().mask_token_id) +
                       ", and the vocabulary has " + std::to_string(config.vocab_size));
  }
  for (const auto& [module, pair] : adapter.pairs()) {
    const auto spec = std::ranges::find(specs, module + ".weight", &WeightSpec::name);
    if (spec == specs.end()) {
      const bool is_tied_head = module == "lm_head" && config.tie_word_embeddings;
      refuse(module, is_tied_head ? "whose weight is that of the embeddings" : "which is no layer there");
    }
    const Shape product{pair.b.rows(), pair.a.shape().last()};
    if (!(spec->shape == product)) {
      refuse(module, "which is " + spec->shape.to_string() + " there and " + product.to_string() + " in the adapter");
    }
  }
}

class MergeWriter {
 public:
  MergeWriter(const CheckpointWeights& weights, const Contents& contents, const LoraAdapter& adapter, int num_threads,
              const Watcher& watcher, const fs::path& path)
      : weights_(weights),
        contents_(contents),
        adapter_(adapter),
        watcher_(watcher),
        team_(num_threads),
        writer_(path, contents.plan) {}

  void write() {
    constexpr std::string_view kEnding = ".weight";
    for (const std::string& name : contents_.names) {
      const std::string module = name.ends_with(kEnding) ? name.substr(0, name.size() - kEnding.size()) : name;
      const auto changed = adapter_.pairs().find(module);
      const HostWeight weight = weights_.weight(name);
      if (changed != adapter_.pairs().end() && name != module) {
        write_merged(name, weight.tensor, changed->second);
      } else {
        write_bytes({static_cast<const std::byte*>(weight.tensor.data()), bytes_of(weight.tensor)});
      }
    }
    writer_.finish();
  }

 private:
  void write_merged(const std::string& name, const ConstTensor& weight, const LoraPair& pair) {
    const MergedRows rows(weight, pair);
    const auto at_once = std::max<std::int64_t>(1, kPieceBytes / static_cast<std::int64_t>(rows.row_bytes()));
    std::vector<std::byte> piece;
    std::vector<MergedRows::Scratch> scratch(static_cast<std::size_t>(team_.size()), rows.scratch());
    for (std::int64_t first = 0; first < weight.rows(); first += at_once) {
      const std::int64_t count = std::min(at_once, weight.rows() - first);
      piece.resize(static_cast<std::size_t>(count) * rows.row_bytes());
      std::atomic<bool> is_finite = true;
      team_.run(count, [&](std::int64_t row, int thread) {
        std::byte* to = &piece[static_cast<std::size_t>(row) * rows.row_bytes()];
        if (!rows.write(first + row, to, scratch[static_cast<std::size_t>(thread)])) is_finite = false;
      });
      if (!is_finite) throw InvalidInput(name + " with the adapter has values that are not finite");
      write_bytes(piece);
    }
  }

  void write_bytes(std::span<const std::byte> bytes) {
    if (watcher_.is_interrupted()) throw Interrupted();
    writer_.write(bytes);
    done_ += bytes.size();
    watcher_.progress({.title = "Merging", .done = done_, .total = contents_.bytes, .unit = ProgressUnit::kBytes});
  }

  const CheckpointWeights& weights_;
  const Contents& contents_;
  const LoraAdapter& adapter_;
  const Watcher& watcher_;
  ThreadTeam team_;
  SafetensorsWriter writer_;
  std::size_t done_ = 0;  // bytes
};

Json merged_config(const Checkpoint& base, const LoraAdapter& adapter) {
  Json merged = base.config();
  const StoredLoraConfig& config = adapter.config();
  if (config.mask_token_id) merged.replace("mask_token_id", static_cast<std::int64_t>(*config.mask_token_id));
  merged.replace(kMark, "a LORA adapter of " + (config.base.empty() ? "an unnamed base" : config.base));
  return merged;
}

/// Whether a folder is what merge_adapter() writes.
bool is_merged_by_us(const fs::path& folder) {
  try {
    const fs::path path = folder / "config.json";
    const MappedFile file(path);
    return parse_json(file.text(), path.string()).find(kMark) != nullptr;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

std::size_t merge_adapter(const Checkpoint& base, const LoraAdapter& adapter, const fs::path& out,
                          const MergeOptions& options, const Watcher& watcher) {
  const ModelConfig config = parse_model_config(base.config());
  if (config.quantization) {
    throw InvalidInput(base.folder().string() +
                       " is quantized; merge into the checkpoint that it was made from, and quantize the result");
  }
  const CheckpointWeights weights(base, config);
  check_fits(base, config, adapter);
  OutputFolder folder(out, options.existing, is_merged_by_us);
  const Contents contents = contents_of(weights, config);
  MergeWriter(weights, contents, adapter, options.num_threads, watcher, folder.path() / "model.safetensors").write();
  write_json_file(folder.path() / "config.json", merged_config(base, adapter));
  copy_companion_files(base.folder(), folder.path());
  folder.commit();
  return adapter.pairs().size();
}

}  // namespace wedlm::train
