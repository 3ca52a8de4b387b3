// What became of each request, and of a whole run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "wedlm/load/answer_reader.h"

namespace wedlm::load {

enum class Ending {
  kSuccess,
  kConnection,    // none, or none that is trusted
  kTimeout,       // no end within the limit
  kStatus,        // HTTP says another one than 2xx
  kBrokenStream,  // a connection that broke off, an error in the stream, an answer that is not OpenAI's
  kCancelled,     // by us, at the end of an interrupted run; neither success nor failure
};

struct Outcome {
  std::int64_t index = 0;    // of the request, from 0
  double sent_seconds = 0;   // since the run began
  double wait_seconds = 0;   // before that, from its arrival (open loop)
  double total_seconds = 0;  // from sending it, connecting included, to the end of the answer
  Ending ending = Ending::kSuccess;
  int status = 0;         // of HTTP; 0 where none came
  std::string message{};  // what went wrong
  Answer answer{};        // as far as it came
};

struct LoadResult {
  std::vector<Outcome> outcomes{};  // of what was sent after the warm-up, in the order of their ends
  double seconds = 0;               // from the first of these to the end of the last
  std::int64_t num_unsent = 0;      // arrived while as many as may be at once were under way, until the time was up
  bool is_interrupted = false;
};

}  // namespace wedlm::load
