// The tests behind `is`.
#include "wedlm/text/jinja/builtins.h"
#include "wedlm/text/jinja/characters.h"
#include "wedlm/text/jinja/operators.h"
#include "wedlm/text/jinja/python_text.h"

namespace wedlm::jinja {
namespace {

const Value& only_argument(std::string_view test, const Arguments& arguments) {
  if (arguments.positional.size() != 1 || !arguments.named.empty()) {
    throw Complaint("the test '" + std::string(test) + "' takes one argument");
  }
  return arguments.positional.front();
}

std::int64_t remainder(const Value& input, std::int64_t divisor, Runtime& runtime) {
  const Value result = apply(BinaryOperator::kModulo, input, Value::integer(divisor), runtime);
  return result.is_integral() ? result.integer() : (result.real() == 0 ? 0 : result.real() == 1 ? 1 : -1);
}

template <CompareOperator op>
bool compares(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return compare(op, input, only_argument("comparison", arguments), runtime);
}

bool is_callable(const Value& value) {
  return value.is_object() && value.object()->is_callable();
}

/// Python's str.isupper and str.islower: at least one letter has a case, and all that have it have this one.
bool has_only_case(const Value& value, Runtime& runtime, bool (*wanted)(char32_t), bool (*other)(char32_t)) {
  bool has_wanted = false;
  for (const char32_t c : decode(to_text(value, runtime))) {
    if (other(c)) return false;
    has_wanted = has_wanted || wanted(c);
  }
  return has_wanted;
}

constexpr Named<Test> kTests[] = {
    {"defined", [](Runtime&, const Value& v, const Arguments&) { return !v.is_undefined(); }},
    {"undefined", [](Runtime&, const Value& v, const Arguments&) { return v.is_undefined(); }},
    {"none", [](Runtime&, const Value& v, const Arguments&) { return v.is_none(); }},
    {"boolean", [](Runtime&, const Value& v, const Arguments&) { return v.is_boolean(); }},
    {"true", [](Runtime&, const Value& v, const Arguments&) { return v.is_boolean() && v.boolean(); }},
    {"false", [](Runtime&, const Value& v, const Arguments&) { return v.is_boolean() && !v.boolean(); }},
    {"integer", [](Runtime&, const Value& v, const Arguments&) { return v.is_integral() && !v.is_boolean(); }},
    {"float", [](Runtime&, const Value& v, const Arguments&) { return v.is_real(); }},
    {"number", [](Runtime&, const Value& v, const Arguments&) { return v.is_number(); }},
    {"string", [](Runtime&, const Value& v, const Arguments&) { return v.is_string(); }},
    {"mapping", [](Runtime&, const Value& v, const Arguments&) { return v.is_dict(); }},
    {"sequence",
     [](Runtime&, const Value& v, const Arguments&) { return v.is_string() || v.is_sequence() || v.is_dict(); }},
    {"iterable", [](Runtime&, const Value& v, const Arguments&) { return length_of(v).has_value(); }},
    {"callable", [](Runtime&, const Value& v, const Arguments&) { return is_callable(v); }},
    {"escaped", [](Runtime&, const Value&, const Arguments&) { return false; }},
    {"odd", [](Runtime& r, const Value& v, const Arguments&) { return remainder(v, 2, r) == 1; }},
    {"even", [](Runtime& r, const Value& v, const Arguments&) { return remainder(v, 2, r) == 0; }},
    {"divisibleby",
     [](Runtime& r, const Value& v, const Arguments& a) {
       return equal(apply(BinaryOperator::kModulo, v, only_argument("divisibleby", a), r), Value::integer(0), r);
     }},
    {"upper", [](Runtime& r, const Value& v, const Arguments&) { return has_only_case(v, r, is_upper, is_lower); }},
    {"lower", [](Runtime& r, const Value& v, const Arguments&) { return has_only_case(v, r, is_lower, is_upper); }},
    {"sameas", [](Runtime&, const Value& v, const Arguments& a) { return v.is_same(only_argument("sameas", a)); }},
    {"in", [](Runtime& r, const Value& v, const Arguments& a) { return contains(only_argument("in", a), v, r); }},
    {"filter",
     [](Runtime&, const Value& v, const Arguments&) { return v.is_string() && find_filter(v.string()) != nullptr; }},
    {"test",
     [](Runtime&, const Value& v, const Arguments&) { return v.is_string() && find_test(v.string()) != nullptr; }},
    {"==", compares<CompareOperator::kEqual>},
    {"eq", compares<CompareOperator::kEqual>},
    {"equalto", compares<CompareOperator::kEqual>},
    {"!=", compares<CompareOperator::kNotEqual>},
    {"ne", compares<CompareOperator::kNotEqual>},
    {">", compares<CompareOperator::kGreater>},
    {"gt", compares<CompareOperator::kGreater>},
    {"greaterthan", compares<CompareOperator::kGreater>},
    {">=", compares<CompareOperator::kGreaterEqual>},
    {"ge", compares<CompareOperator::kGreaterEqual>},
    {"<", compares<CompareOperator::kLess>},
    {"lt", compares<CompareOperator::kLess>},
    {"lessthan", compares<CompareOperator::kLess>},
    {"<=", compares<CompareOperator::kLessEqual>},
    {"le", compares<CompareOperator::kLessEqual>},
};

}  // namespace

Test find_test(std::string_view name) {
  return find_named(kTests, name);
}

}  // namespace wedlm::jinja
