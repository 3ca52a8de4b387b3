#include "cli/terminal/interrupts.h"

#include <signal.h>
#include <unistd.h>

#include <csignal>

namespace wedlm::cli {
namespace {

volatile std::sig_atomic_t num_presses = 0;
volatile std::sig_atomic_t last_press_allowed = 1;

void on_interrupt(int) {
  num_presses = num_presses + 1;
  if (num_presses < last_press_allowed) return;
  ::_exit(kExitInterrupted);
}

}  // namespace

void install_signal_handlers() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  sigemptyset(&action.sa_mask);
  action.sa_flags = 0;  // a read that waits for the keyboard is to return
  ::sigaction(SIGINT, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

InterruptGuard::InterruptGuard(int last_press) {
  num_presses = 0;
  last_press_allowed = last_press;
}

InterruptGuard::~InterruptGuard() {
  last_press_allowed = 1;
  num_presses = 0;
}

bool InterruptGuard::is_interrupted() const {
  return num_presses > 0;
}

void InterruptGuard::reset() {
  num_presses = 0;
}

}  // namespace wedlm::cli
