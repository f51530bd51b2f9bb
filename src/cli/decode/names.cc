// SPDX-License-Identifier: Apache-2.0
#include "cli/decode/names.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <span>

#include "base/address.h"

namespace flowmob::cli::decode {
namespace {

struct Name {
  std::uint8_t number;
  const char* text;
};

/// IANA's Mobility Parameters registry: all messages, since a bad one has no struct, and the options that
/// have no struct in wire.
constexpr Name kMessages[] = {
    {0, "binding-refresh-request"},
    {1, "home-test-init"},
    {2, "care-of-test-init"},
    {3, "home-test"},
    {4, "care-of-test"},
    {5, "binding-update"},
    {6, "binding-acknowledgement"},
    {7, "binding-error"},
    {8, "fast-binding-update"},
    {9, "fast-binding-acknowledgement"},
    {10, "fast-neighbor-advertisement"},
    {11, "experimental"},
    {12, "home-agent-switch"},
    {13, "heartbeat"},
    {14, "handover-initiate"},
    {15, "handover-acknowledge"},
    {16, "binding-revocation"},
    {17, "localized-routing-initiation"},
    {18, "localized-routing-acknowledgement"},
    {19, "update-notification"},
    {20, "update-notification-acknowledgement"},
    {21, "flow-binding"},
    {22, "subscription-query"},
    {23, "subscription-response"},
};
constexpr Name kOptions[] = {
    {2, "binding-refresh-advice"},
    {4, "nonce-indices"},
    {5, "binding-authorization-data"},
    {6, "mobile-network-prefix"},
    {7, "mobility-header-link-layer-address"},
    {9, "authentication"},
    {10, "message-id"},
    {18, "experimental"},
    {29, "ipv4-home-address"},
    {30, "ipv4-address-acknowledgement"},
    {32, "ipv4-care-of-address"},
    {43, "transient-binding"},
    {51, "mag-ipv6-address"},
    {53, "ipv4-traffic-offload-selector"},
    {58, "quality-of-service"},
    {59, "lma-user-plane-address"},
    {62, "lma-controlled-mag-parameters"},
};
constexpr Name kIdentifiers[] = {
    {1, "nai"},    {2, "ipv6-address"}, {3, "imsi"}, {4, "p-tmsi"},
    {5, "eui-48"}, {6, "eui-64"},       {7, "guti"}, {8, "duid"},
};
constexpr Name kProtocols[] = {
    {0, "hop-by-hop"},
    {1, "icmp"},
    {4, "ipv4"},
    {6, "tcp"},
    {17, "udp"},
    {41, "ipv6"},
    {47, "gre"},
    {50, "esp"},
    {51, "ah"},
    {58, "icmpv6"},
    {59, "none"},
    {132, "sctp"},
    {135, "mobility-header"},
};

const char* lookup(std::span<const Name> names, std::uint64_t number) {
  const auto found = std::ranges::find(names, number, &Name::number);
  return found == names.end() ? nullptr : found->text;
}

/// RFC 8371 section 4.2: two digits an octet, the last padded with 0xf.
std::optional<std::string> imsi(const Bytes& identifier) {
  std::string digits = to_hex(identifier);
  if (digits.ends_with('f')) digits.pop_back();
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  return digits;
}

}  // namespace

std::string message_name(std::uint8_t type) {
  const char* name = lookup(kMessages, type);
  return name != nullptr ? name : "unknown";
}
std::string option_name(std::uint8_t type) {
  const char* name = lookup(kOptions, type);
  return name != nullptr ? name : "unknown";
}
std::string identifier_kind(std::uint8_t subtype) {
  const char* name = lookup(kIdentifiers, subtype);
  return name != nullptr ? name : fmt::format("{}", subtype);
}
std::string protocol_name(std::uint64_t protocol) {
  const char* name = lookup(kProtocols, protocol);
  return name != nullptr ? name : fmt::format("{}", protocol);
}

std::optional<std::string> readable_identifier(std::uint8_t subtype, const Bytes& identifier) {
  if (subtype == 1) return std::string(identifier.begin(), identifier.end());
  if (subtype == 2 && identifier.size() == 16) return Ipv6Address::from_bytes(identifier).to_string();
  if (subtype == 3) return imsi(identifier);
  if ((subtype == 5 && identifier.size() == 6) || (subtype == 6 && identifier.size() == 8))
    return colons(identifier);
  return std::nullopt;
}

std::string colons(ByteView octets) { return fmt::format("{:02x}", fmt::join(octets, ":")); }

std::string utc(std::int64_t nanoseconds) {
  using namespace std::chrono;
  const auto whole = floor<seconds>(std::chrono::nanoseconds(nanoseconds));
  const auto fraction = nanoseconds - duration_cast<std::chrono::nanoseconds>(whole).count();
  return fmt::format("{:%FT%T}.{:09}Z", fmt::gmtime(static_cast<std::time_t>(whole.count())), fraction);
}

}  // namespace flowmob::cli::decode
