#include "cli/program.h"
#include "cli/terminal/interrupts.h"
#include "cli/terminal/terminal.h"

int main(int argc, char** argv) {
  wedlm::cli::use_utf8_locale();
  wedlm::cli::install_signal_handlers();
  return wedlm::cli::run_program(argc, argv);
}
