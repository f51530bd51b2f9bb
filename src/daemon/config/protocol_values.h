// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <span>

#include "core/ipv4_home.h"
#include "core/lma/config.h"
#include "core/mag/config.h"
#include "daemon/config/settings.h"
#include "daemon/config/value.h"
#include "wire/access_network_option.h"
#include "wire/enums.h"
#include "wire/traffic_selector.h"

/// How the protocol's own types are written in a file.
namespace flowmob::daemon::config {

/// How a peer's messages are protected: by the kernel's IPsec, or not at all, which has to be said aloud.
enum class Security { None, Ipsec };
template <>
struct Words<Security> {
  static constexpr const char* kName = "security";
  static constexpr std::array kAll{Word<Security>{"ipsec", Security::Ipsec},
                                   Word<Security>{"none", Security::None}};
  static std::span<const Word<Security>> all() { return kAll; }
};

/// See MnSettings.
template <>
struct Words<VifBackend> {
  static constexpr const char* kName = "backend";
  static constexpr std::array kAll{
      Word<VifBackend>{"veth", VifBackend::Veth}, Word<VifBackend>{"bridge", VifBackend::Bridge},
      Word<VifBackend>{"bond", VifBackend::Bond}, Word<VifBackend>{"team", VifBackend::Team}};
  static std::span<const Word<VifBackend>> all() { return kAll; }
};

/// See LmaSettings.
template <>
struct Words<dataplane::Datapath> {
  static constexpr const char* kName = "data path";
  static constexpr std::array kAll{Word<dataplane::Datapath>{"auto", dataplane::Datapath::Auto},
                                   Word<dataplane::Datapath>{"tc", dataplane::Datapath::Tc},
                                   Word<dataplane::Datapath>{"xdp", dataplane::Datapath::Xdp}};
  static std::span<const Word<dataplane::Datapath>> all() { return kAll; }
};

/// Who decides which link a flow of this node takes.
enum class Decider { Lma, Mn };
template <>
struct Words<Decider> {
  static constexpr const char* kName = "decider";
  static constexpr std::array kAll{Word<Decider>{"lma", Decider::Lma}, Word<Decider>{"mn", Decider::Mn}};
  static std::span<const Word<Decider>> all() { return kAll; }
};

/// For which IP versions a node has home address mobility (RFC 5844 section 3.2.2).
template <>
struct Words<core::IpVersions> {
  static constexpr const char* kName = "IP versions";
  static constexpr std::array kAll{Word<core::IpVersions>{"ipv6", core::IpVersions::Ipv6},
                                   Word<core::IpVersions>{"ipv4", core::IpVersions::Ipv4},
                                   Word<core::IpVersions>{"dual", core::IpVersions::Dual}};
  static std::span<const Word<core::IpVersions>> all() { return kAll; }
};

template <class V>
requires std::is_same_v<V, Ipv4Address> || std::is_same_v<V, Ipv4Interface>
struct Ipv4Traits {
  static constexpr bool kIsAddress = std::is_same_v<V, Ipv4Address>;
  static constexpr const char* kName = kIsAddress ? "IPv4 address" : "IPv4 address with its subnet's length";
  static constexpr const char* kExample = kIsAddress ? "192.0.2.7" : "192.0.2.1/24";
  static std::optional<V> parse(std::string_view text) { return to_optional(V::parse(text)); }
  static std::string unparse(const V& value) { return value.to_string(); }
};
template <>
struct ValueType<Ipv4Address> : StringValue<Ipv4Address, Ipv4Traits<Ipv4Address>> {};
template <>
struct ValueType<Ipv4Interface> : StringValue<Ipv4Interface, Ipv4Traits<Ipv4Interface>> {};

template <>
struct Words<core::GrePolicy> {
  static constexpr const char* kName = "GRE policy";
  static constexpr std::array kAll{Word<core::GrePolicy>{"never", core::GrePolicy::Never},
                                   Word<core::GrePolicy>{"on-demand", core::GrePolicy::OnDemand},
                                   Word<core::GrePolicy>{"required", core::GrePolicy::Required}};
  static std::span<const Word<core::GrePolicy>> all() { return kAll; }
};
template <>
struct Words<core::MoveOrder> {
  static constexpr const char* kName = "order";
  static constexpr std::array kAll{Word<core::MoveOrder>{"gap", core::MoveOrder::Gap},
                                   Word<core::MoveOrder>{"now", core::MoveOrder::Now}};
  static std::span<const Word<core::MoveOrder>> all() { return kAll; }
};

template <>
struct Words<core::SeveralBindings> {
  static constexpr const char* kName = "meaning of several bindings";
  static constexpr std::array kAll{Word<core::SeveralBindings>{"copies", core::SeveralBindings::Copies},
                                   Word<core::SeveralBindings>{"first", core::SeveralBindings::First}};
  static std::span<const Word<core::SeveralBindings>> all() { return kAll; }
};

template <>
struct Words<core::Decider> {
  static constexpr const char* kName = "decider";
  static constexpr std::array kAll{Word<core::Decider>{"lma", core::Decider::Anchor},
                                   Word<core::Decider>{"mn", core::Decider::Gateways}};
  static std::span<const Word<core::Decider>> all() { return kAll; }
};
template <>
struct Words<core::GreWish> {
  static constexpr const char* kName = "GRE wish";
  static constexpr std::array kAll{Word<core::GreWish>{"none", core::GreWish::None},
                                   Word<core::GreWish>{"without-keys", core::GreWish::Gre},
                                   Word<core::GreWish>{"with-keys", core::GreWish::Keys}};
  static std::span<const Word<core::GreWish>> all() { return kAll; }
};

enum class AttachTrigger { RouterSolicitation, Carrier };
template <>
struct Words<AttachTrigger> {
  static constexpr const char* kName = "trigger";
  static constexpr std::array kAll{
      Word<AttachTrigger>{"router-solicitation", AttachTrigger::RouterSolicitation},
      Word<AttachTrigger>{"carrier", AttachTrigger::Carrier}};
  static std::span<const Word<AttachTrigger>> all() { return kAll; }
};

template <>
struct Words<wire::HandoffIndicator> {
  using enum wire::HandoffIndicator;
  static constexpr const char* kName = "handoff indicator";
  static constexpr std::array kAll{
      Word<wire::HandoffIndicator>{"new", NewInterface},
      Word<wire::HandoffIndicator>{"sharing", NewInterfaceSharingPrefixes},
      Word<wire::HandoffIndicator>{"unknown", Unknown},
      Word<wire::HandoffIndicator>{"between-interfaces", HandoffBetweenInterfaces},
      Word<wire::HandoffIndicator>{"between-mags", HandoffBetweenMags},
  };
  static std::span<const Word<wire::HandoffIndicator>> all() { return kAll; }
};

/// By the names that the decoder prints: "802.16e", "802.11", "802.3", "ppp", "lte", ...
template <>
struct Words<wire::AccessTechnology> {
  static constexpr const char* kName = "access technology";
  static std::span<const Word<wire::AccessTechnology>> all();
};

/// A virtual interface's link-layer address: "member", or one of its own. Zero is "member", as in MnConfig.
struct InterfaceMac {
  MacAddress address;
};
template <>
struct ValueType<InterfaceMac> {
  static std::string name() { return "MAC address or \"member\""; }
  static std::string expected() { return "\"member\" or a MAC address such as \"02:00:00:00:01:01\""; }
  static std::optional<InterfaceMac> convert(const Node& node);
  static std::string print(const InterfaceMac& value);
};

/// RFC 6757 section 3.1.2.
struct GeoLocationTraits {
  static constexpr const char* kName = "location";
  static constexpr const char* kExample = "48.13715,11.57540";
  static std::optional<wire::GeoLocation> parse(std::string_view text);
  static std::string unparse(const wire::GeoLocation& value);
};
template <>
struct ValueType<wire::GeoLocation> : StringValue<wire::GeoLocation, GeoLocationTraits> {};

/// A protocol above IPv6, by name or number.
struct NextHeader {
  std::uint8_t number{};
};
template <>
struct ValueType<NextHeader> {
  static std::string name() { return "protocol"; }
  static std::string expected();
  static std::optional<NextHeader> convert(const Node& node);
  static std::string print(const NextHeader& value);
};

/// Of either family; those of IPv4 come out as IPv4-mapped ones.
std::optional<Ipv6Address> parse_any_address(std::string_view text);
std::optional<Ipv6Prefix> parse_any_prefix(std::string_view text);
wire::Range<Ipv6Address> range_of(const Ipv6Prefix& prefix);

/// An address, a prefix, or "first-last".
template <>
struct ValueType<wire::Range<Ipv6Address>> {
  static std::string name() { return "address, prefix or range"; }
  static std::string expected() {
    return "an address, prefix or range such as \"2001:db8::1\", \"2001:db8::/64\", "
           "\"2001:db8::1-2001:db8::9\" or \"192.0.2.0/24\"";
  }
  static std::optional<wire::Range<Ipv6Address>> convert(const Node& node);
  static std::string print(const wire::Range<Ipv6Address>& value);
};

/// A number, as an integer or a string, or "first-last".
template <std::unsigned_integral T>
struct ValueType<wire::Range<T>> {
  static std::string name() { return "number or range"; }
  static std::string expected() {
    return fmt::format("a number from 0 to {} or a range such as \"10-19\"", std::numeric_limits<T>::max());
  }
  static std::optional<wire::Range<T>> convert(const Node& node) {
    if (const auto* number = node.as<std::int64_t>()) {
      if (!std::in_range<T>(*number)) return std::nullopt;
      return wire::Range<T>{static_cast<T>(*number), static_cast<T>(*number)};
    }
    const auto* text = node.as<std::string>();
    if (text == nullptr) return std::nullopt;
    const auto range = parse_number_range(*text, std::numeric_limits<T>::max());
    if (!range) return std::nullopt;
    return wire::Range<T>{static_cast<T>(range->first), static_cast<T>(range->second)};
  }
  static std::string print(const wire::Range<T>& value) {
    return fmt::format("\"{}-{}\"", value.first, value.last);
  }
};

}  // namespace flowmob::daemon::config
