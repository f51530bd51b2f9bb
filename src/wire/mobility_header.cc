// SPDX-License-Identifier: Apache-2.0
#include "wire/mobility_header.h"

#include <fmt/format.h>

#include <optional>

#include "base/ipv4.h"
#include "wire/checksum.h"
#include "wire/field_reader.h"
#include "wire/field_writer.h"
#include "wire/option_codec.h"

namespace flowmob::wire {
namespace {

constexpr std::size_t kFixed = 6;             // up to and with the checksum
constexpr std::size_t kOrdinaryOctets = 256;  // octets that most messages do not exceed

template <class T>
constexpr bool kIsKnown = !std::is_same_v<T, UnknownMessage>;

/// Octets between the checksum and the options of a type that has a struct, from the I-th on.
template <std::size_t I = 0>
std::optional<std::size_t> fixed_octets(std::uint8_t type) {
  using T = std::variant_alternative_t<I, MobilityMessage>;
  if constexpr (kIsKnown<T>) {
    if (type == T::traits.type) return T::traits.fixed;
    return fixed_octets<I + 1>(type);
  } else {
    return std::nullopt;
  }
}

template <class T>
Result<MobilityMessage> decode_as(ByteView body) {
  T message;
  FieldReader fixed(body.first(T::traits.fixed));
  if (T::traits.subtype != 0) fixed.reserved(1);
  T::fields(message, fixed);
  auto options = decode_options(body.subspan(T::traits.fixed));
  if (!options) return tl::unexpected(options.error());
  message.options = std::move(*options);
  return message;
}

/// Tries the messages of the variant from the I-th on.
template <std::size_t I = 0>
Result<MobilityMessage> decode_body(std::uint8_t type, ByteView body) {
  using T = std::variant_alternative_t<I, MobilityMessage>;
  if constexpr (kIsKnown<T>) {
    if (type == T::traits.type && (T::traits.subtype == 0 || body[0] == T::traits.subtype))
      return decode_as<T>(body);
    return decode_body<I + 1>(type, body);
  } else {
    return UnknownMessage{type, Bytes(body.begin(), body.end())};
  }
}

template <class T>
bool append_body(const T& message, Bytes& out) {
  if constexpr (kIsKnown<T>) {
    if (T::traits.subtype != 0) out.push_back(T::traits.subtype);
    FieldWriter writer(out);
    T::fields(message, writer);
    return encode_options(message.options, out);
  } else {
    out.insert(out.end(), message.body.begin(), message.body.end());
    append_padding(out, (8 - out.size() % 8) % 8);
    return true;
  }
}

}  // namespace

std::uint8_t type_of(const MobilityMessage& message) {
  return std::visit(
      []<class T>(const T& m) {
        if constexpr (kIsKnown<T>)
          return T::traits.type;
        else
          return m.type;
      },
      message);
}

Result<MobilityMessage> decode(ByteView header, const Ipv6Address& source, const Ipv6Address& destination,
                               ChecksumPolicy policy) {
  if (header.size() < 8) return fail("truncated", "a Mobility Header has at least 8 octets");
  const std::size_t stated = 8 + std::size_t{header[1]} * 8;
  if (header.size() < stated)
    return fail("truncated", fmt::format("{} octets where Header Len says {}", header.size(), stated));
  if (policy == ChecksumPolicy::Verify && !is_mapped(source) &&
      ipv6_checksum(source, destination, kMobilityHeaderProtocol, header) != 0)
    return fail("bad-checksum", "the Mobility Header's checksum is wrong");
  const std::uint8_t type = header[2];
  const auto fixed = fixed_octets(type);
  if (fixed && header[0] != kNoNextHeader)
    return fail("bad-payload-proto", fmt::format("Payload Proto is {}, not 59", header[0]));
  if (stated < kFixed + fixed.value_or(0))
    return fail("bad-header-length", fmt::format("Header Len {} is too short for type {}", header[1], type));
  if (header.size() > stated)
    return fail("bad-header-length",
                fmt::format("{} octets behind the header's end", header.size() - stated));
  return decode_body(type, header.subspan(kFixed));
}

Bytes encode_for_udp(const MobilityMessage& message) {
  Bytes out;
  out.reserve(kOrdinaryOctets);
  out = {kNoNextHeader, 0, type_of(message), 0, 0, 0};
  const bool fits = std::visit([&](const auto& m) { return append_body(m, out); }, message);
  if (!fits || out.size() > kMaxMobilityHeader) return {};
  out[1] = static_cast<std::uint8_t>(out.size() / 8 - 1);
  return out;
}

Bytes encode(const MobilityMessage& message, const Ipv6Address& source, const Ipv6Address& destination) {
  Bytes out = encode_for_udp(message);
  if (out.empty() || is_mapped(destination)) return out;
  const std::uint16_t checksum = ipv6_checksum(source, destination, kMobilityHeaderProtocol, out);
  out[4] = static_cast<std::uint8_t>(checksum >> 8);
  out[5] = static_cast<std::uint8_t>(checksum);
  return out;
}

}  // namespace flowmob::wire
