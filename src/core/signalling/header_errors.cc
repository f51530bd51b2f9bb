// SPDX-License-Identifier: Apache-2.0
#include "core/signalling/header_errors.h"

#include <algorithm>

#include "base/ipv4.h"
#include "wire/checksum.h"
#include "wire/mobility_header.h"
#include "wire/neighbor_discovery.h"

namespace flowmob::core {
namespace {

constexpr std::size_t kIpv6Header = 40;
constexpr std::size_t kErrorHeader = 8;
constexpr std::size_t kMinimumMtu = 1280;  // an error message fits into it (RFC 4443 section 2.4 c)
constexpr std::uint8_t kParameterProblem = 4;
constexpr std::uint8_t kErroneousField = 0;

constexpr std::uint8_t kPayloadProtoAt = 0;
constexpr std::uint8_t kHeaderLenAt = 1;

/// Too short for its type, not too short for what follows it: the octets are all inside.
bool is_header_len_too_short(ByteView header) {
  return header.size() >= 8 && header.size() == 8 + std::size_t{header[1]} * 8;
}

/// The octet that is wrong, of those that are answered for.
std::optional<std::uint8_t> erroneous_octet(ByteView header, std::string_view code) {
  if (code == "bad-payload-proto") return kPayloadProtoAt;
  if (code == "bad-header-length" && is_header_len_too_short(header)) return kHeaderLenAt;
  return std::nullopt;
}

template <class Octets>
void append(Bytes& out, const Octets& octets) {
  out.insert(out.end(), octets.begin(), octets.end());
}

/// The socket gives the Mobility Header without what came before it, so its IPv6 header is made again, and
/// the pointer counts from there.
Bytes invoking_packet(const PacketMeta& meta, ByteView header) {
  const auto length = header.size();
  Bytes packet{0x60, 0, 0, 0, static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length)};
  packet.push_back(wire::kMobilityHeaderProtocol);
  packet.push_back(meta.hop_limit);
  append(packet, meta.source.octets);
  append(packet, meta.destination.octets);
  append(packet, header);
  packet.resize(std::min(packet.size(), kMinimumMtu - kIpv6Header - kErrorHeader));
  return packet;
}

/// | Type 4 | Code 0 | Checksum (16) | Pointer (32) | invoking packet ... |  (RFC 4443 section 3.4)
Bytes parameter_problem(const PacketMeta& meta, ByteView header, std::uint8_t octet) {
  Bytes message{
      kParameterProblem, kErroneousField, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(kIpv6Header + octet)};
  append(message, invoking_packet(meta, header));
  const auto checksum = wire::ipv6_checksum(meta.destination, meta.source, wire::kIcmpv6Protocol, message);
  message[2] = static_cast<std::uint8_t>(checksum >> 8);
  message[3] = static_cast<std::uint8_t>(checksum);
  return message;
}

bool is_unicast(const Ipv6Address& address) { return !address.is_unspecified() && !address.is_multicast(); }

}  // namespace

bool HeaderErrors::may_answer(Now now, const PacketMeta& meta) {
  return is_unicast(meta.source) && is_unicast(meta.destination) && limit_.allow(now.monotonic);
}

std::optional<HeaderErrors::Answer> HeaderErrors::unknown_type(Now now, const PacketMeta& meta) {
  if (!may_answer(now, meta)) return std::nullopt;
  // A packet with a Home Address option is not for a socket of ours: the kernel drops and answers it.
  const wire::BindingError error{wire::BindingErrorStatus::UnrecognizedMhType, {}, {}};
  return SendMessage{meta.destination, meta.source, wire::encode(error, meta.destination, meta.source),
                     meta.source_port};
}

std::optional<HeaderErrors::Answer> HeaderErrors::undecodable(Now now, const PacketMeta& meta,
                                                              ByteView header, std::string_view code) {
  const auto octet = erroneous_octet(header, code);
  // Over IPv4 no ICMPv6 comes through, and UDP's errors are about UDP.
  if (!octet || is_mapped(meta.source) || !may_answer(now, meta)) return std::nullopt;
  return SendIcmpv6{meta.destination, meta.source, parameter_problem(meta, header, *octet)};
}

}  // namespace flowmob::core
