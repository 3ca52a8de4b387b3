// Everything that a person may ask of sampling and decoding, each declared once: how it is called on the command line,
// in JSON and in the original engine, what it may be, what it is where nobody says, and where it is kept. The command
// line with its help, the fields of a request, settings of a sweep and validation all follow from this table.
#pragma once

#include <span>
#include <string_view>

#include "wedlm/base/number_range.h"
#include "wedlm/decode/option_field.h"

namespace wedlm {

enum class OptionSection { kSampling, kDecoding, kVerification };

/// Whether a checkpoint's generation_config.json may say what is taken where nobody asks for anything.
enum class SuggestedBy { kNobody, kCheckpoint };

struct SamplingOption {
  std::string_view name;             // on the command line, without dashes: "top-p"
  std::string_view more_names{};     // more of those, with dashes: "-b,--window"
  std::string_view hidden_names{};   // and those that no help shows: words of other programs with another meaning here
  std::string_view json_name;        // "top_p"; two options that are two ways to set one member share it
  std::string_view original_name{};  // in the original Python engine, where that is another
  OptionSection section;
  std::string_view value_name{};    // "N", "X", "TEXT"; of a named value, empty: its names
  std::string_view switch_value{};  // what the bare name means on the command line, where it takes no value
  std::string_view absent_name{};   // the word for no value, "none" or "auto", where the member may be absent
  NumberRange range = NumberRange::at_least(0);  // of numbers, of each integer of a list, and of each bias
  SuggestedBy suggested_by = SuggestedBy::kNobody;
  std::string_view default_text{};  // where the member of SamplingParams() does not say it
  std::string_view help;
  OptionField field;

  bool is_switch() const { return !switch_value.empty(); }
  /// Given several times it has all of these values.
  bool adds_up() const {
    return field.kind == OptionKind::kTexts || field.kind == OptionKind::kIntegers || field.kind == OptionKind::kBiases;
  }
};

/// In the order of the help. A preset stands before what it sets, so that in this order what is given wins over it.
std::span<const SamplingOption> sampling_options();

/// By a name of the command line, without its dashes: "top-p", "b". nullptr where there is none.
const SamplingOption* find_command_line_option(std::string_view name);

/// By its name in JSON or in the original engine: "top_p", "wedlm_window_size". nullptr where there is none.
const SamplingOption* find_json_option(std::string_view name);

}  // namespace wedlm
