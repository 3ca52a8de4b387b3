// The variable `loop` of a for block, and its kin: cycler() and joiner(), which also remember how far they are.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wedlm/text/jinja/runtime.h"

namespace wedlm::jinja {

class Loop final : public Object {
 public:
  explicit Loop(std::vector<Value> items) : items_(std::move(items)), size_(items_.size()) {}
  std::string_view type_name() const override { return "LoopContext"; }
  std::optional<Value> attribute(Runtime& runtime, std::string_view name) override;

  bool is_done() const { return index_ >= size_; }
  const Value& item() const { return items_[index_]; }
  void advance() { ++index_; }
  /// Drops the items once the loop is over; the counts stay.
  void release() { items_ = {}; }

 private:
  class Changed;
  Value neighbor(std::size_t index, std::string_view complaint) const;

  std::vector<Value> items_;
  std::size_t size_;
  std::size_t index_ = 0;
  Object* changed_ = nullptr;
};

/// cycler("odd", "even"): next() and current go round.
class Cycler final : public Object {
 public:
  explicit Cycler(std::vector<Value> items) : items_(std::move(items)) {}
  std::string_view type_name() const override { return "Cycler"; }
  std::optional<Value> attribute(Runtime& runtime, std::string_view name) override;

 private:
  std::vector<Value> items_;
  std::size_t position_ = 0;
};

/// joiner(", "): empty the first time it is called, the separator from then on.
class Joiner final : public Object {
 public:
  explicit Joiner(Value separator) : separator_(std::move(separator)) {}
  std::string_view type_name() const override { return "Joiner"; }
  bool is_callable() const override { return true; }
  Value call(Runtime& runtime, const Arguments& arguments) override;

 private:
  Value separator_;
  bool is_used_ = false;
};

}  // namespace wedlm::jinja
