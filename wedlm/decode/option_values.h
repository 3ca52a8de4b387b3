// Values of sampling options: from text, checked, into parameters and back, and in words.
#pragma once

#include <string>
#include <string_view>

#include "wedlm/base/json.h"
#include "wedlm/decode/sampling_options.h"

namespace wedlm {

/// What a text of the command line stands for: a number where it is one and the option takes numbers, else a string.
Json value_of_text(const SamplingOption& option, std::string_view text);

/// "a number above 0 and at most 1", "one of argmin, leftmost", "an integer from 1 to 256, or auto".
std::string expected_text(const SamplingOption& option);

/// Throws InvalidInput, without the option's name, for a value of another kind or out of range.
void check_value(const SamplingOption& option, const Json& value);

/// Checks the value, and sets what the option stands for.
void set_option(const SamplingOption& option, const Json& value, SamplingParams& params);

/// Both, of an option that adds_up(): what was given before, or null, and one more value.
Json added(const SamplingOption& option, const Json& value, const Json& before);

/// What set_option() would have to be given; null for a member that is absent and has no word for it, and for an option
/// that is no member.
Json option_value(const SamplingOption& option, const SamplingParams& params);

/// "0.4", "streaming", "the model's suggestion, else 1"; empty where there is nothing to say.
std::string default_text(const SamplingOption& option);

}  // namespace wedlm
