#include "wedlm/train/data/token_cache.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <system_error>

#include "wedlm/base/error.h"
#include "wedlm/base/mapped_file.h"
#include "wedlm/base/output_file.h"
#include "wedlm/base/presence.h"
#include "wedlm/base/xxh64.h"

namespace wedlm::train {
namespace {

namespace fs = std::filesystem;

constexpr std::array kMagic = {'w', 'e', 'd', 'l', 'm', 't', 'o', 'k'};
constexpr std::uint64_t kVersion = 1;     // goes up where the file's form changes, or the samples of the same text
constexpr std::uint64_t kAlignment = 64;  // of sections: a cache line

/// In this order in the file.
enum SectionKind { kOrigin, kReport, kIds, kIsLearned, kEnds, kFiles, kNumSections };

struct Section {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;  // in bytes
  std::uint64_t checksum = 0;
};

/// The beginning of the file. Numbers are little-endian.
struct Header {
  std::array<char, 8> magic = kMagic;
  std::uint64_t version = kVersion;
  std::array<Section, kNumSections> sections{};
  std::uint64_t checksum = 0;  // of what stands before it
};
static_assert(sizeof(Header) == 8 + 8 + 24 * kNumSections + 8, "no padding");

std::uint64_t checksum_of(const Header& header) {
  return xxh64(std::as_bytes(std::span(&header, 1)).first(offsetof(Header, checksum)));
}

/// Why a file of ours cannot be used; it is made again.
struct Unusable {
  std::string reason;
};

class CacheReader {
 public:
  explicit CacheReader(const fs::path& path) : file_(std::make_shared<const MappedFile>(path)) {
    const auto bytes = file_->bytes();
    if (bytes.size() < kMagic.size() || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) {
      throw InvalidInput(path.string() + " is no token cache, so it is not written over; name another file");
    }
    if (bytes.size() < sizeof(Header)) throw Unusable{"was cut"};
    std::memcpy(&header_, bytes.data(), sizeof(Header));
    if (header_.version != kVersion) throw Unusable{"is of another version of wedlm"};
    if (header_.checksum != checksum_of(header_)) throw Unusable{"is damaged"};
    for (const Section& section : header_.sections) {
      if (section.offset > bytes.size() || section.size > bytes.size() - section.offset) throw Unusable{"was cut"};
      if (section.offset % kAlignment != 0) throw Unusable{"is damaged"};
      if (xxh64(bytes.subspan(section.offset, section.size)) != section.checksum) throw Unusable{"is damaged"};
    }
  }

  template <class Element>
  std::span<const Element> elements(SectionKind kind) const {
    const Section& section = header_.sections[kind];
    return {reinterpret_cast<const Element*>(file_->bytes().data() + section.offset), section.size / sizeof(Element)};
  }
  std::string_view text(SectionKind kind) const { return {elements<char>(kind).data(), elements<char>(kind).size()}; }
  std::shared_ptr<const MappedFile> file() const { return file_; }

