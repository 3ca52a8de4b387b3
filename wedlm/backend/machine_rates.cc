#include "wedlm/backend/machine_rates.h"

#include <unistd.h>

#include <atomic>
#include <cmath>
#include <fstream>
#include <iomanip>
#include <optional>
#include <span>
#include <sstream>

#include "wedlm/base/json.h"
#include "wedlm/base/mapped_file.h"
#include "wedlm/base/output_file.h"
#include "wedlm/base/xxh64.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;

constexpr const char* kKey = "key";
constexpr const char* kRead = "read_gb_per_s";
constexpr const char* kMultiply = "multiply_tflops";

bool is_rate(double rate) {
  return std::isfinite(rate) && rate > 0;
}

/// Of a file that is there, is whole and is about this key.
std::optional<MachineRates> read_rates(const fs::path& file, const std::string& key) {
  try {
    const Json kept = parse_json(MappedFile(file).text(), file.string());
    const MachineRates rates{.read_gb_per_s = kept.at(kRead).as_number(),
                             .multiply_tflops = kept.at(kMultiply).as_number()};
    if (kept.at(kKey).as_string() != key || !is_rate(rates.read_gb_per_s) || !is_rate(rates.multiply_tflops)) return {};
    return rates;
  } catch (const std::exception&) {
    return {};
  }
}

/// Each writer under a name of its own, which becomes the file's when it is whole.
void write_rates(const fs::path& file, const std::string& key, const MachineRates& rates) {
  static std::atomic<int> number = 0;
  const fs::path own = file.string() + "." + std::to_string(::getpid()) + "." + std::to_string(number++);
  std::error_code ignored;
  try {
    fs::create_directories(file.parent_path());
    write_whole_file(
        own, write_json(Json::object({{kKey, key}, {kRead, rates.read_gb_per_s}, {kMultiply, rates.multiply_tflops}})) +
                 "\n");
    fs::rename(own, file);
  } catch (const std::exception&) {
    fs::remove(own, ignored);
  }
}

}  // namespace

MachineRates kept_rates(const fs::path& folder, const std::string& key, const std::function<MachineRates()>& measure) {
  if (folder.empty()) return measure();
  std::ostringstream name;
  name << "rates-" << std::hex << std::setw(16) << std::setfill('0') << xxh64(std::as_bytes(std::span(key))) << ".json";
  const fs::path file = folder / name.str();
  if (const auto kept = read_rates(file, key)) return *kept;
  const MachineRates rates = measure();
  if (is_rate(rates.read_gb_per_s) && is_rate(rates.multiply_tflops)) write_rates(file, key, rates);
  return rates;
}

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  std::string arm;
  for (std::string line; std::getline(info, line) && !line.empty();) {  // an empty line ends the first processor
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos) continue;
    if (line.starts_with("model name")) return line.substr(colon + 2);
    if (line.starts_with("CPU implementer") || line.starts_with("CPU part")) arm += line.substr(colon + 2) + " ";
  }
  return arm;
}

}  // namespace wedlm
