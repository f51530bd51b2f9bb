// SPDX-License-Identifier: Apache-2.0
#include "wire/neighbor_discovery.h"

#include <fmt/format.h>

#include "wire/checksum.h"
#include "wire/field_reader.h"
#include "wire/field_writer.h"

namespace flowmob::wire {
namespace {

enum : std::uint8_t {
  kSolicitRouter = 133,
  kAdvertiseRouter = 134,
  kSolicitNeighbor = 135,
  kAdvertiseNeighbor = 136
};
enum : std::uint8_t { kSourceLinkLayer = 1, kTargetLinkLayer = 2, kPrefixInformation = 3, kMtu = 5 };

Result<NdOption> decode_nd_option(std::uint8_t type, ByteView data) {
  FieldReader reader(data);
  NdOption option;
  if (type == kSourceLinkLayer) {
    reader.octets("address", option.emplace<SourceLinkLayerAddress>().address, 0);
  } else if (type == kTargetLinkLayer) {
    reader.octets("address", option.emplace<TargetLinkLayerAddress>().address, 0);
  } else if (type == kPrefixInformation) {
    auto& prefix = option.emplace<PrefixInformation>();
    std::uint8_t flags = 0;
    reader.integer("prefix length", prefix.prefix_length);
    reader.integer("flags", flags);
    reader.integer("valid lifetime", prefix.valid_lifetime);
    reader.integer("preferred lifetime", prefix.preferred_lifetime);
    reader.reserved(4);
    reader.address("prefix", prefix.prefix);
    prefix.on_link = (flags & 0x80) != 0;
    prefix.autonomous = (flags & 0x40) != 0;
  } else if (type == kMtu) {
    reader.reserved(2);
    reader.integer("mtu", option.emplace<Mtu>().mtu);
  } else {
    auto& unknown = option.emplace<UnknownNdOption>();
    unknown.type = type;
    reader.octets("data", unknown.data, 0);
  }
  if (auto error = reader.finish()) return tl::unexpected(*error);
  return option;
}

Result<NdOptions> decode_nd_options(ByteView bytes) {
  NdOptions options;
  while (!bytes.empty()) {
    if (bytes.size() < 8 || bytes[1] == 0 || bytes.size() < std::size_t{bytes[1]} * 8)
      return fail("bad-option-length",
                  fmt::format("Neighbor Discovery option {} has a wrong length", bytes[0]));
    const std::size_t length = std::size_t{bytes[1]} * 8;
    auto option = decode_nd_option(bytes[0], bytes.subspan(2, length - 2));
    if (!option) return tl::unexpected(option.error());
    options.push_back(std::move(*option));
    bytes = bytes.subspan(length);
  }
  return options;
}

struct OptionWriter {
  Bytes& out;

  void begin(std::uint8_t type) const { out.insert(out.end(), {type, 0}); }
  void octets(std::uint8_t type, const Bytes& data) const {
    begin(type);
    out.insert(out.end(), data.begin(), data.end());
  }
  void operator()(const SourceLinkLayerAddress& o) const { octets(kSourceLinkLayer, o.address); }
  void operator()(const TargetLinkLayerAddress& o) const { octets(kTargetLinkLayer, o.address); }
  void operator()(const UnknownNdOption& o) const { octets(o.type, o.data); }
  void operator()(const PrefixInformation& o) const {
    begin(kPrefixInformation);
    FieldWriter writer(out);
    writer.integer("", o.prefix_length);
    writer.integer("", static_cast<std::uint8_t>((o.on_link ? 0x80 : 0) | (o.autonomous ? 0x40 : 0)));
    writer.integer("", o.valid_lifetime);
    writer.integer("", o.preferred_lifetime);
    writer.reserved(4);
    writer.address("", o.prefix);
  }
  void operator()(const Mtu& o) const {
    begin(kMtu);
    FieldWriter writer(out);
    writer.reserved(2);
    writer.integer("", o.mtu);
  }
};

/// False if an option is longer than its length octet can say.
bool encode_options(const NdOptions& options, Bytes& out) {
  for (const auto& option : options) {
    const std::size_t start = out.size();
    std::visit(OptionWriter{out}, option);
    while ((out.size() - start) % 8 != 0) out.push_back(0);
    const std::size_t units = (out.size() - start) / 8;
    if (units > 255) return false;
    out[start + 1] = static_cast<std::uint8_t>(units);
  }
  return true;
}

struct MessageWriter {
  Bytes& out;
  FieldWriter writer{out};

