#include "cli/program.h"

int main(int argc, char** argv) {
  return wedlm::cli::run_program(argc, argv);
}
