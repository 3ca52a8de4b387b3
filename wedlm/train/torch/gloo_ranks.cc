// Ranks by LibTorch's collectives over gloo: TCP between all processes. The first one listens at the world's port with
// a small store of keys, in which the processes meet, compare what they are to do, and say who ends and who speaks.
#include <set>
#include <thread>

#include "wedlm/train/ranks/reach.h"
#include "wedlm/train/torch/ranks.h"

#ifdef WEDLM_HAVE_GLOO

#include <torch/torch.h>

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

namespace wedlm::train {
namespace {

using namespace std::chrono_literals;
using at::Tensor;
using Clock = std::chrono::steady_clock;

constexpr auto kSilence = 30min;     // of another process in one collective
constexpr auto kStoreTimeout = 10s;  // of one question
constexpr auto kLastWords = 3s;      // for the others to notice an end
constexpr auto kBetweenLooks = 20ms;
constexpr auto kBeforeNote = 3s;  // of whom is waited for

/// Thrown where a collective or the store fails, which has one reason that matters.
struct RankLost final : public std::exception {};

c10::intrusive_ptr<c10d::Store> open_store(const World& world, bool is_server) {
  c10d::TCPStoreOptions options;
  options.port = world.port;
  options.isServer = is_server;
  options.waitWorkers = false;
  options.timeout = kStoreTimeout;
  try {
    return c10::make_intrusive<c10d::PrefixStore>(world.run,
                                                  c10::make_intrusive<c10d::TCPStore>(world.address, options));
  } catch (const std::exception&) {
    throw ResourceError("cannot speak with the first process of the run at " + world.address + " port " +
                        std::to_string(world.port));
  }
}

using Work = std::remove_reference_t<decltype(*std::declval<c10d::ProcessGroupGloo>().barrier())>;

std::vector<std::uint8_t> bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

std::string text_of(const std::vector<std::uint8_t>& bytes) {
  return {bytes.begin(), bytes.end()};
}

bool is_loss_of_a_rank(const std::exception_ptr& reason) {
  try {
    std::rethrow_exception(reason);
  } catch (const RankLost&) {
    return true;
  } catch (...) {
    return false;
  }
}

/// What fails between processes fails because one has gone.
template <class Body>
auto talking(const Body& body) {
  try {
    return body();
  } catch (const std::exception&) {
    throw RankLost();
  }
}

void finish(const c10::intrusive_ptr<Work>& work) {
  talking([&] { work->wait(); });
}

class GlooRanks final : public Ranks {
 public:
  GlooRanks(const World& world, const Watcher& watcher) : Ranks(world.rank, world.size) {
    if (world.is_first()) {
      check_port(world);  // the store would print more than the reason
      store_ = open_store(world, true);
    }
    const std::string own_address = reach_first(world, watcher);
    if (!world.is_first()) store_ = open_store(world, false);
    try {
      arrive(world, watcher);
      const auto options = c10d::ProcessGroupGloo::Options::create(kSilence);
      // As in LibTorch's own launcher, an interface may be named where the way to the first process is not the one.
      const char* interface = std::getenv("GLOO_SOCKET_IFNAME");
      options->devices.push_back(interface != nullptr ? c10d::ProcessGroupGloo::createDeviceForInterface(interface)
                                                      : c10d::ProcessGroupGloo::createDeviceForHostname(own_address));
      group_ = talking([&] { return c10::make_intrusive<c10d::ProcessGroupGloo>(store_, rank(), size(), options); });
    } catch (const Interrupted&) {
      throw;
    } catch (const std::exception&) {
      std::rethrow_exception(GlooRanks::end(std::current_exception()));
    }
  }

  void sum(std::span<double> values) override {
    std::vector<Tensor> one = {
        at::from_blob(values.data(), {static_cast<std::int64_t>(values.size())}, at::TensorOptions(at::kDouble))};
    finish(talking([&] { return group_->allreduce(one); }));
  }

  void reduce_scatter(const Tensor& rows) override {
    // gloo has none: each row is reduced to its rank, all at the same time.
    std::vector<c10::intrusive_ptr<Work>> works;
    for (int owner = 0; owner < size(); ++owner) {
      std::vector<Tensor> one = {rows[owner]};
      c10d::ReduceOptions options;
      options.rootRank = owner;
      works.push_back(talking([&] { return group_->reduce(one, options); }));
    }
    for (const auto& work : works) finish(work);
  }

  void all_gather(const Tensor& rows) override {
    // As bytes, since gloo does not know every type.
    const Tensor bytes = rows.view(at::kByte);
    std::vector<Tensor> own = {bytes[rank()]};
    std::vector<std::vector<Tensor>> all(1);
    for (int owner = 0; owner < size(); ++owner) all[0].push_back(bytes[owner]);
    finish(talking([&] { return group_->allgather(all, own); }));
  }

  void broadcast(const Tensor& values) override {
    std::vector<Tensor> one = {values};
    finish(talking([&] { return group_->broadcast(one); }));
  }