  void operator()(const RouterSolicitation&) { writer.reserved(4); }
  void operator()(const RouterAdvertisement& m) {
    writer.integer("", m.hop_limit);
    writer.integer("", static_cast<std::uint8_t>((m.managed ? 0x80 : 0) | (m.other_config ? 0x40 : 0)));
    writer.integer("", m.router_lifetime);
    writer.integer("", m.reachable_time);
    writer.integer("", m.retrans_timer);
  }
  void operator()(const NeighborSolicitation& m) {
    writer.reserved(4);
    writer.address("", m.target);
  }
  void operator()(const NeighborAdvertisement& m) {
    out.push_back(static_cast<std::uint8_t>((m.router ? 0x80 : 0) | (m.solicited ? 0x40 : 0) |
                                            (m.override_ ? 0x20 : 0)));
    writer.reserved(3);
    writer.address("", m.target);
  }
};

std::uint8_t type_of(const NdMessage& message) {
  return static_cast<std::uint8_t>(kSolicitRouter + message.index());
}

NdMessage read_fixed(std::uint8_t type, FieldReader reader) {
  if (type == kAdvertiseRouter) {
    RouterAdvertisement m;
    std::uint8_t flags = 0;
    reader.integer("", m.hop_limit);
    reader.integer("", flags);
    reader.integer("", m.router_lifetime);
    reader.integer("", m.reachable_time);
    reader.integer("", m.retrans_timer);
    m.managed = (flags & 0x80) != 0;
    m.other_config = (flags & 0x40) != 0;
    return m;
  }
  if (type == kSolicitNeighbor) {
    NeighborSolicitation m;
    reader.reserved(4);
    reader.address("", m.target);
    return m;
  }
  if (type == kAdvertiseNeighbor) {
    NeighborAdvertisement m;
    std::uint8_t flags = 0;
    reader.integer("", flags);
    reader.reserved(3);
    reader.address("", m.target);
    m.router = (flags & 0x80) != 0;
    m.solicited = (flags & 0x40) != 0;
    m.override_ = (flags & 0x20) != 0;
    return m;
  }
  return RouterSolicitation{};
}

constexpr std::size_t fixed_length(std::uint8_t type) {
  return type == kSolicitRouter ? 8 : type == kAdvertiseRouter ? 16 : 24;
}

}  // namespace

Result<NdMessage> decode_nd(ByteView icmpv6, const Ipv6Address& source, const Ipv6Address& destination) {
  if (icmpv6.size() < 8) return fail("truncated", "an ICMPv6 message has at least 8 octets");
  const std::uint8_t type = icmpv6[0];
  if (type < kSolicitRouter || type > kAdvertiseNeighbor)
    return fail("not-neighbor-discovery", fmt::format("ICMPv6 type {}", type));
  if (icmpv6.size() < fixed_length(type))
    return fail("truncated", fmt::format("too short for ICMPv6 type {}", type));
  if (ipv6_checksum(source, destination, kIcmpv6Protocol, icmpv6) != 0)
    return fail("bad-checksum", "the ICMPv6 checksum is wrong");
  if (icmpv6[1] != 0) return fail("bad-code", fmt::format("code {} where only 0 is valid", icmpv6[1]));
  NdMessage message = read_fixed(type, FieldReader(icmpv6.subspan(4)));
  auto options = decode_nd_options(icmpv6.subspan(fixed_length(type)));
  if (!options) return tl::unexpected(options.error());
  std::visit([&](auto& m) { m.options = std::move(*options); }, message);
  return message;
}

Bytes encode_nd(const NdMessage& message, const Ipv6Address& source, const Ipv6Address& destination) {
  Bytes out{type_of(message), 0, 0, 0};
  MessageWriter writer{out};
  std::visit([&](const auto& m) { writer(m); }, message);
  if (!std::visit([&](const auto& m) { return encode_options(m.options, out); }, message)) return {};
  const std::uint16_t checksum = ipv6_checksum(source, destination, kIcmpv6Protocol, out);
  out[2] = static_cast<std::uint8_t>(checksum >> 8);
  out[3] = static_cast<std::uint8_t>(checksum);
  return out;
}

}  // namespace flowmob::wire
