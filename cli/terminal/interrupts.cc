#include "cli/terminal/interrupts.h"

#include <signal.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "wedlm/base/mapped_file.h"

namespace wedlm::cli {
namespace {

volatile std::sig_atomic_t num_presses = 0;
volatile std::sig_atomic_t last_press_allowed = 1;

void on_interrupt(int) {
  num_presses = num_presses + 1;
  if (num_presses < last_press_allowed) return;
  ::_exit(kExitInterrupted);
}

void say(const char* text) {
  [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, text, std::strlen(text));
}

/// A page could not be read. That of a mapped file is the operator's to mend; anything else is ours, and ends as it
/// would have without a handler.
void on_lost_page(int signal, siginfo_t* info, void* /*context*/) {
  const char* path = mapped_file_at(info->si_addr);
  if (path == nullptr) {
    ::signal(signal, SIG_DFL);
    return;  // to the same instruction, which raises it again
  }
  say("wedlm: cannot read ");
  say(path);
  say(": it was cut or could not be read while it was in use\n");
  ::_exit(kExitResourceError);
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  action.sa_flags = 0;  // a read that waits for the keyboard is to return
  ::sigaction(signal, &action, nullptr);
}

}  // namespace

void install_signal_handlers() {
  handle(SIGINT, on_interrupt);
  ::signal(SIGPIPE, SIG_IGN);

  struct sigaction lost_page {};
  lost_page.sa_sigaction = on_lost_page;
  sigemptyset(&lost_page.sa_mask);
  lost_page.sa_flags = SA_SIGINFO;
  ::sigaction(SIGBUS, &lost_page, nullptr);
}

InterruptGuard::InterruptGuard(int last_press, Signals signals) {
  num_presses = 0;
  last_press_allowed = last_press;
  if (signals == Signals::kInterruptAndTerminate) handle(SIGTERM, on_interrupt);
}

InterruptGuard::~InterruptGuard() {
  last_press_allowed = 1;
  num_presses = 0;
  ::signal(SIGTERM, SIG_DFL);
}

bool InterruptGuard::is_interrupted() const {
  return num_presses > 0;
}

void InterruptGuard::reset() {
  num_presses = 0;
}

}  // namespace wedlm::cli
