// SPDX-License-Identifier: Apache-2.0
#include "wire/mobility_header.h"

#include <fmt/format.h>

#include <array>

#include "wire/checksum.h"
#include "wire/field_reader.h"
#include "wire/field_writer.h"
#include "wire/option_codec.h"

namespace flowmob::wire {
namespace {

template <class Message, class Bits>
struct FlagBit {
  Bits mask;
  bool Message::*member;
};

constexpr std::array<FlagBit<ProxyBindingUpdate, std::uint16_t>, 10> kUpdateFlags{{
    {0x8000, &ProxyBindingUpdate::acknowledge},
    {0x4000, &ProxyBindingUpdate::home},
    {0x2000, &ProxyBindingUpdate::link_local_compat},
    {0x1000, &ProxyBindingUpdate::key_management},
    {0x0800, &ProxyBindingUpdate::map},
    {0x0400, &ProxyBindingUpdate::mobile_router},
    {0x0200, &ProxyBindingUpdate::proxy},
    {0x0100, &ProxyBindingUpdate::force_udp},
    {0x0080, &ProxyBindingUpdate::tlv_header},
    {0x0040, &ProxyBindingUpdate::bulk},
}};
constexpr std::uint16_t kOtherUpdateFlags = 0x003f;

constexpr std::array<FlagBit<ProxyBindingAcknowledgement, std::uint8_t>, 5> kAcknowledgementFlags{{
    {0x80, &ProxyBindingAcknowledgement::key_management},
    {0x40, &ProxyBindingAcknowledgement::mobile_router},
    {0x20, &ProxyBindingAcknowledgement::proxy},
    {0x10, &ProxyBindingAcknowledgement::tlv_header},
    {0x08, &ProxyBindingAcknowledgement::bulk},
}};
constexpr std::uint8_t kOtherAcknowledgementFlags = 0x07;

template <class Message, class Table, class Bits>
void read_flags(Message& message, const Table& table, Bits bits) {
  for (const auto& flag : table) message.*flag.member = (bits & flag.mask) != 0;
}
template <class Bits, class Message, class Table>
Bits flag_bits(const Message& message, const Table& table) {
  Bits bits = 0;
  for (const auto& flag : table)
    if (message.*flag.member) bits = static_cast<Bits>(bits | flag.mask);
  return bits;
}

constexpr std::size_t kFixed = 6;  // up to and with the checksum

bool is_known(std::uint8_t type) {
  return type >= static_cast<std::uint8_t>(MhType::BindingUpdate) &&
         type <= static_cast<std::uint8_t>(MhType::BindingError);
}

/// Octets of message data in front of the options.
std::size_t minimum_length(std::uint8_t type) {
  switch (static_cast<MhType>(type)) {
    case MhType::BindingUpdate:
    case MhType::BindingAcknowledgement:
      return kFixed + 6;
    case MhType::BindingError:
      return kFixed + 18;
  }
  return kFixed + 2;
}

template <class Message>
Result<MobilityMessage> with_options(Message message, ByteView rest) {
  auto options = decode_options(rest);
  if (!options) return tl::unexpected(options.error());
  message.options = std::move(*options);
  return message;
}

Result<MobilityMessage> decode_update(FieldReader fixed, ByteView options) {
  ProxyBindingUpdate update;
  std::uint16_t flags = 0;
  fixed.integer("sequence", update.sequence);
  fixed.integer("flags", flags);
  fixed.integer("lifetime", update.lifetime);
  read_flags(update, kUpdateFlags, flags);
  update.other_flags = flags & kOtherUpdateFlags;
  return with_options(std::move(update), options);
}

Result<MobilityMessage> decode_acknowledgement(FieldReader fixed, ByteView options) {
  ProxyBindingAcknowledgement acknowledgement;
  std::uint8_t flags = 0;
  fixed.integer("status", acknowledgement.status);
  fixed.integer("flags", flags);
  fixed.integer("sequence", acknowledgement.sequence);
  fixed.integer("lifetime", acknowledgement.lifetime);
  read_flags(acknowledgement, kAcknowledgementFlags, flags);
  acknowledgement.other_flags = flags & kOtherAcknowledgementFlags;
  return with_options(std::move(acknowledgement), options);
}

Result<MobilityMessage> decode_error(FieldReader fixed, ByteView options) {
  BindingError error;
  fixed.integer("status", error.status);
  fixed.reserved(1);
  fixed.address("home_address", error.home_address);
  return with_options(std::move(error), options);
}

struct Body {
  Bytes& out;
  bool ok = true;

