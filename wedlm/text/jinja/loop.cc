#include "wedlm/text/jinja/loop.h"

#include <functional>

#include "wedlm/text/jinja/operators.h"

namespace wedlm::jinja {
namespace {

/// A method of one of these objects.
class Action final : public Object {
 public:
  using Body = std::function<Value(Runtime&, const Arguments&)>;
  explicit Action(Body body) : body_(std::move(body)) {}
  std::string_view type_name() const override { return "method"; }
  bool is_callable() const override { return true; }
  Value call(Runtime& runtime, const Arguments& arguments) override { return body_(runtime, arguments); }

 private:
  Body body_;
};

Value integer(std::size_t value) {
  return Value::integer(static_cast<std::int64_t>(value));
}

}  // namespace

/// loop.changed(values...): whether the values differ from those of the call before.
class Loop::Changed final : public Object {
 public:
  std::string_view type_name() const override { return "method"; }
  bool is_callable() const override { return true; }
  Value call(Runtime& runtime, const Arguments& arguments) override {
    Value values = Value::tuple(arguments.positional);
    const bool is_same = last_ && equal(*last_, values, runtime);
    last_ = std::move(values);
    return Value::boolean(!is_same);
  }

 private:
  std::optional<Value> last_;
};

Value Loop::neighbor(std::size_t index, std::string_view complaint) const {
  return index < items_.size() ? items_[index] : Value::undefined(std::string(complaint));
}

std::optional<Value> Loop::attribute(Runtime& runtime, std::string_view name) {
  if (name == "index") return integer(index_ + 1);
  if (name == "index0") return integer(index_);
  if (name == "revindex") return Value::integer(static_cast<std::int64_t>(size_) - static_cast<std::int64_t>(index_));
  if (name == "revindex0") {
    return Value::integer(static_cast<std::int64_t>(size_) - static_cast<std::int64_t>(index_) - 1);
  }
  if (name == "first") return Value::boolean(index_ == 0);
  if (name == "last") return Value::boolean(index_ + 1 == size_);
  if (name == "length") return integer(size_);
  if (name == "depth") return integer(1);
  if (name == "depth0") return integer(0);
  if (name == "previtem") return neighbor(index_ - 1, "there is no previous item");
  if (name == "nextitem") return neighbor(index_ + 1, "there is no next item");
  if (name == "changed") {
    if (changed_ == nullptr) changed_ = runtime.make<Changed>();
    return Value::object(changed_);
  }
  if (name == "cycle") {
    return Value::object(runtime.make<Action>([this](Runtime&, const Arguments& arguments) {
      if (arguments.positional.empty()) throw Complaint("no items for cycling given");
      return arguments.positional[index_ % arguments.positional.size()];
    }));
  }
  return std::nullopt;
}

std::optional<Value> Cycler::attribute(Runtime& runtime, std::string_view name) {
  if (name == "current") return items_[position_];
  if (name == "next") {
    return Value::object(runtime.make<Action>([this](Runtime&, const Arguments&) {
      Value item = items_[position_];
      position_ = (position_ + 1) % items_.size();
      return item;
    }));
  }
  if (name == "reset") {
    return Value::object(runtime.make<Action>([this](Runtime&, const Arguments&) {
      position_ = 0;
      return Value::none();
    }));
  }
  return std::nullopt;
}

Value Joiner::call(Runtime&, const Arguments&) {
  if (is_used_) return separator_;
  is_used_ = true;
  return Value::string("");
}

}  // namespace wedlm::jinja
