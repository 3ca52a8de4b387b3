#include "wedlm/checkpoint/lora_adapter.h"

#include "wedlm/base/error.h"
#include "wedlm/base/presence.h"
#include "wedlm/base/quote.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWeights = "adapter_model.safetensors";
constexpr std::string_view kEndOfA = ".lora_A.weight";
constexpr std::string_view kEndOfB = ".lora_B.weight";

}  // namespace

LoraAdapter LoraAdapter::open(const fs::path& folder) {
  StoredLoraConfig config = read_lora_config(folder);
  const fs::path path = folder / kWeights;
  if (!is_present(path)) {
    throw ResourceError("cannot open the adapter " + folder.string() + ": it has no " + kWeights +
                        (is_present(folder / "adapter_model.bin")
                             ? "; adapter_model.bin is pickled Python, which is not read: save it with PEFT's "
                               "save_pretrained(), whose safe_serialization is on"
                             : ""));
  }
  LoraAdapter adapter(folder, std::move(config), SafetensorsFile(path));
  adapter.pair_up();
  return adapter;
}

LoraAdapter::LoraAdapter(fs::path folder, StoredLoraConfig config, SafetensorsFile file)
    : folder_(std::move(folder)), config_(std::move(config)), file_(std::move(file)) {}

void LoraAdapter::pair_up() {
  const std::string what = file_.path().string() + ": ";
  for (const NamedTensor& tensor : file_.tensors()) {
    const std::string_view name = tensor.name;
    const bool is_a = name.ends_with(kEndOfA);
    if (!name.starts_with(kLoraPrefix) || (!is_a && !name.ends_with(kEndOfB))) {
      throw InvalidInput(what + "expected only lora_A and lora_B of linear layers, got " + quote(name));
    }
    if (!tensor.unusable.empty()) throw InvalidInput(what + tensor.name + " " + tensor.unusable);
    if (tensor.tensor.shape().rank() != 2 || tensor.tensor.dtype() == DType::kU8) {
      throw InvalidInput(what + tensor.name + ": expected a matrix of numbers, got " + tensor.type + " " +
                         tensor.tensor.shape().to_string());
    }
    const std::string module(name.substr(kLoraPrefix.size(), name.size() - kLoraPrefix.size() - kEndOfA.size()));
    (is_a ? pairs_[module].a : pairs_[module].b) = tensor.tensor;
  }
  if (pairs_.empty()) throw InvalidInput(what + "it has no tensors");
  for (auto& [module, pair] : pairs_) {
    if (pair.a.is_empty() || pair.b.is_empty()) {
      throw InvalidInput(what + quote(module) + " has no lora_" + (pair.a.is_empty() ? "A" : "B"));
    }
    if (pair.b.shape().last() != pair.rank()) {
      throw InvalidInput(what + quote(module) + " has a lora_A of rank " + std::to_string(pair.rank()) +
                         " and a lora_B of rank " + std::to_string(pair.b.shape().last()));
    }
    pair.scale = config_.scaling.of(module, pair.rank());
  }
}

}  // namespace wedlm
