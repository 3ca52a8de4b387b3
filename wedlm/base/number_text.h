// Numbers as people read them in tables and messages.
#pragma once

#include <string>

namespace wedlm {

/// "512 B", "1.5 MB", "2.0 GB": powers of 1024.
std::string size_text(double bytes);
/// "4.0 M", "8.2 B": powers of 1000.
std::string count_text(double count);
/// A number with that many digits after the point.
std::string fixed(double value, int digits);
/// In the fewest digits that read back the same: "1", "0.4", "1e-05".
std::string shortest(double value);

}  // namespace wedlm
