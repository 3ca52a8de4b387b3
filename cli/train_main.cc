#include "cli/program.h"
#include "wedlm/train/trainer.h"

int main(int argc, char** argv) {
  return wedlm::cli::run_program(argc, argv, &wedlm::train::train);
}
