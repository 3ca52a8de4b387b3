#include "wedlm/train/ranks/world.h"

#include <array>
#include <cstdlib>
#include <optional>

#include "wedlm/base/error.h"
#include "wedlm/base/number_text.h"
#include "wedlm/base/quote.h"

namespace wedlm::train {
namespace {

constexpr std::int64_t kMaxSize = 65536;
constexpr std::uint16_t kUsualPort = 29500;  // torchrun's, where nobody names one
constexpr std::int64_t kMaxPort = 65535;

/// How one kind of launcher names what it says.
struct Launcher {
  const char* rank;
  const char* size;
  const char* local_size;
  const char* run;    // something that other runs do not have; or null
  bool names_master;  // in MASTER_ADDR and MASTER_PORT, always
};

constexpr std::array kLaunchers = {
    Launcher{"RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "TORCHELASTIC_RUN_ID", true},
    Launcher{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE", "PMIX_NAMESPACE", false},
    Launcher{"PMI_RANK", "PMI_SIZE", "MPI_LOCALNRANKS", nullptr, false}};

class Variables {
 public:
  explicit Variables(const Environment& environment) : environment_(environment) {}

  bool has(const char* name) const { return !text(name).empty(); }
  std::string text(const char* name) const {
    const char* value = name == nullptr ? nullptr : environment_(name);
    return value == nullptr ? "" : value;
  }
  std::int64_t number(const char* name, std::int64_t least, std::int64_t most) const {
    const auto value = parse_whole<std::int64_t>(text(name));
    if (value && *value >= least && *value <= most) return *value;
    throw InvalidInput("the environment's " + std::string(name) + ": expected a whole number from " +
                       std::to_string(least) + " to " + std::to_string(most) + ", got " + quote(text(name)));
  }
  void demand(const char* name, const std::string& because) const {
    if (!has(name)) throw InvalidInput("the environment has no " + std::string(name) + ", but " + because);
  }

 private:
  const Environment& environment_;
};

void name_master(World& world, const Launcher& launcher, const Variables& variables) {
  world.address = "127.0.0.1";
  world.port = kUsualPort;
  if (launcher.names_master || world.local_size < world.size) {
    const std::string because = std::string(launcher.size) + "=" + std::to_string(world.size) +
                                ": it says where the process of " + launcher.rank + "=0 is reached";
    variables.demand("MASTER_ADDR", because);
    variables.demand("MASTER_PORT", because);
  }
  if (variables.has("MASTER_ADDR")) world.address = variables.text("MASTER_ADDR");
  if (!variables.has("MASTER_PORT")) return;
  // At that port torchrun may listen itself; the run takes the next one then.
  const bool is_taken = variables.text("TORCHELASTIC_USE_AGENT_STORE") == "True";
  world.port = static_cast<std::uint16_t>(variables.number("MASTER_PORT", 1, kMaxPort - (is_taken ? 1 : 0)) +
                                          (is_taken ? 1 : 0));
}

}  // namespace

World world_of(const Environment& environment) {
  const Variables variables(environment);
  for (const Launcher& launcher : kLaunchers) {
    if (!variables.has(launcher.rank) && !variables.has(launcher.size)) continue;
    variables.demand(launcher.size, std::string(launcher.rank) + "=" + variables.text(launcher.rank));
    variables.demand(launcher.rank, std::string(launcher.size) + "=" + variables.text(launcher.size));
    World world;
    world.size = static_cast<int>(variables.number(launcher.size, 1, kMaxSize));
    world.rank = static_cast<int>(variables.number(launcher.rank, 0, world.size - 1));
    if (world.size == 1) return {};
    if (variables.has(launcher.local_size)) {
      world.local_size = static_cast<int>(variables.number(launcher.local_size, 1, world.size));
    }
    name_master(world, launcher, variables);
    world.run = variables.text(launcher.run) + "/" + variables.text("TORCHELASTIC_RESTART_COUNT");
    return world;
  }
  return {};
}

World world_of_environment() {
  return world_of([](const char* name) { return std::getenv(name); });
}

}  // namespace wedlm::train
