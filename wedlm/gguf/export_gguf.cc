#include "wedlm/gguf/export_gguf.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <fstream>
#include <memory>
#include <string>

#include "wedlm/base/error.h"
#include "wedlm/base/named.h"
#include "wedlm/base/thread_team.h"
#include "wedlm/gguf/gguf_metadata.h"
#include "wedlm/gguf/gguf_writer.h"
#include "wedlm/model/inflated_weights.h"
#include "wedlm/model/weight_list.h"
#include "wedlm/text/chat_template.h"
#include "wedlm/text/tokenizer.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kPieceBytes = std::int64_t{8} << 20;

constexpr std::array kTypes = {Named{GgufType::kBF16, "bf16"}, Named{GgufType::kF16, "f16"},
                               Named{GgufType::kQ8_0, "q8_0"}, Named{GgufType::kQ4_0, "q4_0"},
                               Named{GgufType::kF32, "f32"}};

bool is_gguf(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(fs::symlink_status(path, error))) return false;
  std::array<char, 4> magic{};
  std::ifstream(path, std::ios::binary).read(magic.data(), magic.size());
  return std::string_view(magic.data(), magic.size()) == "GGUF";
}

void check_place(const fs::path& place, Existing existing) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(place, error))) return;
  if (existing == Existing::kRefuse) throw InvalidInput(place.string() + " exists already; --force replaces it");
  if (!is_gguf(place)) throw InvalidInput(place.string() + " is no GGUF file, so it is not replaced");
}

GgufType type_of(const WeightSpec& spec, GgufType wanted) {
  if (spec.shape.rank() == 1) return GgufType::kF32;
  const bool is_vocabulary = !spec.name.starts_with("model.layers.");
  const GgufType type = is_vocabulary && wanted == GgufType::kQ4_0 ? GgufType::kQ8_0 : wanted;
  return spec.shape[1] % elements_per_block(type) == 0 ? type : GgufType::kF16;
}

/// What is to be written: the checkpoint's own weights, or those of the shape that it is inflated to.
class Source {
 public:
  Source(const Checkpoint& checkpoint, const GgufOptions& options)
      : config_(parse_model_config(checkpoint.config())), name_(checkpoint.folder().filename().string()) {
    if (config_.quantization) {
      throw InvalidInput(checkpoint.folder().string() +
                         " is quantized; export the checkpoint that it was made from, with --type");
    }
    stored_ = std::make_unique<CheckpointWeights>(checkpoint, config_);
    if (!options.inflate) return;
    const ModelConfig small = config_;
    config_ = inflated_config(small, options.inflate->config, options.inflate->name);
    name_ += " inside " + options.inflate->name;
    InflatedWeights::Options inflation{.num_threads = options.num_threads};
    if (options.type != GgufType::kBF16 && options.type != GgufType::kF32) inflation.mark_range = MarkRange::kHalf;
    if (elements_per_block(options.type) > 1) {
      // So that blocks of the model's own weights hold no noise.
      inflation.formats.layers = {.type = WeightType::kInt4, .group_size = kGgufBlock};
      inflation.formats.head = inflation.formats.layers;
    }
    inflated_ = std::make_unique<InflatedWeights>(*stored_, small, config_, inflation);
  }

  const ModelConfig& config() const { return config_; }
  const std::string& name() const { return name_; }
  const WeightSource& weights() const {
    return inflated_ ? static_cast<const WeightSource&>(*inflated_) : static_cast<const WeightSource&>(*stored_);
  }

 private:
  ModelConfig config_;
  std::string name_;
  std::unique_ptr<CheckpointWeights> stored_;
  std::unique_ptr<InflatedWeights> inflated_;
};

GgufText text_of(const fs::path& folder) {
  GgufText text;
  if (!Tokenizer::is_in(folder)) return text;
  text.tokenizer = load_tokenizer_tables(folder);
  if (const auto chat_template = ChatTemplate::load(folder)) text.chat_template = chat_template->text();
  return text;
}

/// Writes tensors one after the other, each in pieces of whole rows.
class TensorWriter {
 public:
  TensorWriter(GgufWriter& writer, const GgufOptions& options)
      : writer_(writer), options_(options), team_(options.num_threads) {}

  void write(const std::string& name, const ConstTensor& tensor, GgufType type) {
    const std::int64_t width = tensor.shape().last(), num_rows = tensor.shape().num_elements() / width;
    const std::int64_t row_bytes = gguf_bytes(type, width);
    const std::int64_t rows_at_once = std::clamp<std::int64_t>(kPieceBytes / row_bytes, 1, num_rows);
    piece_.resize(static_cast<std::size_t>(rows_at_once * row_bytes));
    rows_.assign(static_cast<std::size_t>(team_.size()), std::vector<float>(static_cast<std::size_t>(width)));
    for (std::int64_t first = 0; first < num_rows; first += rows_at_once) {
      const std::int64_t count = std::min(rows_at_once, num_rows - first);
      convert(name, tensor, type, first, count);
      writer_.write({piece_.data(), static_cast<std::size_t>(count * row_bytes)});
      done_ += static_cast<std::size_t>(count * row_bytes);
      if (options_.progress) options_.progress(done_, static_cast<std::size_t>(writer_.data_bytes()));
    }
  }

 private:
  /// Rows [first, first + count) into the piece.
  void convert(const std::string& name, const ConstTensor& tensor, GgufType type, std::int64_t first,
               std::int64_t count) {
    const std::int64_t width = tensor.shape().last();
    const auto* from = static_cast<const std::byte*>(tensor.data());
    std::atomic<bool> are_all_finite{true};
    team_.run(count, [&](std::int64_t row, int thread) {
      std::vector<float>& values = rows_[static_cast<std::size_t>(thread)];
      const auto element = static_cast<std::size_t>((first + row) * width);
      to_f32(tensor.dtype(), from + element * dtype_bytes(tensor.dtype()), values.data(), values.size());
      if (!write_gguf_blocks(type, values, piece_.data() + row * gguf_bytes(type, width))) are_all_finite = false;
    });
    if (are_all_finite) return;
    throw InvalidInput(name + ": expected finite weights that " + std::string(name_of(type, kTypes)) +
                       " can hold, found others");
  }

  GgufWriter& writer_;
  const GgufOptions& options_;
  ThreadTeam team_;
  std::vector<std::byte> piece_;
  std::vector<std::vector<float>> rows_;  // one for each thread
  std::size_t done_ = 0;
};

}  // namespace

std::vector<std::string_view> gguf_type_names() {
  return names_of(kTypes);
}

GgufType parse_gguf_type(std::string_view name) {
  return parse_named("", name, kTypes);
}

void export_gguf(const Checkpoint& checkpoint, const fs::path& out, const GgufOptions& options) {
  check_place(out, options.existing);
  const Source source(checkpoint, options);
  const std::vector<WeightSpec> specs = weight_list(source.config());
  std::vector<GgufTensor> tensors;
  tensors.reserve(specs.size());
  for (const WeightSpec& spec : specs) {
    tensors.push_back({.name = gguf_tensor_name(spec.name), .type = type_of(spec, options.type), .shape = spec.shape});
  }
  GgufWriter writer(out, gguf_metadata(source.name(), source.config(), options.type, text_of(checkpoint.folder())),
                    tensors);
  TensorWriter tensor_writer(writer, options);
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const HostWeight weight = source.weights().weight(specs[i].name);
    tensor_writer.write(specs[i].name, weight.tensor, tensors[i].type);
  }
  writer.commit();
}

}  // namespace wedlm
