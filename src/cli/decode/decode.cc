// SPDX-License-Identifier: Apache-2.0
#include "cli/decode/decode.h"

#include <fmt/format.h>

#include <fstream>

#include "capture/capture_parser.h"
#include "capture/packet.h"
#include "cli/decode/message_json.h"
#include "cli/decode/names.h"
#include "wire/checksum.h"

namespace flowmob::cli::decode {
namespace {

Json error_json(const Error& error) { return {{"code", error.code}, {"message", error.message}}; }

bool is_neighbor_discovery(ByteView transport) {
  return !transport.empty() && transport[0] >= 133 && transport[0] <= 136;
}

/// Fills in what the message says; with a wrong checksum that too, and what it says all the same.
void add_mobility_header(Json& out, ByteView header, const Ipv6Address& source,
                         const Ipv6Address& destination, const char* checksum_if_ignored) {
  auto message = wire::decode(
      header, source, destination,
      checksum_if_ignored != nullptr ? wire::ChecksumPolicy::Ignore : wire::ChecksumPolicy::Verify);
  out["checksum"] = checksum_if_ignored != nullptr ? checksum_if_ignored : "right";
  if (!message && message.error().code == "bad-checksum")
    return add_mobility_header(out, header, source, destination, "wrong");
  if (message) return out.update(to_json(*message));
  out["type"] = header.size() > 2 ? message_name(header[2]) : "unknown";
  if (message.error().code == "truncated") out["checksum"] = "unverified";
  out["error"] = error_json(message.error());
}

Bytes with_right_checksum(ByteView icmpv6, const Ipv6Address& source, const Ipv6Address& destination) {
  Bytes octets(icmpv6.begin(), icmpv6.end());
  octets[2] = octets[3] = 0;
  const auto checksum = wire::ipv6_checksum(source, destination, wire::kIcmpv6Protocol, octets);
  octets[2] = static_cast<std::uint8_t>(checksum >> 8);
  octets[3] = static_cast<std::uint8_t>(checksum);
  return octets;
}

void add_neighbor_discovery(Json& out, ByteView icmpv6, const Ipv6Address& source,
                            const Ipv6Address& destination, const char* checksum) {
  auto message = wire::decode_nd(icmpv6, source, destination);
  if (!message && message.error().code == "bad-checksum")
    message = wire::decode_nd(with_right_checksum(icmpv6, source, destination), source, destination);
  else if (checksum == nullptr)
    checksum = "right";
  out["checksum"] = checksum != nullptr ? checksum : "wrong";
  if (message) return out.update(to_json(*message));
  constexpr const char* names[] = {"router-solicitation", "router-advertisement", "neighbor-solicitation",
                                   "neighbor-advertisement"};
  out["type"] = names[icmpv6[0] - 133];
  if (message.error().code == "truncated") out["checksum"] = "unverified";
  out["error"] = error_json(message.error());
}

/// The message in a packet; null where there is none of ours.
Json packet_json(ByteView packet) {
  const auto facts = capture::innermost(packet);
  if (!facts) return nullptr;
  const bool mobility = facts->protocol == wire::kMobilityHeaderProtocol;
  if (!mobility && (facts->protocol != wire::kIcmpv6Protocol || !is_neighbor_discovery(facts->transport)))
    return nullptr;
  if (facts->fragment && !facts->first_fragment) return nullptr;
  Json out{{"source", facts->source.to_string()},
           {"destination", facts->destination.to_string()},
           {"hop_limit", facts->hop_limit},
           {"tunnels", facts->tunnels},
           {"length", facts->transport_length}};
  if (facts->fragment) {
    out["type"] = mobility && facts->transport.size() > 2 ? message_name(facts->transport[2]) : "unknown";
    out["error"] = error_json({"fragment", "a fragment; the rest of the message is in other packets"});
    return out;
  }
  const bool cut_short = facts->transport.size() < facts->transport_length;
  if (mobility)
    add_mobility_header(out, facts->transport, facts->source, facts->destination,
                        cut_short ? "unverified" : nullptr);
  else
    add_neighbor_discovery(out, facts->transport, facts->source, facts->destination,
                           cut_short ? "unverified" : nullptr);
  if (cut_short)
    out["error"] = error_json({"cut-short", fmt::format("only {} of its {} octets were captured",
                                                        facts->transport.size(), facts->transport_length)});
  return out;
}

}  // namespace

Result<Json> decode_octets(ByteView octets) {
  if (octets.empty()) return fail("no-input", "no octets to decode");
  Json message;
  if (octets[0] >> 4 == 6 && octets.size() >= 40) {
    message = packet_json(octets);
    if (message.is_null())
      return fail("no-message",
                  "an IPv6 packet without a Mobility Header or Neighbor Discovery message in it");
  } else if (is_neighbor_discovery(octets)) {
    add_neighbor_discovery(message, octets, {}, {}, "unverified");
  } else {
    add_mobility_header(message, octets, {}, {}, "unverified");
  }
  return Json{{"messages", Json::array({message})}};
}

Result<Json> decode_capture(ByteView file) {
  capture::CaptureParser parser;
  parser.feed(file);
  Json document{{"messages", Json::array()}, {"frames", 0}};
  std::uint64_t number = 0;
  std::optional<Error> trouble;
  while (true) {
    auto frame = parser.next();
    if (!frame) trouble = frame.error();
    if (!frame || !*frame) break;
    document["frames"] = ++number;
    if (!capture::is_known_link_type((*frame)->link_type)) {
      trouble =
          Error{"unknown-link-type", fmt::format("frames of link type {} are not read", (*frame)->link_type)};
      break;
    }
    const auto packet = capture::ipv6_in_frame((*frame)->link_type, (*frame)->octets);
    Json message = packet ? packet_json(*packet) : Json();
    if (message.is_null()) continue;
    Json entry{{"frame", number}, {"time", utc((*frame)->time)}};
    entry.update(message);
    document["messages"].push_back(std::move(entry));
  }
  if (!trouble) trouble = parser.finish();
  if (trouble && document["messages"].empty()) return tl::unexpected(*trouble);
  if (trouble) document["error"] = error_json(*trouble);
  return document;
}

Result<Json> decode_argument(const std::string& argument) {
  std::error_code error;
  if (std::filesystem::is_directory(argument, error))
    return fail("no-such-file", argument + " is a directory");
  if (std::filesystem::exists(argument, error)) {
    std::ifstream file(argument, std::ios::binary);
    if (!file) return fail("no-such-file", argument + " cannot be read");
    const Bytes octets{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    return decode_capture(octets);
  }
  const auto octets = from_hex(argument);
  if (!octets)
    return fail("no-such-file",
                fmt::format("'{}' is neither a file nor hexadecimal digits", argument.substr(0, 60)));
  return decode_octets(*octets);
}

}  // namespace flowmob::cli::decode
