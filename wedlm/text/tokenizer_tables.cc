#include "wedlm/text/tokenizer_tables.h"

#include <algorithm>
#include <utility>

#include "wedlm/base/error.h"
#include "wedlm/base/quote.h"
#include "wedlm/text/qwen_words.h"
#include "wedlm/text/tokenizer.h"
#include "wedlm/text/tokenizer_definition.h"
#include "wedlm/text/vocabulary.h"

namespace wedlm {
namespace {

/// Words that are cut elsewhere are other tokens.
void check_words(const TokenizerDefinition& definition) {
  using Kind = PreTokenizerStep::Kind;
  const std::vector<PreTokenizerStep>& steps = definition.steps;
  if (steps.size() != 1 || steps[0].kind != Kind::kSplit || steps[0].expression != kQwen2Expression) {
    const std::string found = steps.empty() ? "none" : quote(steps[0].expression);
    throw InvalidInput("pre_tokenizer: expected Qwen's expression alone, " + quote(kQwen2Expression) + ", got " +
                       found);
  }
  if (definition.ignores_merges) throw InvalidInput("ignore_merges: expected false, got true");
}

class TablesMaker {
 public:
  explicit TablesMaker(const TokenizerDefinition& definition) {
    for (const auto& [text, id] : definition.vocabulary) put(id, text, TokenKind::kText);
    for (const AddedToken& token : definition.added_tokens) {
      put(token.id, token.content, token.special ? TokenKind::kSpecial : TokenKind::kAdded);
    }
    for (const auto& [left, right] : definition.merges) tables_.merges.emplace_back(left).append(" ").append(right);
    const WholeForm& form = definition.whole_form;
    if (!form.empty() && form.front() != kNoToken) tables_.begin = form.front();
    tables_.bos = id_of(definition.bos_token);
    tables_.eos = id_of(definition.eos_token);
    tables_.pad = id_of(definition.pad_token);
    tables_.mask = id_of(definition.mask_token);
  }

  TokenizerTables take() { return std::move(tables_); }

 private:
  void put(TokenId id, const std::string& text, TokenKind kind) {
    const auto i = static_cast<std::size_t>(id);
    if (i >= tables_.texts.size()) {
      tables_.texts.resize(i + 1);
      tables_.kinds.resize(i + 1, TokenKind::kUnused);
    }
    tables_.texts[i] = text;
    tables_.kinds[i] = kind;
  }

  std::optional<TokenId> id_of(const std::string& text) const {
    if (text.empty()) return std::nullopt;
    const auto found = std::ranges::find(tables_.texts, text);
    if (found == tables_.texts.end()) return std::nullopt;
    return static_cast<TokenId>(found - tables_.texts.begin());
  }

  TokenizerTables tables_;
};

}  // namespace

TokenizerTables load_tokenizer_tables(const std::filesystem::path& folder) {
  Tokenizer::load(folder);  // checks ids, merges and contradictions
  const TokenizerDefinition definition = definition_of_folder(folder);
  return naming(definition.source, [&] {
    check_words(definition);
    return TablesMaker(definition).take();
  });
}

}  // namespace wedlm
