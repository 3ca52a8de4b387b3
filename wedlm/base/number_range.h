// A range of numbers and the words that say it, so that a check and its message cannot differ.
#pragma once

#include <limits>
#include <string>
#include <string_view>

namespace wedlm {

/// Finite numbers only; not-a-number is in no range.
class NumberRange {
 public:
  static constexpr NumberRange at_least(double low) { return {low, kInfinity, Ends::kBothIn}; }
  static constexpr NumberRange above(double low) { return {low, kInfinity, Ends::kLowOut}; }
  static constexpr NumberRange from_to(double low, double high) { return {low, high, Ends::kBothIn}; }
  static constexpr NumberRange above_up_to(double low, double high) { return {low, high, Ends::kLowOut}; }
  static constexpr NumberRange between(double low, double high) { return {low, high, Ends::kBothOut}; }

  constexpr bool contains(double value) const {
    if (!(value > -kInfinity && value < kInfinity)) return false;
    const bool is_above = ends_ == Ends::kBothIn ? value >= low_ : value > low_;
    return is_above && (ends_ == Ends::kBothOut ? value < high_ : value <= high_);
  }

  /// "a number above 0 and at most 1", where `noun` is "a number".
  std::string text(std::string_view noun) const;

 private:
  enum class Ends { kBothIn, kLowOut, kBothOut };
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();

  constexpr NumberRange(double low, double high, Ends ends) : low_(low), high_(high), ends_(ends) {}

  double low_;
  double high_;
  Ends ends_;
};

}  // namespace wedlm
