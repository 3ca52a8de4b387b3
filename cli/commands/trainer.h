// How `wedlm train` comes to LibTorch. Linking it would load some 200 MB and start threads of its own before every
// main(), so that a program of its own, wedlm-train, has it: everything that `wedlm` is, and the trainer.
#pragma once

#include "wedlm/train/trainer.h"

namespace wedlm::cli {

using TrainFunction = decltype(train::train);

struct Trainer {
  TrainFunction* train = nullptr;  // null in `wedlm`
  char** argv = nullptr;           // main()'s
};

/// Lets the program wedlm-train, which lies beside this one, take this process with the same words. Returns to nobody;
/// throws ResourceError, saying what to install, where there is no such program.
[[noreturn]] void become_trainer(const Trainer& trainer);

}  // namespace wedlm::cli