  std::vector<std::string> gather(const std::string& text) override {
    const std::string key = "text/" + std::to_string(num_gathers_++) + "/";
    talking([&] { store_->set(key + std::to_string(rank()), bytes_of(text)); });
    std::vector<std::string> texts;
    for (int other = 0; other < size(); ++other) {
      const std::string name = key + std::to_string(other);
      wait_for(name);
      texts.push_back(talking([&] { return text_of(store_->get(name)); }));
    }
    return texts;
  }

  void first_alone(const std::function<void()>& work) override {
    const std::string key = "alone/" + std::to_string(num_alone_++);
    if (!is_first()) return wait_for(key);
    work();
    talking([&] { store_->set(key, bytes_of("done")); });
  }

  std::exception_ptr end(std::exception_ptr reason) override {
    const bool is_loss = is_loss_of_a_rank(reason);
    try {
      const bool is_speaker = store_->add("ended", 1) == 1;
      group_.reset();  // whoever waits for this process notices it now
      store_->set("ended/" + std::to_string(rank()), bytes_of("yes"));
      if (is_speaker && is_loss) {
        const std::set<int> missing = missing_ranks();
        reason = loss_of(missing);
        store_->add("missing", std::ssize(missing));
      }
      store_->add("gone", 1);
      // Whose store it is stays until the others have looked into it.
      if (is_first()) wait_until([&] { return store_->add("gone", 0) + store_->add("missing", 0) >= size(); });
      return is_speaker ? reason : std::make_exception_ptr(SaidElsewhere());
    } catch (const std::exception&) {
      return is_loss ? loss_of({0}) : reason;  // the first one had the store
    }
  }

 private:
  bool has(const std::string& key) {
    return talking([&] { return store_->check({key}); });
  }

  /// Until another process has set it, however long that takes.
  void wait_for(const std::string& key) {
    while (!has(key)) {
      if (has("ended")) throw RankLost();
      std::this_thread::sleep_for(kBetweenLooks);
    }
  }

  /// Tells the others, hears that they are there, and that they are of the same world.
  void arrive(const World& world, const Watcher& watcher) {
    if (is_first()) talking([&] { store_->set("size", bytes_of(std::to_string(size()))); });
    wait_for("size");
    const std::string others = talking([&] { return text_of(store_->get("size")); });
    if (others != std::to_string(size())) {
      throw InvalidInput("the process of rank " + std::to_string(rank()) + " has a world of " + std::to_string(size()) +
                         ", and that of rank 0 one of " + others);
    }
    const std::string name = "rank/" + std::to_string(rank());
    if (talking([&] { return store_->add(name, 1); }) > 1) {
      throw InvalidInput("two processes of the run are rank " + std::to_string(rank()) +
                         "; MASTER_PORT of another run?");
    }
    const auto start = Clock::now();
    bool is_noted = false;
    for (int other = 0; other < size(); ++other) {
      while (!has("rank/" + std::to_string(other))) {
        if (has("ended")) throw RankLost();
        if (watcher.is_interrupted()) throw Interrupted();
        if (!is_noted && Clock::now() - start > kBeforeNote) {
          is_noted = true;
          watcher.note("Waiting for rank " + std::to_string(other) + " of " + std::to_string(size()) +
                       " processes to come to " + world.address + " port " + std::to_string(world.port));
        }
        if (Clock::now() - start > kPatience) {
          throw ResourceError("the process of rank " + std::to_string(other) + " did not come to " + world.address);
        }
        std::this_thread::sleep_for(kBetweenLooks);
      }
    }
  }

  template <class Condition>
  static void wait_until(const Condition& is_met) {
    const auto start = Clock::now();
    while (!is_met() && Clock::now() - start < kLastWords) std::this_thread::sleep_for(kBetweenLooks);
  }

  /// Those that do not end by themselves.
  std::set<int> missing_ranks() {
    const auto is_ended = [this](int other) { return has("ended/" + std::to_string(other)); };
    wait_until([&] {
      int count = 0;
      for (int other = 0; other < size(); ++other) count += is_ended(other) ? 1 : 0;
      return count >= size() - 1;
    });
    std::set<int> missing;
    for (int other = 0; other < size(); ++other) {
      if (!is_ended(other)) missing.insert(other);
    }
    return missing;
  }

  std::exception_ptr loss_of(const std::set<int>& missing) const {
    std::string names;
    for (const int other : missing) names += (names.empty() ? "" : ", ") + std::to_string(other);
    return std::make_exception_ptr(
        ResourceError("lost " + (names.empty() ? "the connection to another" : "rank " + names) + " of the run's " +
                      std::to_string(size()) + " processes (killed, or its machine or network is gone); the last " +
                      "checkpoint is as it was, and --resume goes on with it"));
  }

  c10::intrusive_ptr<c10d::Store> store_;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group_;
  int num_gathers_ = 0;
  int num_alone_ = 0;
};

}  // namespace

std::unique_ptr<Ranks> meet(const World& world, const Watcher& watcher) {
  return std::make_unique<GlooRanks>(world, watcher);
}

}  // namespace wedlm::train

#else

namespace wedlm::train {

std::unique_ptr<Ranks> meet(const World& world, const Watcher& /*watcher*/) {
  throw ResourceError("cannot train by " + std::to_string(world.size) +
                      " processes: the headers of LibTorch's gloo were not there when wedlm was built (Debian: "
                      "libgloo-dev)");
}

}  // namespace wedlm::train

#endif
