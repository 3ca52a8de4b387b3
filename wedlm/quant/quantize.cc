#include "wedlm/quant/quantize.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

#include "wedlm/backend/integer_panels.h"
#include "wedlm/base/error.h"
#include "wedlm/base/mapped_file.h"
#include "wedlm/base/quote.h"
#include "wedlm/base/thread_team.h"
#include "wedlm/checkpoint/safetensors_writer.h"
#include "wedlm/model/weight_list.h"
#include "wedlm/model/weight_source.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kPieceBytes = std::int64_t{8} << 20;  // of panels that are made at a time

/// What Hugging Face's layout has beside configuration and weights.
constexpr const char* kCopiedFiles[] = {
    "generation_config.json", "tokenizer.json",      "tokenizer_config.json",   "vocab.json", "merges.txt",
    "added_tokens.json",      "chat_template.jinja", "special_tokens_map.json", "LICENSE"};

void copy_to(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::copy_file(from, to, error);
  if (error) throw ResourceError("cannot copy " + from.string() + " to " + to.string() + ": " + error.message());
}

void write_config(const Json& config, const Quantization& quantization, const fs::path& path) {
  Json::Object members = config.as_object();
  std::erase_if(members, [](const JsonMember& member) { return member.key == "quantization_config"; });
  members.push_back({"quantization_config", quantization_json(quantization)});
  std::ofstream file(path, std::ios::binary);
  file << write_json(members) << "\n";
  if (!file.flush()) throw ResourceError("cannot write " + path.string());
}

std::size_t bytes_of(const ConstTensor& tensor) {
  return static_cast<std::size_t>(tensor.shape().num_elements()) * dtype_bytes(tensor.dtype());
}

/// Whether a folder is what quantize_checkpoint() writes.
bool is_quantized_by_us(const fs::path& folder) {
  try {
    const fs::path path = folder / "config.json";
    const MappedFile file(path);
    return parse_model_config(parse_json(file.text(), path.string())).quantization.has_value();
  } catch (const Error&) {
    return false;
  }
}

/// Writes the weights of one checkpoint, tensor by tensor.
class WeightWriter {
 public:
  WeightWriter(const CheckpointWeights& weights, const ModelConfig& stored, const QuantizeOptions& options,
               const fs::path& path)
      : weights_(weights),
        quantization_(*stored.quantization),
        options_(options),
        team_(options.num_threads),
        copied_(copied_weights(stored)),
        writer_(path, plan(stored)) {}

  void write(const ModelConfig& stored) {
    for (const MatrixSpec& matrix : matrix_list(stored)) {
      if (matrix.format(quantization_.formats).is_integer()) write_panels(matrix);
    }
    for (const WeightSpec& spec : copied_) {
      const HostWeight weight = weights_.weight(spec.name);
      writer_.write({static_cast<const std::byte*>(weight.tensor.data()), bytes_of(weight.tensor)});
      advance(bytes_of(weight.tensor));
    }
    writer_.finish();
  }

 private:
  /// The tensors that stay, those of the widest type first: so each is aligned behind the one before.
  std::vector<WeightSpec> copied_weights(const ModelConfig& stored) const {
    std::vector<WeightSpec> copied = stored_list(stored);
    std::erase_if(copied, [](const WeightSpec& spec) { return spec.is_packed; });
    std::stable_sort(copied.begin(), copied.end(), [this](const WeightSpec& a, const WeightSpec& b) {
      return dtype_bytes(weights_.weight(a.name).tensor.dtype()) > dtype_bytes(weights_.weight(b.name).tensor.dtype());
    });
    return copied;
  }

  /// Panels come first: a panel is a multiple of a whole vector, so that all of them are aligned for vectors.
  std::vector<TensorPlan> plan(const ModelConfig& stored) {
    std::vector<TensorPlan> tensors;
    for (const WeightSpec& spec : stored_list(stored)) {
      if (spec.is_packed) tensors.push_back({.name = spec.name, .dtype = DType::kU8, .shape = spec.shape});
    }
    for (const MatrixSpec& matrix : matrix_list(stored)) {
      if (!matrix.format(quantization_.formats).is_integer()) continue;
      for (const std::string& part : matrix.parts) total_ += bytes_of(weights_.weight(part).tensor);
    }
    for (const WeightSpec& spec : copied_) {
      const ConstTensor& tensor = weights_.weight(spec.name).tensor;
      tensors.push_back({.name = spec.name, .dtype = tensor.dtype(), .shape = tensor.shape()});
      total_ += bytes_of(tensor);
    }
    return tensors;
  }

  void write_panels(const MatrixSpec& matrix) {
    const IntegerPanels layout = matrix.panels(quantization_);
    std::vector<ConstTensor> parts;
    std::size_t source_bytes = 0;
    for (const std::string& part : matrix.parts) {
      parts.push_back(weights_.weight(part).tensor);
      source_bytes += bytes_of(parts.back());
    }
    const std::int64_t num_panels = layout.num_panels();
    const std::int64_t panels_at_once = std::clamp<std::int64_t>(kPieceBytes / layout.panel_bytes(), 1, num_panels);
    std::vector<std::byte> piece(static_cast<std::size_t>(panels_at_once * layout.panel_bytes()));
    for (std::int64_t first = 0; first < num_panels; first += panels_at_once) {
      const std::int64_t count = std::min(panels_at_once, num_panels - first);
      try {
        pack_panels(parts, layout, first, count, piece.data(), team_);
      } catch (const InvalidInput& error) {
        throw InvalidInput(matrix.parts.front() + ": " + error.what());
      }
      writer_.write({piece.data(), static_cast<std::size_t>(count * layout.panel_bytes())});
      advance(source_bytes * static_cast<std::size_t>(first + count) / static_cast<std::size_t>(num_panels) -
              source_bytes * static_cast<std::size_t>(first) / static_cast<std::size_t>(num_panels));
    }
  }

  void advance(std::size_t bytes) {
    done_ += bytes;
    if (options_.progress) options_.progress(done_, total_);
  }

  const CheckpointWeights& weights_;
  const Quantization& quantization_;
  const QuantizeOptions& options_;
  ThreadTeam team_;
  std::size_t done_ = 0;
  std::size_t total_ = 0;
  std::vector<WeightSpec> copied_;
  SafetensorsWriter writer_;
};

}  // namespace

void quantize_checkpoint(const Checkpoint& checkpoint, const fs::path& out, const QuantizeOptions& options) {
  const WeightFormats& formats = options.quantization.formats;
  check_weight_format(formats.layers);
  check_weight_format(formats.head);
  const bool has_lanes = std::ranges::find(kPanelLanes, options.quantization.lanes) != std::end(kPanelLanes);
  if (!has_lanes) {
    throw InvalidInput("lanes: expected 8, 16 or 32, got " + std::to_string(options.quantization.lanes));
  }
  const ModelConfig config = parse_model_config(checkpoint.config());
  if (config.quantization) {
    throw InvalidInput(checkpoint.folder().string() +
                       " is quantized already; quantize the checkpoint that it was made from");
  }
  const CheckpointWeights weights(checkpoint, config);
  ModelConfig stored = config;
  stored.quantization = options.quantization;
  OutputFolder folder(out, options.existing, is_quantized_by_us);
  WeightWriter(weights, stored, options, folder.path() / "model.safetensors").write(stored);
  write_config(checkpoint.config(), options.quantization, folder.path() / "config.json");
  for (const char* name : kCopiedFiles) {
    if (fs::exists(checkpoint.folder() / name)) copy_to(checkpoint.folder() / name, folder.path() / name);
  }
  folder.commit();
}

}  // namespace wedlm
