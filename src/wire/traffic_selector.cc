// SPDX-License-Identifier: Apache-2.0
#include "wire/traffic_selector.h"

#include <algorithm>

namespace flowmob::wire {
namespace {

template <class T>
struct FieldOctets {
  static constexpr std::size_t size = sizeof(T);
  static T get(ByteView b) {
    T value{};
    for (std::size_t i = 0; i < size; ++i) value = static_cast<T>(value << 8 | b[i]);
    return value;
  }
  static void put(Bytes& out, T value) {
    for (std::size_t i = size; i-- > 0;) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
};
template <>
struct FieldOctets<std::uint8_t> {
  static constexpr std::size_t size = 1;
  static std::uint8_t get(ByteView b) { return b[0]; }
  static void put(Bytes& out, std::uint8_t value) { out.push_back(value); }
};
template <class A>
struct AddressOctets {
  static constexpr std::size_t size = sizeof(A::octets);
  static A get(ByteView b) {
    A a;
    std::copy_n(b.begin(), size, a.octets.begin());
    return a;
  }
  static void put(Bytes& out, const A& a) { out.insert(out.end(), a.octets.begin(), a.octets.end()); }
};
template <>
struct FieldOctets<Ipv6Address> : AddressOctets<Ipv6Address> {};
template <>
struct FieldOctets<Ipv4Address> : AddressOctets<Ipv4Address> {};

/// How a field's value lies in its octets, where it does not fill them.
struct Layout {
  int bits = 0;   ///< significant ones; 0: all
  int shift = 0;  ///< ignored bits behind them
};
constexpr Layout kWhole{}, kFlowLabel{20, 0};
/// RFC 6088 sections 3.1 (K) and 3.2 (M): the six most significant bits; the two others are ignored.
constexpr Layout kDifferentialServices{6, 2};

/// The fields in wire order. One flag bit for the start and one for the end of each, from the most
/// significant bit on (RFC 6088 sections 3.1 and 3.2).
template <class V>
void each_field(auto& s, V&& visit) requires requires {
  s.next_header;
}
{
  visit(s.source, kWhole), visit(s.destination, kWhole), visit(s.spi, kWhole),
      visit(s.flow_label, kFlowLabel);
  visit(s.source_port, kWhole), visit(s.destination_port, kWhole);
  visit(s.traffic_class, kDifferentialServices), visit(s.next_header, kWhole);
}
template <class V>
void each_field(auto& s, V&& visit) requires requires {
  s.protocol;
}
{
  visit(s.source, kWhole), visit(s.destination, kWhole), visit(s.spi, kWhole);
  visit(s.source_port, kWhole), visit(s.destination_port, kWhole);
  visit(s.traffic_class, kDifferentialServices), visit(s.protocol, kWhole);
}

template <class T>
T masked(T value, Layout layout) {
  if constexpr (std::is_integral_v<T>)
    return layout.bits == 0 ? value : static_cast<T>(value & ((1U << layout.bits) - 1U));
  else
    return value;
}
template <class T>
T read(ByteView octets, Layout layout) {
  const T value = FieldOctets<T>::get(octets);
  if constexpr (std::is_integral_v<T>)
    return masked(static_cast<T>(value >> layout.shift), layout);
  else
    return value;
}
template <class T>
void write(Bytes& out, T value, Layout layout) {
  if constexpr (std::is_integral_v<T>)
    FieldOctets<T>::put(out, static_cast<T>(masked(value, layout) << layout.shift));
  else
    FieldOctets<T>::put(out, value);
}

template <class S>
Result<TrafficSelector> decode_fields(ByteView data) {
  const auto bad = [](const char* why) { return fail("bad-selector", why); };
  if (data.size() < 4) return bad("a traffic selector shorter than its flags");
  std::uint16_t flags = FieldOctets<std::uint16_t>::get(data);
  ByteView rest = data.subspan(4);
  S selector;
  const char* problem = nullptr;
  each_field(selector, [&](auto& field, Layout layout) {
    using T = std::remove_cvref_t<decltype(field->first)>;
    const bool has_first = (flags & 0x8000) != 0;
    const bool has_last = (flags & 0x4000) != 0;
    flags = static_cast<std::uint16_t>(flags << 2);
    if (problem || (!has_first && !has_last)) return;
    if (!has_first) return void(problem = "the end of a range without its start");
    const std::size_t size = FieldOctets<T>::size;
    if (rest.size() < size * (has_last ? 2 : 1))
      return void(problem = "a traffic selector shorter than its fields");
    const T first = read<T>(rest, layout);
    rest = rest.subspan(size);
    field = Range<T>{first, first};
    if (!has_last) return;
    field->last = read<T>(rest, layout);
    rest = rest.subspan(size);
    if (field->last < field->first) problem = "a range that ends before it starts";
  });
  if (problem) return bad(problem);
  if (!rest.empty()) return bad("octets behind the last field of a traffic selector");
  return selector;
}

template <class S>
Bytes encode_fields(const S& selector) {
  Bytes out(4);
  std::uint32_t flags = 0, bit = 0x8000;
  each_field(selector, [&](const auto& field, Layout layout) {
    if (field) {
      flags |= bit;
      write(out, field->first, layout);
      if (field->last != field->first) {
        flags |= bit >> 1;
        write(out, field->last, layout);
      }
    }
    bit >>= 2;
  });
  out[0] = static_cast<std::uint8_t>(flags >> 8);
  out[1] = static_cast<std::uint8_t>(flags);
  return out;
}

}  // namespace

Result<TrafficSelector> decode_selector(std::uint8_t format, ByteView data) {
  if (format == TrafficSelector6::kFormat) return decode_fields<TrafficSelector6>(data);
  if (format == TrafficSelector4::kFormat) return decode_fields<TrafficSelector4>(data);
  return UnknownSelector{format, Bytes(data.begin(), data.end())};
}

Bytes encode_selector(const TrafficSelector& selector) {
  if (const auto* v6 = std::get_if<TrafficSelector6>(&selector)) return encode_fields(*v6);
  if (const auto* v4 = std::get_if<TrafficSelector4>(&selector)) return encode_fields(*v4);
  return std::get<UnknownSelector>(selector).data;
}

std::size_t alignment_of(const TrafficSelector& selector) {
  std::size_t widest = 1;
  const auto consider = [&](const auto& field, Layout) {
    if (field) widest = std::max(widest, std::min<std::size_t>(sizeof field->first, 8));
  };
  if (const auto* v6 = std::get_if<TrafficSelector6>(&selector)) each_field(*v6, consider);
  if (const auto* v4 = std::get_if<TrafficSelector4>(&selector)) each_field(*v4, consider);
  return widest;
}

bool is_valid(const TrafficSelector6& selector) {
  bool valid = true;
  each_field(selector, [&](const auto& field, Layout layout) {
    if (!field) return;
    valid = valid && !(field->last < field->first) && masked(field->first, layout) == field->first &&
            masked(field->last, layout) == field->last;
  });
  return valid;
}

}  // namespace flowmob::wire
