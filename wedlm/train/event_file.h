// Event files, which TensorBoard reads: records with checksums, each an Event as a protocol buffer. Source:
// TensorFlow's record_writer.h (framing, masked CRC-32C), event.proto and summary.proto (fields).
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace wedlm::train {

struct Scalar {
  std::string tag;
  float value = 0;
};

/// Records. `wall_time` is in seconds since 1970.
std::string version_record(double wall_time);                   // the first of a file
std::string start_record(double wall_time, std::int64_t step);  // see EventFile
std::string scalars_record(double wall_time, std::int64_t step, std::span<const Scalar> values);

/// A file of its own for each process of a run; TensorBoard reads all of a folder in the order of their names.
class EventFile {
 public:
  /// Begins events.out.tfevents.SECONDS.HOST in the folder. What earlier files have of `first_step` and later ones no
  /// longer counts. This and append() throw ResourceError.
  EventFile(const std::filesystem::path& folder, std::int64_t first_step);

  void append(std::int64_t step, std::span<const Scalar> values) const;

 private:
  void write(std::string_view record) const;

  std::filesystem::path path_;
};

}  // namespace wedlm::train
