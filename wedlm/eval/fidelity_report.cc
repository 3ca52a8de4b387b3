#include "wedlm/eval/fidelity_report.h"

#include <algorithm>
#include <sstream>
#include <vector>

#include "wedlm/base/error.h"
#include "wedlm/base/mapped_file.h"
#include "wedlm/base/number_text.h"
#include "wedlm/model/fidelity.h"

namespace wedlm {

std::string fidelity_text(LoadedModel& truth, LoadedModel& tested, const std::string& path) {
  constexpr std::int64_t kPieceLength = 256;  // its logits of a large vocabulary take 150 MB
  if (tested.tokenizer() == nullptr)
    throw InvalidInput("--text: this checkpoint has no tokenizer files to read it with");
  const MappedFile file(path);
  const std::vector<TokenId> ids = tested.tokenizer()->encode(file.text(), SpecialTokens::kAsText);
  for (const TokenId id : ids) {
    if (id >= tested.config().vocab_size) throw InvalidInput("--text: the tokenizer has tokens that the model lacks");
  }
  const Fidelity fidelity = compare_predictions(truth.transformer(), tested.transformer(), ids,
                                                std::min(kPieceLength, tested.config().max_length()));
  std::ostringstream kl;
  kl << fidelity.kl_divergence;
  return fixed(100 * fidelity.agreement, 2) + " % of next tokens as with the stored weights, over " +
         std::to_string(fidelity.num_positions) + " positions; KL divergence " + kl.str() + " nats; perplexity " +
         fixed(fidelity.tested_perplexity, 4) + ", stored " + fixed(fidelity.true_perplexity, 4);
}

}  // namespace wedlm
