// The tests behind `is`.
#include "wedlm/text/jinja/builtins.h"
#include "wedlm/text/jinja/case_mapping.h"
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

template <bool (*is_so)(std::string_view)>
bool text_is(Runtime& runtime, const Value& value, const Arguments&) {
  runtime.charge(value);
  return is_so(to_text(value, runtime));
}

constexpr Named<Test> kTests[] = {
    {"defined", [](Runtime&, const Value& v, const Arguments&) { return !v.is_undefined(); }},
    {"undefined", [](Runtime&, const Value& v, const Arguments&) { return v.is_undefined(); }},
    {"none", [](Runtime&, const Value& v, const Arguments&) { return v.is_none(); }},
    {"boolean", [](Runtime&, const Value& v, const Arguments&) { return v.is_boolean(); }},
    {"true", [](Runtime&, const Value& v, const Arguments&) { return v.is_boolean() && v.boolean(); }},
    {"false", [](Runtime&, const Value& v, const Arguments&) { return v.is_boolean() && !v.boolean(); }},
    {"integer",
     [](Runtime&, const Value& v, const Arguments&) { return v.is_number() && !v.is_boolean() && !v.is_real(); }},
    {"float", [](Runtime&, const Value& v, const Arguments&) { return v.is_real(); }},
    {"number", [](Runtime&, const Value& v, const Arguments&) { return v.is_number(); }},
    {"string", [](Runtime&, const Value& v, const Arguments&) { return v.is_string(); }},
    {"mapping", [](Runtime&, const Value& v, const Arguments&) { return v.is_dict(); }},
    {"sequence",
     [](Runtime&, const Value& v, const Arguments&) { return v.is_string() || v.is_sequence() || v.is_dict(); }},
    {"iterable", [](Runtime&, const Value& v,
                    const Arguments&) { return v.is_undefined() || v.is_string() || v.is_sequence() || v.is_dict(); }},
    {"callable", [](Runtime&, const Value& v, const Arguments&) { return is_callable(v); }},
    {"escaped", [](Runtime&, const Value&, const Arguments&) { return false; }},
    {"odd", [](Runtime& r, const Value& v, const Arguments&) { return remainder(v, 2, r) == 1; }},
    {"even", [](Runtime& r, const Value& v, const Arguments&) { return remainder(v, 2, r) == 0; }},
    {"divisibleby",
     [](Runtime& r, const Value& v, const Arguments& a) {
       return equal(apply(BinaryOperator::kModulo, v, only_argument("divisibleby", a), r), Value::integer(0), r);
     }},
    {"upper", text_is<is_upper_text>},
    {"lower", text_is<is_lower_text>},
    {"sameas",
     [](Runtime& r, const Value& v, const Arguments& a) {
       r.charge(v);
       return v.is_same(only_argument("sameas", a));
     }},
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
