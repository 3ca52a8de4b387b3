#include "wedlm/text/jinja/runtime.h"

#include <algorithm>

namespace wedlm::jinja {

void InputSize::add(const Value& value) {
  ++num_values;
  if (value.is_string()) {
    num_bytes += value.string().size();
  } else if (value.is_sequence()) {
    for (const Value& item : value.items()) add(item);
  } else if (value.is_dict()) {
    for (const auto& entry : value.dict().entries()) add(entry.value);
  }
}

Runtime::Runtime(const InputSize& input)
    : max_steps_(std::max(kMaxSteps, input.num_values * kStepsPerValue)),
      max_bytes_(std::max(kMaxWorkBytes, input.num_bytes * kWorkPerByte)) {}

void Runtime::charge_steps(std::size_t count) {
  num_steps_ += static_cast<std::int64_t>(count);
  if (num_steps_ > max_steps_) {
    throw Complaint("the rendering takes more than the limit of " + std::to_string(max_steps_) + " steps");
  }
}

void Runtime::charge_bytes(std::size_t count) {
  num_bytes_ += count;
  if (num_bytes_ > max_bytes_) {
    throw Complaint("the rendering handles more than the limit of " + std::to_string(max_bytes_) + " bytes of text");
  }
}

void Runtime::charge(const Value& value) {
  if (!value.is_string()) return;
  check_text_size(static_cast<double>(value.string().size()));
  charge_bytes(value.string().size());
}

void Runtime::charge(const Arguments& arguments) {
  for (const Value& value : arguments.positional) charge(value);
  for (const auto& [name, value] : arguments.named) charge(value);
}

void Runtime::check_text_size(double bytes) {
  if (bytes > static_cast<double>(kMaxTextBytes)) {
    throw Complaint("a text would be longer than the limit of " + std::to_string(kMaxTextBytes) + " bytes");
  }
}

const Value* Bound::find(std::size_t parameter) const {
  const std::optional<Value>& value = values_.at(parameter);
  return value ? &*value : nullptr;
}

bool Bound::is_given(std::size_t parameter) const {
  const Value* value = find(parameter);
  return value != nullptr && !value->is_none();
}

const Value& Bound::at(std::size_t parameter) const {
  if (const Value* value = find(parameter)) return *value;
  throw Complaint(callee_ + "() is missing its argument '" + std::string(names_[parameter]) + "'");
}

const std::string& Bound::text(std::size_t parameter) const {
  const Value& value = at(parameter);
  if (value.is_string()) return value.string();
  throw Complaint(callee_ + "(): argument '" + std::string(names_[parameter]) + "' must be str, not " +
                  std::string(value.type_name()));
}

std::string Bound::text(std::size_t parameter, std::string_view otherwise) const {
  return has(parameter) ? text(parameter) : std::string(otherwise);
}

std::int64_t Bound::integer(std::size_t parameter) const {
  const Value& value = at(parameter);
  if (value.is_integral()) return value.integer();
  throw Complaint(callee_ + "(): argument '" + std::string(names_[parameter]) + "' must be int, not " +
                  std::string(value.type_name()));
}

std::int64_t Bound::integer(std::size_t parameter, std::int64_t otherwise) const {
  return has(parameter) ? integer(parameter) : otherwise;
}

bool Bound::truth(std::size_t parameter, bool otherwise) const {
  return has(parameter) ? at(parameter).truth() : otherwise;
}

Bound bind(std::string_view callee, const Arguments& arguments, std::initializer_list<std::string_view> parameters) {
  Bound bound;
  bound.callee_ = callee;
  bound.names_ = parameters;
  bound.values_.resize(parameters.size());
  if (arguments.positional.size() > parameters.size()) {
    throw Complaint(std::string(callee) + "() takes at most " + std::to_string(parameters.size()) + " arguments, got " +
                    std::to_string(arguments.positional.size()));
  }
  for (std::size_t i = 0; i < arguments.positional.size(); ++i) bound.values_[i] = arguments.positional[i];
  for (const auto& [name, value] : arguments.named) {
    std::size_t i = 0;
    while (i < bound.names_.size() && bound.names_[i] != name) ++i;
    if (i == bound.names_.size()) {
      throw Complaint(std::string(callee) + "() has no argument named '" + name + "'");
    }
    if (bound.values_[i]) throw Complaint(std::string(callee) + "() got two values for argument '" + name + "'");
    bound.values_[i] = value;
  }
  return bound;
}

std::optional<Value> Object::attribute(Runtime&, std::string_view) {
  return std::nullopt;
}

Value Object::call(Runtime&, const Arguments&) {
  throw Complaint("'" + std::string(type_name()) + "' object is not callable");
}

std::optional<Value> Namespace::attribute(Runtime&, std::string_view name) {
  if (const Value* value = attributes_.find(name)) return *value;
  return std::nullopt;
}

}  // namespace wedlm::jinja
