// The two pictures of a report: what each setting gains in speed against what it costs, in agreement with the base's
// texts and in accuracy.
#pragma once

#include <span>
#include <string>

#include "wedlm/eval/report.h"

namespace wedlm {

/// An SVG of speed-up against the share of texts that are the base's. `caption` is a line below the title.
std::string agreement_plot(std::span<const ReportRow> rows, const std::string& caption);

/// An SVG of speed-up against the share of right answers. Throws InvalidInput where no answer is known.
std::string accuracy_plot(std::span<const ReportRow> rows, const std::string& caption);

}  // namespace wedlm
