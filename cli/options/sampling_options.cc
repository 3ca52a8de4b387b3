#include "cli/options/sampling_options.h"

#include "cli/options/option_group.h"
#include "wedlm/decode/option_values.h"

namespace wedlm::cli {
namespace {

OptionText text_of(const SamplingOption& option, const SamplingSettings& settings) {
  OptionText text{.names = "--" + std::string(option.name),
                  .value = std::string(option.value_name),
                  .text = std::string(option.help),
                  .default_text = default_text(option)};
  if (!option.more_names.empty()) text.names += "," + std::string(option.more_names);
  if (text.value.empty() && !option.is_switch()) text.value = joined(option.field.names(), "|");
  if (option.json_name == "max_tokens") text.default_text = std::to_string(settings.default_max_tokens());
  return text;
}

void add_section(CLI::App& app, OptionSection section, const std::string& title, SamplingSettings& settings) {
  OptionGroup group(app, title);
  for (const SamplingOption& option : sampling_options()) {
    if (option.section != section) continue;
    const OptionText text = text_of(option, settings);
    const auto give = [&settings, &option](std::string_view value) { settings.give_text(option, value); };
    if (option.is_switch()) {
      group.add_switch(text, [give] { give(""); });
    } else if (option.adds_up()) {
      group.add_repeated(text, give);
    } else {
      group.add(text, give);
    }
    if (!option.hidden_names.empty()) {
      OptionGroup(app, kHidden)
          .add({.names = std::string(option.hidden_names), .text = "The same as " + text.names}, give);
    }
  }
}

}  // namespace

void add_sampling_options(CLI::App& app, SamplingSettings& settings) {
  add_section(app, OptionSection::kSampling, "Sampling", settings);
}

void add_decoding_options(CLI::App& app, SamplingSettings& settings) {
  add_section(app, OptionSection::kDecoding, "Decoding", settings);
  add_section(app, OptionSection::kVerification, "Verification (exact and gated)", settings);
}

}  // namespace wedlm::cli