  void operator()(const ProxyBindingUpdate& m) {
    FieldWriter writer(out);
    writer.integer("", m.sequence);
    writer.integer("", static_cast<std::uint16_t>(flag_bits<std::uint16_t>(m, kUpdateFlags) |
                                                  (m.other_flags & kOtherUpdateFlags)));
    writer.integer("", m.lifetime);
    ok = encode_options(m.options, out);
  }
  void operator()(const ProxyBindingAcknowledgement& m) {
    FieldWriter writer(out);
    writer.integer("", m.status);
    writer.integer("", static_cast<std::uint8_t>(flag_bits<std::uint8_t>(m, kAcknowledgementFlags) |
                                                 (m.other_flags & kOtherAcknowledgementFlags)));
    writer.integer("", m.sequence);
    writer.integer("", m.lifetime);
    ok = encode_options(m.options, out);
  }
  void operator()(const BindingError& m) {
    FieldWriter writer(out);
    writer.integer("", m.status);
    writer.reserved(1);
    writer.address("", m.home_address);
    ok = encode_options(m.options, out);
  }
  void operator()(const UnknownMessage& m) {
    out.insert(out.end(), m.body.begin(), m.body.end());
    append_padding(out, (8 - out.size() % 8) % 8);
  }
};

}  // namespace

std::uint8_t type_of(const MobilityMessage& message) {
  struct Type {
    std::uint8_t operator()(const ProxyBindingUpdate&) {
      return static_cast<std::uint8_t>(MhType::BindingUpdate);
    }
    std::uint8_t operator()(const ProxyBindingAcknowledgement&) {
      return static_cast<std::uint8_t>(MhType::BindingAcknowledgement);
    }
    std::uint8_t operator()(const BindingError&) { return static_cast<std::uint8_t>(MhType::BindingError); }
    std::uint8_t operator()(const UnknownMessage& m) { return m.type; }
  };
  return std::visit(Type{}, message);
}

Result<MobilityMessage> decode(ByteView header, const Ipv6Address& source, const Ipv6Address& destination,
                               ChecksumPolicy policy) {
  if (header.size() < 8) return fail("truncated", "a Mobility Header has at least 8 octets");
  const std::size_t stated = 8 + std::size_t{header[1]} * 8;
  if (header.size() < stated)
    return fail("truncated", fmt::format("{} octets where Header Len says {}", header.size(), stated));
  if (policy == ChecksumPolicy::Verify &&
      ipv6_checksum(source, destination, kMobilityHeaderProtocol, header) != 0)
    return fail("bad-checksum", "the Mobility Header's checksum is wrong");
  const std::uint8_t type = header[2];
  if (is_known(type) && header[0] != kNoNextHeader)
    return fail("bad-payload-proto", fmt::format("Payload Proto is {}, not 59", header[0]));
  const std::size_t minimum = minimum_length(type);
  if (stated < minimum)
    return fail("bad-header-length", fmt::format("Header Len {} is too short for type {}", header[1], type));
  if (header.size() > stated)
    return fail("bad-header-length",
                fmt::format("{} octets behind the header's end", header.size() - stated));

  const FieldReader fixed(header.subspan(kFixed, minimum - kFixed));
  const ByteView options = header.subspan(minimum);
  switch (static_cast<MhType>(type)) {
    case MhType::BindingUpdate:
      return decode_update(fixed, options);
    case MhType::BindingAcknowledgement:
      return decode_acknowledgement(fixed, options);
    case MhType::BindingError:
      return decode_error(fixed, options);
  }
  return UnknownMessage{type, Bytes(header.begin() + kFixed, header.end())};
}

Bytes encode(const MobilityMessage& message, const Ipv6Address& source, const Ipv6Address& destination) {
  Bytes out{kNoNextHeader, 0, type_of(message), 0, 0, 0};
  Body body{out};
  std::visit([&](const auto& m) { body(m); }, message);
  if (!body.ok || out.size() > kMaxMobilityHeader) return {};
  out[1] = static_cast<std::uint8_t>(out.size() / 8 - 1);
  const std::uint16_t checksum = ipv6_checksum(source, destination, kMobilityHeaderProtocol, out);
  out[4] = static_cast<std::uint8_t>(checksum >> 8);
  out[5] = static_cast<std::uint8_t>(checksum);
  return out;
}

}  // namespace flowmob::wire
