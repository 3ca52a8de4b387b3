// Times forwards of a model's shape with random weights, and says what each of them has to read and to multiply at
// least. What the figures are compared with, and how they are shown, is bench.cc's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "wedlm/backend/make_backend.h"
#include "wedlm/backend/op_timer.h"
#include "wedlm/model/transformer.h"

namespace wedlm {

/// A form of the weights in memory that can be timed.
struct TimedWeights {
  std::string_view name;
  DType dtype = DType::kBF16;  // of the random weights
  ModelFormats formats{};      // to what they are packed
};

/// "bf16" and all that weights can be rounded to, each with the head that goes with it, and "f32".
const std::vector<TimedWeights>& all_timed_weights();

/// In which form a model's numbers lie in memory.
struct MemoryTypes {
  TimedWeights weights;
  DType kv_cache = DType::kBF16;
};

enum class ForwardKind : std::uint8_t {
  kWindow,   // every row predicted, none stored: a decode window
  kPrefill,  // every row stored, the last predicted: a prompt
};

struct ForwardShape {
  ForwardKind kind = ForwardKind::kWindow;
  std::int64_t rows = 1;
  std::int64_t context = 0;  // tokens in pages

  bool operator==(const ForwardShape&) const = default;
};

/// What a forward cannot do without, however it is computed.
struct ForwardWork {
  double bytes = 0;          // to be read: the weights, the rows' embeddings, the K/V pages
  double multiply_adds = 0;  // of products and attention
};

/// `weight_bytes` as Transformer::weight_bytes().
ForwardWork forward_work(const ModelConfig& config, const MemoryTypes& types, std::size_t weight_bytes,
                         const ForwardShape& shape);

/// Memory that timing all of `shapes` takes at its most.
std::size_t timing_memory_bytes(const ModelConfig& config, const MemoryTypes& types,
                                const std::vector<ForwardShape>& shapes);

struct ForwardTime {
  double seconds = 0;
  OpSeconds by_op;  // the rest of `seconds` lies between the ops
};

class ForwardTimer {
 public:
  struct Options {
    MemoryTypes types;
    BackendOptions backend;
    std::vector<ForwardShape> shapes;  // that run() will be asked for
    Transformer::Progress progress;
  };

  /// Makes the weights and fills the pages. Throws ResourceError, with the sizes, where they do not fit in memory.
  ForwardTimer(const ModelConfig& config, const Options& options);

  /// One forward.
  ForwardTime run(const ForwardShape& shape);
  ForwardWork work(const ForwardShape& shape) const;
  const Backend& backend() const { return *backend_; }

 private:
  void fill_pages(int num_threads);

  std::unique_ptr<Backend> backend_;
  ModelConfig config_;
  MemoryTypes types_;
  OpTimer op_timer_;
  std::unique_ptr<Transformer> transformer_;
  KvCache cache_;
  Activations activations_;
  std::vector<Prediction> predictions_;
};

}  // namespace wedlm
