#include "wedlm/checkpoint/other_contents.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "wedlm/base/quote.h"
#include "wedlm/checkpoint/adapter.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;

struct OtherFormat {
  std::string_view ending;
  std::string_view text;  // what such a file is and what to do
};
constexpr std::string_view kConvert =
    "weights as pickled Python, which is not read: convert them with transformers, "
    "AutoModelForCausalLM.from_pretrained(IN).save_pretrained(OUT), or take a revision with safetensors";
constexpr std::string_view kOriginal = "take the checkpoint in safetensors that it was made from";
/// The likeliest first.
constexpr std::array kOtherFormats = {
    OtherFormat{".gguf", "llama.cpp's format, which is not read"},
    OtherFormat{".bin", kConvert},
    OtherFormat{".pth", kConvert},
    OtherFormat{".pt", kConvert},
    OtherFormat{".ckpt", kConvert},
    OtherFormat{".h5", "TensorFlow's format, which is not read"},
    OtherFormat{".msgpack", "Flax's format, which is not read"},
    OtherFormat{".onnx", "ONNX, which is not read"},
    OtherFormat{".npz", "arrays of NumPy or MLX, which are not read"},
};

std::string advice(const OtherFormat& format) {
  return std::string(format.text) + (format.text == kConvert ? "" : "; " + std::string(kOriginal));
}

const OtherFormat* format_of(const std::string& name) {
  const auto found =
      std::ranges::find_if(kOtherFormats, [&](const OtherFormat& format) { return name.ends_with(format.ending); });
  return found == kOtherFormats.end() ? nullptr : &*found;
}

/// The names of what lies in a folder, sorted.
std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  while (!error && entry != fs::directory_iterator()) {
    names.push_back(entry->path().filename().string());
    entry.increment(error);
  }
  std::ranges::sort(names);
  return names;
}

bool has_name_ending(const std::vector<std::string>& names, std::string_view ending) {
  return std::ranges::any_of(names, [&](const std::string& name) { return name.ends_with(ending); });
}

/// "organisation/model" of a snapshot in Hugging Face's cache, models--organisation--model/snapshots/commit.
std::optional<std::string> hub_name_of(const fs::path& snapshot) {
  constexpr std::string_view kPrefix = "models--";
  std::string name = snapshot.parent_path().parent_path().filename().string();
  if (snapshot.parent_path().filename() != "snapshots" || !name.starts_with(kPrefix)) return std::nullopt;
  name.erase(0, kPrefix.size());
  if (const std::size_t dashes = name.find("--"); dashes != std::string::npos) name.replace(dashes, 2, "/");
  return name;
}

}  // namespace

std::string explain_folder(const fs::path& folder) {
  const std::vector<std::string> names = names_in(folder);
  if (const std::optional<Adapter> adapter = find_adapter(folder)) {
    return "; it holds " + adapter->description() +
           ", which runs only in its base: take the base, or merge the adapter into it with 'wedlm merge', or with "
           "PEFT, merge_and_unload() and save_pretrained()";
  }
  for (const OtherFormat& format : kOtherFormats) {
    const auto name = std::ranges::find_if(names, [&](const std::string& n) { return n.ends_with(format.ending); });
    // training_args.bin and its kin say nothing about the weights.
    const bool is_of_training = name != names.end() && (name->starts_with("training_args") || *name == "optimizer.pt" ||
                                                        *name == "scheduler.pt" || *name == "rng_state.pth");
    if (name != names.end() && !is_of_training) return "; it holds " + quote(*name) + ", " + advice(format);
  }
  if (std::ranges::find(names, "snapshots") != names.end() && std::ranges::find(names, "blobs") != names.end()) {
    return "; it is a model's folder in Hugging Face's cache: give the model's name instead, organisation/name";
  }
  if (const std::optional<std::string> name = hub_name_of(fs::absolute(folder).lexically_normal())) {
    return "; it is a snapshot in Hugging Face's cache that is not complete: 'hf download " + *name + "' gets the rest";
  }
  const auto other = std::ranges::find_if(names, [](const std::string& n) { return n.ends_with(".safetensors"); });
  if (other == names.end()) return "";
  return "; it holds " + quote(*other) + ", which is not read without an index" +
         (has_name_ending(names, ".index.json") ? " of its own name" : "") +
         ": a whole checkpoint is one model.safetensors, or shards and their model.safetensors.index.json";
}

std::string explain_file(const fs::path& path) {
  const std::string name = path.filename().string();
  if (name.ends_with(".safetensors")) return "; give the folder that it lies in";
  const OtherFormat* format = format_of(name);
  return format == nullptr ? "" : "; it is " + advice(*format);
}

}  // namespace wedlm
