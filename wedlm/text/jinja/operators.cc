#include "wedlm/text/jinja/operators.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "wedlm/text/jinja/builtins.h"
#include "wedlm/text/jinja/characters.h"
#include "wedlm/text/jinja/format.h"
#include "wedlm/text/jinja/python_text.h"

namespace wedlm::jinja {
namespace {

constexpr std::string_view kBinaryNames[] = {"+", "-", "*", "/", "//", "%", "** or pow()"};

[[noreturn]] void throw_operands(BinaryOperator op, const Value& left, const Value& right) {
  require_defined(left);
  require_defined(right);
  if (op == BinaryOperator::kAdd && (left.is_string() || left.is_sequence())) {
    throw Complaint("can only concatenate " + std::string(left.type_name()) + " (not \"" +
                    std::string(right.type_name()) + "\") to " + std::string(left.type_name()));
  }
  throw Complaint("unsupported operand type(s) for " + std::string(kBinaryNames[static_cast<int>(op)]) + ": '" +
                  std::string(left.type_name()) + "' and '" + std::string(right.type_name()) + "'");
}

std::int64_t checked(bool overflow, std::int64_t result) {
  if (overflow) throw Complaint("an integer does not fit 64 bits");
  return result;
}

Value integer_power(std::int64_t base, std::int64_t exponent) {
  if (exponent < 0) {
    if (base == 0) throw Complaint("0.0 cannot be raised to a negative power");
    return Value::real(std::pow(static_cast<double>(base), static_cast<double>(exponent)));
  }
  if (base == 0 || base == 1) return Value::integer(exponent == 0 ? 1 : base);
  if (base == -1) return Value::integer(exponent % 2 == 0 ? 1 : -1);
  std::int64_t result = 1;
  for (std::int64_t i = 0; i < exponent; ++i) {
    const bool overflow = __builtin_mul_overflow(result, base, &result);
    checked(overflow, result);
  }
  return Value::integer(result);
}

Value integer_arithmetic(BinaryOperator op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  bool overflow = false;
  switch (op) {
    case BinaryOperator::kAdd:
      overflow = __builtin_add_overflow(a, b, &result);
      break;
    case BinaryOperator::kSubtract:
      overflow = __builtin_sub_overflow(a, b, &result);
      break;
    case BinaryOperator::kMultiply:
      overflow = __builtin_mul_overflow(a, b, &result);
      break;
    case BinaryOperator::kDivide:
      if (b == 0) throw Complaint("division by zero");
      return Value::real(static_cast<double>(a) / static_cast<double>(b));
    case BinaryOperator::kFloorDivide:
    case BinaryOperator::kModulo: {
      if (b == 0) throw Complaint("integer division or modulo by zero");
      if (b == -1) {
        if (op == BinaryOperator::kModulo) return Value::integer(0);
        overflow = __builtin_sub_overflow(std::int64_t{0}, a, &result);
        break;
      }
      const bool rounds_up = a % b != 0 && (a % b < 0) != (b < 0);  // C++ rounds to zero, Python down
      result = op == BinaryOperator::kModulo ? a % b + (rounds_up ? b : 0) : a / b - (rounds_up ? 1 : 0);
      break;
    }
    case BinaryOperator::kPower:
      return integer_power(a, b);
  }
  return Value::integer(checked(overflow, result));
}

Value real_arithmetic(BinaryOperator op, double a, double b) {
  switch (op) {
    case BinaryOperator::kAdd:
      return Value::real(a + b);
    case BinaryOperator::kSubtract:
      return Value::real(a - b);
    case BinaryOperator::kMultiply:
      return Value::real(a * b);
    case BinaryOperator::kPower:
      if (a == 0 && b < 0) throw Complaint("0.0 cannot be raised to a negative power");
      return Value::real(std::pow(a, b));
    default:
      break;
  }
  if (b == 0) throw Complaint("float division by zero");
  if (op == BinaryOperator::kDivide) return Value::real(a / b);
  double remainder = std::fmod(a, b);
  if (remainder != 0 && (remainder < 0) != (b < 0)) remainder += b;
  if (remainder == 0) remainder = std::copysign(0.0, b);
  if (op == BinaryOperator::kModulo) return Value::real(remainder);
  const double quotient = (a - remainder) / b;
  return Value::real(quotient == 0 ? std::copysign(0.0, a / b) : std::round(quotient));
}

Value repeat(const Value& value, std::int64_t times, Runtime& runtime) {
  const auto count = static_cast<std::size_t>(std::max<std::int64_t>(times, 0));
  if (value.is_string()) {
    const std::string& text = value.string();
    Runtime::check_text_size(static_cast<double>(text.size()) * static_cast<double>(count));
    std::string result;
    result.reserve(text.size() * count);
    for (std::size_t i = 0; i < count && !text.empty(); ++i) result += text;
    return Value::string(std::move(result));
  }
  const std::size_t num_items = value.items().size();
  if (num_items > 0 && count > static_cast<std::size_t>(kMaxSteps) / num_items) {
    throw Complaint("a list would be longer than the limit of " + std::to_string(kMaxSteps) + " items");
  }
  runtime.charge_steps(num_items * count);
  std::vector<Value> items;
  for (std::size_t i = 0; i < count && num_items > 0; ++i) {
    items.insert(items.end(), value.items().begin(), value.items().end());
  }
  return value.is_tuple() ? Value::tuple(std::move(items)) : Value::list(std::move(items));
}

Value join_sequences(const Value& left, const Value& right, Runtime& runtime) {
  runtime.charge_steps(left.items().size() + right.items().size());
  std::vector<Value> items = left.items();
  items.insert(items.end(), right.items().begin(), right.items().end());
  return left.is_tuple() ? Value::tuple(std::move(items)) : Value::list(std::move(items));
}

bool are_integers(const Value& left, const Value& right) {
  return left.is_number() && right.is_number() && !left.is_real() && !right.is_real();
}

/// -1, 0 or 1 for integers of any length.
int order_integers(const Value& left, const Value& right) {
  const std::string a = left.digits(), b = right.digits();
  const bool is_negative = a.starts_with('-');
  if (is_negative != b.starts_with('-')) return is_negative ? -1 : 1;
  const int size = a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : a.compare(b);
  const int sign = size < 0 ? -1 : size > 0 ? 1 : 0;
  return is_negative ? -sign : sign;
}

/// -1, 0 or 1 for what Python can order; nullopt otherwise, and for a not-a-number.
std::optional<int> order(const Value& left, const Value& right, Runtime& runtime) {
  if (left.is_integral() && right.is_integral()) {
    return left.integer() < right.integer() ? -1 : left.integer() > right.integer() ? 1 : 0;
  }
  if (are_integers(left, right)) return order_integers(left, right);
  if (left.is_number() && right.is_number()) {
    const double a = left.real();
    const double b = right.real();
    if (std::isnan(a) || std::isnan(b)) return std::nullopt;
    return a < b ? -1 : a > b ? 1 : 0;
  }
  if (left.is_string() && right.is_string()) {
    runtime.charge_bytes(std::min(left.string().size(), right.string().size()));
    const int sign = left.string().compare(right.string());  // the order of UTF-8 bytes is that of code points
    return sign < 0 ? -1 : sign > 0 ? 1 : 0;
  }
  if (left.is_sequence() && right.is_sequence() && left.is_tuple() == right.is_tuple()) {
    const std::size_t common = std::min(left.items().size(), right.items().size());
    for (std::size_t i = 0; i < common; ++i) {
      if (!equal(left.items()[i], right.items()[i], runtime)) return order(left.items()[i], right.items()[i], runtime);
    }
    return left.items().size() < right.items().size() ? -1 : left.items().size() > right.items().size() ? 1 : 0;
  }
  return std::nullopt;
}

int require_order(const char* name, const Value& left, const Value& right, Runtime& runtime) {
  if (const std::optional<int> sign = order(left, right, runtime)) return *sign;
  constexpr int kUnordered = 2;
  if (left.is_number() && right.is_number()) return kUnordered;
  require_defined(left);
  require_defined(right);
  throw Complaint("'" + std::string(name) + "' not supported between instances of '" + std::string(left.type_name()) +
                  "' and '" + std::string(right.type_name()) + "'");
}

}  // namespace

void require_defined(const Value& value) {
  if (value.is_undefined()) throw Complaint(value.complaint());
}

Value apply(BinaryOperator op, const Value& left, const Value& right, Runtime& runtime) {
  if (left.is_integral() && right.is_integral()) return integer_arithmetic(op, left.integer(), right.integer());
  if (are_integers(left, right) && op != BinaryOperator::kDivide) checked(true, 0);
  if (left.is_number() && right.is_number()) return real_arithmetic(op, left.real(), right.real());
  if (op == BinaryOperator::kAdd) {
    if (left.is_string() && right.is_string()) {
      Runtime::check_text_size(static_cast<double>(left.string().size()) + static_cast<double>(right.string().size()));
      return Value::string(left.string() + right.string());
    }
    if (left.is_sequence() && right.is_sequence() && left.is_tuple() == right.is_tuple()) {
      return join_sequences(left, right, runtime);
    }
  }
  if (op == BinaryOperator::kMultiply) {
    if ((left.is_string() || left.is_sequence()) && right.is_integral()) return repeat(left, right.integer(), runtime);
    if ((right.is_string() || right.is_sequence()) && left.is_integral()) return repeat(right, left.integer(), runtime);
  }
  if (op == BinaryOperator::kModulo && left.is_string()) {
    return Value::string(format_percent(left.string(), right, runtime));
  }
  throw_operands(op, left, right);
}

Value negate(const Value& value) {
  if (value.is_real()) return Value::real(-value.real());
  if (value.is_number()) {
    const std::string digits = value.digits();
    return Value::integer_of_digits(digits.starts_with('-') ? digits.substr(1) : "-" + digits);
  }
  require_defined(value);
  throw Complaint("bad operand type for unary -: '" + std::string(value.type_name()) + "'");
}

bool equal(const Value& left, const Value& right, Runtime& runtime) {
  runtime.charge_steps(1);
  if (left.is_integral() && right.is_integral()) return left.integer() == right.integer();
  if (are_integers(left, right)) return left.digits() == right.digits();
  if (left.is_number() && right.is_number()) return left.real() == right.real();
  if (left.is_string() && right.is_string()) {
    if (left.string().size() != right.string().size()) return false;
    runtime.charge_bytes(left.string().size());
    return left.string() == right.string();
  }
  if (left.is_sequence() && right.is_sequence()) {
    if (left.is_tuple() != right.is_tuple() || left.items().size() != right.items().size()) return false;
    for (std::size_t i = 0; i < left.items().size(); ++i) {
      if (!equal(left.items()[i], right.items()[i], runtime)) return false;
    }
    return true;
  }
  if (left.is_dict() && right.is_dict()) {
    if (left.dict().entries().size() != right.dict().entries().size()) return false;
    for (const auto& [key, value] : left.dict().entries()) {
      const Value* other = right.dict().find(key);
      if (other == nullptr || !equal(value, *other, runtime)) return false;
    }
    return true;
  }
  return left.is_same(right);
}

bool less(const Value& left, const Value& right, Runtime& runtime) {
  runtime.charge_steps(1);
  return require_order("<", left, right, runtime) == -1;
}

bool contains(const Value& container, const Value& item, Runtime& runtime) {
  if (container.is_string()) {
    if (!item.is_string()) {
      throw Complaint("'in <string>' requires string as left operand, not " + std::string(item.type_name()));
    }
    runtime.charge_bytes(container.string().size());
    return find_text(container.string(), item.string()) != std::string_view::npos;
  }
  if (container.is_sequence()) {
    return std::any_of(container.items().begin(), container.items().end(),
                       [&](const Value& other) { return equal(other, item, runtime); });
  }
  if (container.is_dict()) {
    runtime.charge(item);
    return container.dict().find(item) != nullptr;
  }
  if (container.is_undefined()) return false;
  throw Complaint("argument of type '" + std::string(container.type_name()) + "' is not iterable");
}

bool compare(CompareOperator op, const Value& left, const Value& right, Runtime& runtime) {
  switch (op) {
    case CompareOperator::kEqual:
      return equal(left, right, runtime);
    case CompareOperator::kNotEqual:
      return !equal(left, right, runtime);
    case CompareOperator::kLess:
      return require_order("<", left, right, runtime) == -1;
    case CompareOperator::kLessEqual: {
      const int sign = require_order("<=", left, right, runtime);
      return sign == -1 || sign == 0;
    }
    case CompareOperator::kGreater:
      return require_order(">", left, right, runtime) == 1;
    case CompareOperator::kGreaterEqual: {
      const int sign = require_order(">=", left, right, runtime);
      return sign == 1 || sign == 0;
    }
    case CompareOperator::kIn:
      return contains(right, left, runtime);
    case CompareOperator::kNotIn:
      return !contains(right, left, runtime);
  }
  return false;
}

std::vector<Value> iterate(const Value& value, Runtime& runtime) {
  std::vector<Value> items;
  if (value.is_sequence()) {
    items = value.items();
  } else if (value.is_dict()) {
    for (const auto& entry : value.dict().entries()) items.push_back(entry.key);
  } else if (value.is_string()) {
    runtime.charge_steps(value.string().size());
    for (const char32_t c : decode(value.string())) items.push_back(Value::string(encode({&c, 1})));
  } else if (!value.is_undefined()) {
    throw Complaint("'" + std::string(value.type_name()) + "' object is not iterable");
  }
  runtime.charge_steps(items.size());
  return items;
}

std::optional<std::int64_t> length_of(const Value& value) {
  if (value.is_undefined()) return 0;
  if (value.is_string()) return num_code_points(value.string());
  if (value.is_sequence()) return static_cast<std::int64_t>(value.items().size());
  if (value.is_dict()) return static_cast<std::int64_t>(value.dict().entries().size());
  return std::nullopt;
}

}  // namespace wedlm::jinja
