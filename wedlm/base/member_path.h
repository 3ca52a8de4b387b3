// Members of members as template arguments, for tables whose rows each name one.
#pragma once

namespace wedlm {

/// member_at<&A::b, &B::c>(a) is a.b.c
template <auto kMember, auto... kRest>
constexpr auto& member_at(auto& object) {
  if constexpr (sizeof...(kRest) == 0) {
    return object.*kMember;
  } else {
    return member_at<kRest...>(object.*kMember);
  }
}

}  // namespace wedlm
