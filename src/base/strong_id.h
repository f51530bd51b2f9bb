// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace flowmob {

/// An integer that cannot be mistaken for another kind of integer.
template <class Tag, class Rep = std::uint32_t>
struct StrongId {
  Rep value{};
  friend constexpr auto operator<=>(const StrongId&, const StrongId&) = default;
  constexpr explicit operator bool() const { return value != Rep{}; }
};

/// A session (one binding cache entry) at the LMA; also the index of its data-plane row. Zero: none.
using SessionId = StrongId<struct SessionTag>;
/// A flow binding at the LMA; also the index of its data-plane row. Zero: none.
using FlowIndex = StrongId<struct FlowTag>;
/// A mobile node at the LMA; also the index of its data-plane row. Zero: none.
using NodeIndex = StrongId<struct NodeTag>;
/// One requested effect of a core object; answered with handle_effect_result. Zero: no answer wanted.
using EffectId = StrongId<struct EffectTag, std::uint64_t>;
/// One move of one flow, in the order in which they began. Zero: none.
using HandoverId = StrongId<struct HandoverTag, std::uint64_t>;
/// A Linux interface index. Zero: none.
using InterfaceIndex = StrongId<struct InterfaceTag>;

}  // namespace flowmob

template <class Tag, class Rep>
struct std::hash<flowmob::StrongId<Tag, Rep>> {
  std::size_t operator()(const flowmob::StrongId<Tag, Rep>& id) const noexcept {
    return std::hash<Rep>{}(id.value);
  }
};
