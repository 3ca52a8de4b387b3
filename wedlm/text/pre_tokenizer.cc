#include "wedlm/text/pre_tokenizer.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <limits>
#include <new>

#include "wedlm/base/error.h"
#include "wedlm/base/quote.h"
#include "wedlm/text/regex_dialect.h"
#include "wedlm/text/unicode.h"

namespace wedlm {
namespace {

constexpr std::size_t kMaxExpressionBytes = 1 << 16;
constexpr std::uint32_t kMaxHeapKib = 256 << 10;

struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct FreeCompileContext {
  void operator()(pcre2_compile_context* context) const { pcre2_compile_context_free(context); }
};
struct FreeMatchContext {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};
struct FreeMatchData {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
using Code = std::unique_ptr<pcre2_code, FreeCode>;

PCRE2_SPTR bytes_of(std::string_view text) {
  return reinterpret_cast<PCRE2_SPTR>(text.data());
}

std::string message_of(int error) {
  PCRE2_UCHAR buffer[256] = {};
  pcre2_get_error_message(error, buffer, sizeof buffer);
  return reinterpret_cast<const char*>(buffer);
}

Code compile(const std::string& expression) {
  if (expression.size() > kMaxExpressionBytes) {
    throw InvalidInput("a regular expression of " + std::to_string(expression.size()) + " bytes is longer than " +
                       std::to_string(kMaxExpressionBytes));
  }
  const std::string pattern = pcre2_of_oniguruma(expression);
  const std::unique_ptr<pcre2_compile_context, FreeCompileContext> context(pcre2_compile_context_create(nullptr));
  if (context == nullptr) throw std::bad_alloc();
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  int error = 0;
  PCRE2_SIZE offset = 0;
  Code code(pcre2_compile(bytes_of(pattern), pattern.size(),
                          PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C, &error, &offset,
                          context.get()));
  if (code == nullptr) {
    throw InvalidInput("bad regular expression " + quote(expression) + ": " + message_of(error));
  }
  pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE);  // where there is none, the interpreter runs
  return code;
}

}  // namespace

struct PreTokenizer::Step {
  PreTokenizerStep::Kind kind;
  Code code;
};

/// One walk over one text: what a match needs besides the expression belongs to the walk, so threads share nothing.
class PreTokenizer::Run {
 public:
  Run(const std::vector<std::shared_ptr<const Step>>& steps, const Emit& emit)
      : steps_(steps),
        emit_(emit),
        data_(pcre2_match_data_create(1, nullptr)),
        context_(pcre2_match_context_create(nullptr)) {
    if (data_ == nullptr || context_ == nullptr) throw std::bad_alloc();
    pcre2_set_heap_limit(context_.get(), kMaxHeapKib);
  }

  void split(std::string_view text, std::size_t step) {
    if (text.empty()) return;
    if (step == steps_.size()) {
      emit_(text);
    } else if (steps_[step]->kind != PreTokenizerStep::Kind::kPrefixSpace) {
      split_at_matches(text, step);
    } else if (text.starts_with(' ')) {
      split(text, step + 1);
    } else {
      std::string prefixed(1, ' ');
      prefixed += text;
      split(prefixed, step + 1);
    }
  }

 private:
  void split_at_matches(std::string_view text, std::size_t step) {
    using Kind = PreTokenizerStep::Kind;
    const Step& rule = *steps_[step];
    std::size_t piece = 0;  // where the piece that is not yet handed on begins
    std::size_t from = 0;
    bool first = true;
    while (from <= text.size()) {
      const auto [begin, end] = match(rule, text, from);
      if (begin == std::string_view::npos) break;
      if (begin == end && begin == piece && !first) {  // an empty match right after the last one does not count
        from = end + width_at(text, end);
        continue;
      }
      first = false;
      if (rule.kind != Kind::kSplitKeepMatches) split(text.substr(piece, begin - piece), step + 1);
      if (rule.kind != Kind::kSplitDropMatches) split(text.substr(begin, end - begin), step + 1);
      piece = end;
      from = begin == end ? end + width_at(text, end) : end;
    }
    if (rule.kind != Kind::kSplitKeepMatches) split(text.substr(piece), step + 1);
  }

  static std::size_t width_at(std::string_view text, std::size_t at) {
    return at < text.size() ? first_code_point(text.substr(at)).length : 1;
  }

  /// The first match at or after `from`; npos where there is none.
  std::pair<std::size_t, std::size_t> match(const Step& rule, std::string_view text, std::size_t from) {
    constexpr std::size_t kMaxSteps = std::numeric_limits<std::uint32_t>::max();
    pcre2_set_match_limit(context_.get(),
                          static_cast<std::uint32_t>(std::min(kMaxSteps, 1'000'000 + 16 * text.size())));
    int result = run(rule, text, from, PCRE2_NO_UTF_CHECK);
    if (result == PCRE2_ERROR_JIT_STACKLIMIT) result = run(rule, text, from, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT);
    if (result == PCRE2_ERROR_NOMATCH) return {std::string_view::npos, 0};
    if (result < 0) {
      throw InvalidInput("the tokenizer's regular expression fails on a text of " + std::to_string(text.size()) +
                         " bytes: " + message_of(result));
    }
    const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(data_.get());
    return {bounds[0], std::max(bounds[0], bounds[1])};
  }

  int run(const Step& rule, std::string_view text, std::size_t from, std::uint32_t options) {
    return pcre2_match(rule.code.get(), bytes_of(text), text.size(), from, options, data_.get(), context_.get());
  }

  const std::vector<std::shared_ptr<const Step>>& steps_;
  const Emit& emit_;
  std::unique_ptr<pcre2_match_data, FreeMatchData> data_;
  std::unique_ptr<pcre2_match_context, FreeMatchContext> context_;
};

PreTokenizer::PreTokenizer(const std::vector<PreTokenizerStep>& steps) {
  for (const PreTokenizerStep& step : steps) {
    const bool needs_code = step.kind != PreTokenizerStep::Kind::kPrefixSpace;
    steps_.push_back(std::make_shared<const Step>(Step{step.kind, needs_code ? compile(step.expression) : Code()}));
  }
}

void PreTokenizer::split(std::string_view text, const Emit& emit) const {
  Run(steps_, emit).split(text, 0);
}

}  // namespace wedlm
