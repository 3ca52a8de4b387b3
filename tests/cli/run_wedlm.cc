#include "tests/cli/run_wedlm.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace wedlm {
namespace {

void redirect(const std::filesystem::path& path, int flags, int file) {
  const int opened = ::open(path.c_str(), flags, 0600);
  if (opened < 0 || ::dup2(opened, file) < 0) ::_exit(126);
  ::close(opened);
}

}  // namespace

std::size_t Finished::num_error_lines() const {
  return static_cast<std::size_t>(std::count(err.begin(), err.end(), '\n'));
}

std::vector<Json> Finished::json_lines() const {
  std::vector<Json> values;
  for (std::size_t begin = 0; begin < out.size();) {
    const std::size_t end = std::min(out.find('\n', begin), out.size());
    values.push_back(parse_json(out.substr(begin, end - begin), "standard output"));
    begin = end + 1;
  }
  return values;
}

Running::Running(const std::vector<std::string>& arguments, const std::string& input,
                 const std::vector<std::string>& environment) {
  std::ofstream(file("in"), std::ios::binary) << input;
  std::vector<char*> argv = {const_cast<char*>(WEDLM_BINARY)};  // NOLINT: execv takes pointers to char
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));  // NOLINT
  argv.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("cannot fork");
  if (pid_ != 0) return;
  redirect(file("in"), O_RDONLY, STDIN_FILENO);
  redirect(file("out"), O_WRONLY | O_CREAT, STDOUT_FILENO);
  redirect(file("err"), O_WRONLY | O_CREAT, STDERR_FILENO);
  for (const std::string& variable : environment) {
    const std::size_t equals = variable.find('=');
    ::setenv(variable.substr(0, equals).c_str(), variable.substr(equals + 1).c_str(), 1);
  }
  ::execv(WEDLM_BINARY, argv.data());
  ::_exit(127);
}

Running::~Running() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool Running::wait_for_contents(const std::filesystem::path& path) {
  for (int i = 0; i < 6000; ++i) {
    std::error_code ignored;
    if (std::filesystem::exists(path) && std::filesystem::file_size(path, ignored) > 0) return true;
    siginfo_t info{};
    if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

Finished Running::wait() {
  int status = 0;
  struct rusage usage {};
  ::wait4(pid_, &status, 0, &usage);
  pid_ = -1;
  const int exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return {.exit_code = exit_code,
          .out = read_text(file("out")),
          .err = read_text(file("err")),
          .peak_bytes = std::int64_t{usage.ru_maxrss} * 1024};
}

Finished run_wedlm(const std::vector<std::string>& arguments, const std::string& input,
                   const std::vector<std::string>& environment) {
  return Running(arguments, input, environment).wait();
}

}  // namespace wedlm
