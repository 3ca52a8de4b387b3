// The files of an adapter (LoRA and its kin, as Hugging Face's PEFT writes them): weights that change those of another
// checkpoint. None is applied while a model runs, so whoever has one is told; LoRA is merged (lora_adapter.h).
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace wedlm {

struct Adapter {
  std::string file;    // by which it was found: "adapter_config.json"
  std::string type{};  // "LORA"; empty where the file does not say
  std::string base{};  // the checkpoint that it changes, "Qwen/Qwen3-8B"; empty where the file does not say

  /// "a LORA adapter of Qwen/Qwen3-8B (adapter_config.json)".
  std::string description() const;
};

/// The adapter in a folder, which may hold a checkpoint too; nullopt where there is none. What its configuration does
/// not say, or says in no JSON at all, is left empty.
std::optional<Adapter> find_adapter(const std::filesystem::path& folder);

/// For people: that the folder holds an adapter, which is not applied; nullopt where it holds none.
std::optional<std::string> unapplied_adapter_note(const std::filesystem::path& folder);

}  // namespace wedlm
