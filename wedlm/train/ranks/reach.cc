#include "wedlm/train/ranks/reach.h"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>

#include "wedlm/base/error.h"

namespace wedlm::train {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kBetweenTries = 50ms;
constexpr int kTryMilliseconds = 2000;

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

std::string shown(const World& world) {
  return world.address + " port " + std::to_string(world.port);
}

Addresses addresses_of(const World& world) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(world.address.c_str(), std::to_string(world.port).c_str(), &hints, &found);
  if (error != 0) {
    throw ResourceError("MASTER_ADDR: there is no machine " + world.address + ": " + ::gai_strerror(error));
  }
  return {found, &::freeaddrinfo};
}

/// Of the connection's own end.
std::string own_address(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  std::array<char, NI_MAXHOST> text{};
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      ::getnameinfo(reinterpret_cast<sockaddr*>(&address), size, text.data(), text.size(), nullptr, 0,
                    NI_NUMERICHOST) != 0) {
    throw ResourceError("cannot tell the address of this machine");
  }
  return text.data();
}

/// nullopt where nobody listens there now.
std::optional<std::string> try_to_reach(const addrinfo& address) {
  const int socket = ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return std::nullopt;
  std::optional<std::string> own;
  if (::connect(socket, address.ai_addr, address.ai_addrlen) == 0 || errno == EINPROGRESS) {
    pollfd waiting{.fd = socket, .events = POLLOUT, .revents = 0};
    int error = 0;
    socklen_t size = sizeof(error);
    if (::poll(&waiting, 1, kTryMilliseconds) == 1 && ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 &&
        error == 0) {
      own = own_address(socket);
    }
  }
  ::close(socket);
  return own;
}

}  // namespace

void check_port(const World& world) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(world.port);
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  const bool can =
      ::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 && ::listen(socket, 1) == 0;
  const int error = errno;
  ::close(socket);
  if (can) return;
  throw ResourceError("cannot listen at port " + std::to_string(world.port) + ": " +
                      std::generic_category().message(error) + "; MASTER_PORT names another one");
}

std::string reach_first(const World& world, const Watcher& watcher) {
  const Addresses addresses = addresses_of(world);
  const auto start = Clock::now();
  while (Clock::now() - start < kPatience) {
    for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
      if (const auto own = try_to_reach(*address)) return *own;
    }
    if (watcher.is_interrupted()) throw Interrupted();
    std::this_thread::sleep_for(kBetweenTries);
  }
  throw ResourceError("the first process of the run does not answer at " + shown(world));
}

}  // namespace wedlm::train
