// The operators of expressions with Python's meaning: arithmetic, comparison, membership, iteration, attributes,
// subscripts and slices. Each throws Complaint in Python's words where the types do not fit.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "wedlm/text/jinja/runtime.h"

namespace wedlm::jinja {

enum class BinaryOperator { kAdd, kSubtract, kMultiply, kDivide, kFloorDivide, kModulo, kPower };
enum class CompareOperator { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual, kIn, kNotIn };

Value apply(BinaryOperator op, const Value& left, const Value& right, Runtime& runtime);
bool compare(CompareOperator op, const Value& left, const Value& right, Runtime& runtime);
Value negate(const Value& value);

bool equal(const Value& left, const Value& right, Runtime& runtime);
bool less(const Value& left, const Value& right, Runtime& runtime);
bool contains(const Value& container, const Value& item, Runtime& runtime);

/// What a for loop goes over: items, keys of a dict, characters of a string; nothing for undefined.
std::vector<Value> iterate(const Value& value, Runtime& runtime);
/// Characters, items or entries; nullopt for what has no length.
std::optional<std::int64_t> length_of(const Value& value);

/// `value.name`: a method or attribute first, then an item. `value[key]`: an item first. Undefined where there is none.
Value get_attribute(const Value& value, std::string_view name, Runtime& runtime);
Value get_item(const Value& value, const Value& key, Runtime& runtime);
/// `value[start:stop:step]`; none stands for what was left out.
Value slice(const Value& value, const Value& start, const Value& stop, const Value& step, Runtime& runtime);

/// Throws what an undefined value says when it is used; does nothing for others.
void require_defined(const Value& value);

}  // namespace wedlm::jinja