 private:
  std::shared_ptr<const MappedFile> file_;
  Header header_;
};

/// Whether every index that stands in the arrays is one.
bool are_sound(const SampleArrays& arrays, std::size_t num_files, std::size_t vocab_size) {
  const auto is_token = [vocab_size](TokenId id) { return id >= 0 && static_cast<std::size_t>(id) < vocab_size; };
  const std::uint64_t num_tokens = arrays.ends.empty() ? 0 : arrays.ends.back();
  return !arrays.ends.empty() && arrays.files.size() == arrays.ends.size() && arrays.ids.size() == num_tokens &&
         arrays.is_learned.size() == num_tokens && arrays.ends.front() > 0 &&
         std::ranges::adjacent_find(arrays.ends, std::ranges::greater_equal()) == arrays.ends.end() &&
         std::ranges::all_of(arrays.files, [num_files](std::uint32_t file) { return file < num_files; }) &&
         std::ranges::all_of(arrays.is_learned, [](std::uint8_t learned) { return learned <= 1; }) &&
         std::ranges::all_of(arrays.ids, is_token);
}

/// What is not as it was: "of another tokenizer".
std::string difference(std::string_view stored, const Json& own) {
  const Json other = parse_json(stored, "origin");
  for (const JsonMember& member : own.as_object()) {
    const Json* value = other.find(member.key);
    if (value != nullptr && *value == member.value) continue;
    return member.key == "tokenizer" ? "is of another tokenizer" : "is of other " + member.key;
  }
  return "is of other data";
}

Json report_json(const ReadingReport& report) {
  return Json::object({{"lines", static_cast<std::int64_t>(report.num_lines)},
                       {"bad_lines", static_cast<std::int64_t>(report.num_bad_lines)},
                       {"first_bad_line", report.first_bad_line},
                       {"without_loss", static_cast<std::int64_t>(report.num_without_loss)}});
}

ReadingReport parse_report(std::string_view text) {
  const Json json = parse_json(text, "report");
  const auto count = [&json](const char* name) { return static_cast<std::size_t>(json.at(name).as_integer()); };
  return {.num_lines = count("lines"),
          .num_bad_lines = count("bad_lines"),
          .first_bad_line = json.at("first_bad_line").as_string(),
          .num_without_loss = count("without_loss")};
}

/// Size and checksum of a file's contents.
Json contents(const fs::path& path) {
  const MappedFile file(path);
  return Json::Array{static_cast<std::uint64_t>(file.bytes().size()), std::to_string(xxh64(file.bytes()))};
}

}  // namespace

Json sample_origin(const fs::path& model_folder, const std::vector<TrainingFile>& files, const SampleOptions& options,
                   BadLines bad_lines) {
  Json tokenizer = Json::object({});
  const auto add = [&](const fs::path& path) {
    if (is_present(path)) tokenizer.set(path.lexically_relative(model_folder).string(), contents(path));
  };
  for (const char* name : {"tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt", "added_tokens.json",
                           "special_tokens_map.json", "chat_template.jinja"}) {
    add(model_folder / name);
  }
  const fs::path more = model_folder / "additional_chat_templates";
  if (is_present(more)) {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(more)) paths.push_back(entry.path());
    std::ranges::sort(paths);
    std::ranges::for_each(paths, add);
  }
  Json::Array data;
  for (const TrainingFile& file : files) {
    std::error_code ignored;
    if (is_present(file.path) && !fs::is_regular_file(file.path, ignored)) {
      throw InvalidInput(file.path.string() + ": a token cache needs data that can be read twice; this is no file");
    }
    data.push_back(Json::Array{file.path.string().ends_with(".jsonl"), contents(file.path)});
  }
  return Json::object(
      {{"tokenizer", tokenizer},
       {"options", Json::Array{static_cast<int>(options.loss_on), options.num_end_tokens, options.max_length,
                               static_cast<int>(options.long_samples), static_cast<int>(bad_lines)}},
       {"data", data}});
}

TokenCache::TokenCache(fs::path path, const Json& origin, std::size_t num_files, std::size_t vocab_size,
                       CacheAccess access)
    : path_(std::move(path)),
      origin_(write_json(origin)),
      num_files_(num_files),
      vocab_size_(vocab_size),
      access_(access) {}

SampleSet TokenCache::samples(const std::function<SampleSet(ReadingReport&)>& make,
                              const std::function<void(const std::string&)>& note, ReadingReport& report) const {
  try {
    if (is_present(path_)) return read(report);
  } catch (const Unusable& unusable) {
    note("The token cache " + path_.string() + " " + unusable.reason + "; it is made again");
  }
  SampleSet made = make(report);
  if (access_ == CacheAccess::kReadWrite) write(made, report);
  return made;
}

SampleSet TokenCache::read(ReadingReport& report) const {
  const CacheReader reader(path_);
  try {
    if (reader.text(kOrigin) != origin_) {
      throw Unusable{difference(reader.text(kOrigin), parse_json(origin_, "origin"))};
    }
    report = parse_report(reader.text(kReport));
  } catch (const InvalidInput&) {
    throw Unusable{"is damaged"};
  }
  const SampleArrays arrays{.ids = reader.elements<TokenId>(kIds),
                            .is_learned = reader.elements<std::uint8_t>(kIsLearned),
                            .ends = reader.elements<std::uint64_t>(kEnds),
                            .files = reader.elements<std::uint32_t>(kFiles)};
  if (!are_sound(arrays, num_files_, vocab_size_)) throw Unusable{"is damaged"};
  return {arrays, reader.file()};
}

void TokenCache::write(const SampleSet& samples, const ReadingReport& report) const {
  const SampleArrays& arrays = samples.arrays();
  const std::string report_text = write_json(report_json(report));
  const std::array<std::span<const std::byte>, kNumSections> parts = {
      std::as_bytes(std::span(origin_)), std::as_bytes(std::span(report_text)),
      std::as_bytes(arrays.ids),         std::as_bytes(arrays.is_learned),
      std::as_bytes(arrays.ends),        std::as_bytes(arrays.files)};
  Header header;
  std::uint64_t end = sizeof(Header);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::uint64_t offset = (end + kAlignment - 1) / kAlignment * kAlignment;
    header.sections[i] = {.offset = offset, .size = parts[i].size(), .checksum = xxh64(parts[i])};
    end = offset + parts[i].size();
  }
  header.checksum = checksum_of(header);
  OutputFile file(path_);
  file.write(std::as_bytes(std::span(&header, 1)));
  end = sizeof(Header);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    file.write(std::string(header.sections[i].offset - end, '\0'));
    file.write(parts[i]);
    end = header.sections[i].offset + parts[i].size();
  }
  file.commit();
}

}  // namespace wedlm::train
