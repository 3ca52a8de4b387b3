#include "wedlm/quant/quantize.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "wedlm/backend/weight_panels.h"
#include "wedlm/base/error.h"
#include "wedlm/base/mapped_file.h"
#include "wedlm/base/named.h"
#include "wedlm/base/quote.h"
#include "wedlm/base/thread_team.h"
#include "wedlm/checkpoint/companion_files.h"
#include "wedlm/checkpoint/safetensors_writer.h"
#include "wedlm/model/weight_list.h"
#include "wedlm/model/weight_source.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kPieceBytes = std::int64_t{8} << 20;  // of panels that are made at a time

void write_config(const Json& config, const Quantization& quantization, const fs::path& path) {
  Json::Object members = config.as_object();
  std::erase_if(members, [](const JsonMember& member) { return member.key == "quantization_config"; });
  members.push_back({"quantization_config", quantization_json(quantization)});
  write_json_file(path, members);
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

/// What the new file holds, in the order in which it is written.
struct Contents {
  std::vector<MatrixSpec> packed{};
  std::vector<WeightSpec> copied{};
  std::vector<TensorPlan> plan{};  // of both
  std::size_t source_bytes = 0;    // of the weights that are read for it
};

/// Panels come first: a panel is a multiple of a whole vector, so that all of them are aligned for vectors. Of the
/// tensors that stay, those of the widest type follow first: so each is aligned after the one before.
Contents contents_of(const CheckpointWeights& weights, const ModelConfig& stored) {
  Contents contents;
  for (const MatrixSpec& matrix : matrix_list(stored)) {
    if (!matrix.format(stored.quantization->formats).is_packed()) continue;
    contents.packed.push_back(matrix);
    for (const std::string& part : matrix.parts) contents.source_bytes += bytes_of(weights.stored(part));
  }
  for (const WeightSpec& spec : stored_list(stored)) {
    if (spec.is_packed) {
      contents.plan.push_back({.name = spec.name, .dtype = DType::kU8, .shape = spec.shape});
    } else {
      contents.copied.push_back(spec);
    }
  }
  std::ranges::stable_sort(contents.copied, std::ranges::greater(), [&weights](const WeightSpec& spec) {
    return dtype_bytes(weights.stored(spec.name).dtype());
  });
  for (const WeightSpec& spec : contents.copied) {
    const ConstTensor& tensor = weights.stored(spec.name);
    contents.plan.push_back({.name = spec.name, .dtype = tensor.dtype(), .shape = tensor.shape()});
    contents.source_bytes += bytes_of(tensor);
  }
  return contents;
}

/// Writes the weights of one checkpoint, tensor by tensor.
class WeightWriter {
 public:
  WeightWriter(const CheckpointWeights& weights, const Contents& contents, const QuantizeOptions& options,
               const fs::path& path)
      : weights_(weights),
        contents_(contents),
        options_(options),
        team_(options.num_threads),
        writer_(path, contents.plan) {}

  void write() {
    for (const MatrixSpec& matrix : contents_.packed) write_panels(matrix);
    for (const WeightSpec& spec : contents_.copied) {
      const HostWeight weight = weights_.weight(spec.name);
      writer_.write({static_cast<const std::byte*>(weight.tensor.data()), bytes_of(weight.tensor)});
      advance(bytes_of(weight.tensor));
    }
    writer_.finish();
  }

 private:
  void write_panels(const MatrixSpec& matrix) {
    const WeightPanels layout = matrix.panels(options_.quantization);
    std::vector<HostWeight> memory;
    std::vector<ConstTensor> parts;
    std::size_t source_bytes = 0;
    for (const std::string& part : matrix.parts) {
      parts.push_back(memory.emplace_back(weights_.weight(part)).tensor);
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
    if (options_.progress) options_.progress(done_, contents_.source_bytes);
  }

  const CheckpointWeights& weights_;
  const Contents& contents_;
  const QuantizeOptions& options_;
  ThreadTeam team_;
  SafetensorsWriter writer_;
  std::size_t done_ = 0;  // of the source's bytes
};

void check_quantization(const Quantization& quantization) {
  const ModelFormats& formats = quantization.formats;
  if (!formats.layers.is_packed()) {
    throw InvalidInput(unknown_name("the format of the layers", names_of(packed_weight_types()),
                                    weight_type_name(formats.layers.type)));
  }
  check_weight_format(formats.layers);
  check_weight_format(formats.head);
  if (formats.layers.group_size != formats.head.group_size) {
    throw InvalidInput("groups: expected one size for layers and head, got " +
                       std::to_string(formats.layers.group_size) + " and " + std::to_string(formats.head.group_size));
  }
  if (std::ranges::find(kPanelLanes, quantization.lanes) == std::end(kPanelLanes)) {
    throw InvalidInput("lanes: expected 8, 16 or 32, got " + std::to_string(quantization.lanes));
  }
}

}  // namespace

void quantize_checkpoint(const Checkpoint& checkpoint, const fs::path& out, const QuantizeOptions& options) {
  check_quantization(options.quantization);
  const ModelConfig config = parse_model_config(checkpoint.config());
  if (config.quantization) {
    throw InvalidInput(checkpoint.folder().string() +
                       " is quantized already; quantize the checkpoint that it was made from");
  }
  const CheckpointWeights weights(checkpoint, config);
  ModelConfig stored = config;
  stored.quantization = options.quantization;
  OutputFolder folder(out, options.existing, is_quantized_by_us);
  const Contents contents = contents_of(weights, stored);
  WeightWriter(weights, contents, options, folder.path() / "model.safetensors").write();
  write_config(checkpoint.config(), options.quantization, folder.path() / "config.json");
  copy_companion_files(checkpoint.folder(), folder.path());
  folder.commit();
}

}  // namespace wedlm
