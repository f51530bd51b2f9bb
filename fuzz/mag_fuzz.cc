// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>

#include "core/dhcp/frame.h"
#include "core/dhcp/message.h"
#include "core/dhcp6/frame6.h"
#include "core/dhcp6/server6.h"
#include "core/mag/mobile_access_gateway.h"
#include "wire/checksum.h"
#include "wire/mobility_header.h"
#include "wire/neighbor_discovery.h"

/// A MobileAccessGateway under a script of hostile octets: acknowledgements, Neighbor Discovery, ARP, DHCP of
/// clients and servers, carrier,
/// commands, results of effects and time, in any order. Checksums are put right, so that the checks behind
/// them are reached; acknowledgements may take the sequence number of the last update.
using namespace flowmob;
using namespace flowmob::core;

namespace {

constexpr Ipv4Address kServer{{203, 0, 113, 53}}, kRelay{{203, 0, 113, 11}}, kHome{{192, 0, 2, 2}},
    kRouter{{192, 0, 2, 1}};

Ipv6Address address(std::string_view text) { return Ipv6Address::parse(text).value(); }
MacAddress node(std::uint8_t number) { return {{2, 0, 0, 0, 0, number}}; }

class Script {
 public:
  explicit Script(ByteView bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  std::uint8_t octet() {
    if (bytes_.empty()) return 0;
    const auto value = bytes_[0];
    bytes_ = bytes_.subspan(1);
    return value;
  }
  Bytes octets(std::size_t count) {
    const auto taken = bytes_.first(std::min(count, bytes_.size()));
    bytes_ = bytes_.subspan(taken.size());
    return {taken.begin(), taken.end()};
  }

 private:
  ByteView bytes_;
};

MagConfig configuration(std::uint8_t variant) {
  MagConfig config;
  config.address = address("2001:db8:a::1");
  config.lma = address("2001:db8:1::1");
  if (variant & 1) config.router_link_local = {};
  if (variant & 4) {
    config.ip_versions = IpVersions::Dual;
    config.dhcp_servers = {kServer};
    config.dhcp_relay_address = kRelay;
  }
  for (std::uint32_t i = 0; i < 2; ++i) {
    AccessConfig access;
    access.name = i == 0 ? "one" : "two";
    access.interface = access.name;
    access.index = InterfaceIndex{i + 1};
    access.link_address = {{0, 0, 0x5e, 0, 0x52, 0x13}};
    access.services = {"video", "web"};
    access.attach_on_carrier = (variant & 2) != 0;
    config.accesses.push_back(access);
  }
  config.mobile_nodes = {{"mn1", {node(1)}, {}, "one"}, {"mn2", {node(2), node(3)}, {}, ""}};
  return config;
}

class Driver {
 public:
  explicit Driver(std::uint8_t variant) : config_(configuration(variant)), gateway_(config_) {}

  void step(Script& script) {
    switch (script.octet() % 12) {
      case 0:
        return raw_message(script);
      case 1:
        return answer(script);
      case 2:
      case 3:
        return neighbor_discovery(script);
      case 4:
        gateway_.handle_link(now_, InterfaceIndex{script.octet() % 3U}, script.octet() % 2 != 0);
        return drain(script);
      case 5:
        return command(script);
      case 6:
        now_ = now_ + std::chrono::milliseconds(script.octet() * 4);
        gateway_.handle_timeout(now_);
        return drain(script);
      case 7:
        return ipv4_frame(script);
      case 8:
        return dhcp_server(script);
      case 9:
        return too_big(script);
      case 10:
        return tunnel_error(script);
      default:
        return next_deadline(script);
    }
  }

 private:
  void raw_message(Script& script) {
    const auto source = script.octet() % 8 == 0 ? address("2001:db8:bad::1") : config_.lma;
    auto bytes = script.octets(script.octet());
    if (bytes.size() >= 6) {
      bytes[0] = wire::kNoNextHeader;
      bytes[4] = bytes[5] = 0;
      const auto sum = wire::ipv6_checksum(source, config_.address, wire::kMobilityHeaderProtocol, bytes);
      bytes[4] = static_cast<std::uint8_t>(sum >> 8);
      bytes[5] = static_cast<std::uint8_t>(sum);
    }
    deliver(source, bytes, script);
  }

  void answer(Script& script) {
    wire::ProxyBindingAcknowledgement ack;
    ack.proxy = true;
    ack.status = static_cast<wire::BindingStatus>(script.octet() % 3 == 0 ? script.octet() : 0);
    ack.sequence = static_cast<std::uint16_t>(last_.sequence - script.octet() % 4);
    ack.lifetime = script.octet();
    ack.options = last_.options;
    for (auto& option : ack.options)
      if (auto* home = std::get_if<wire::HomeNetworkPrefixOption>(&option); home && home->is_all_zero())
        home->prefix = Ipv6Prefix::truncated(address("2001:db8:100::"), 64).address;
    if (wire::find<wire::Ipv4HomeAddressRequest>(ack.options)) {
      ack.options.emplace_back(wire::Ipv4HomeAddressReply{wire::Ipv4HomeAddressStatus::Success, 24, kHome});
      ack.options.emplace_back(wire::Ipv4DefaultRouter{kRouter});
      ack.options.emplace_back(wire::Ipv4DhcpSupportMode{script.octet() % 2 == 0});
    }
    if (!ack.options.empty() && script.octet() % 4 == 0)
      ack.options.erase(ack.options.begin() +
                        static_cast<std::ptrdiff_t>(script.octet() % ack.options.size()));
    deliver(config_.lma, wire::encode(ack, config_.lma, config_.address), script);
  }

  void deliver(const Ipv6Address& source, const Bytes& bytes, Script& script) {
    gateway_.handle_message(now_, {source, config_.address, {}, {}, 64}, bytes);
    drain(script);
  }

  void neighbor_discovery(Script& script) {
    const auto choice = script.octet();
    PacketMeta meta{choice & 1 ? address("fe80::1") : Ipv6Address{}, address("ff02::2"),
                    InterfaceIndex{choice / 2 % 3U}, node(choice / 8 % 4),
                    static_cast<std::uint8_t>(choice >= 250 ? 1 : 255)};
    auto bytes = script.octets(script.octet() % 64);
    if (bytes.size() < 8) bytes = wire::encode_nd(wire::RouterSolicitation{}, meta.source, meta.destination);
    bytes[0] = static_cast<std::uint8_t>(133 + bytes[0] % 4);
    bytes[2] = bytes[3] = 0;
    const auto sum = wire::ipv6_checksum(meta.source, meta.destination, wire::kIcmpv6Protocol, bytes);
    bytes[2] = static_cast<std::uint8_t>(sum >> 8);
    bytes[3] = static_cast<std::uint8_t>(sum);
    gateway_.handle_neighbor_discovery(now_, meta, bytes);
    drain(script);
  }

  /// Any octets, a question for an address, or a DHCP message with any options.
  void ipv4_frame(Script& script) {
    const auto choice = script.octet();
    const InterfaceIndex interface { choice / 4 % 3U };
    const MacAddress from = node(choice / 16 % 4);
    Bytes frame;
    if (choice % 4 == 0) {
      frame = script.octets(script.octet());
    } else if (choice >= 128) {
      frame = dhcp6_frame(script, from);
    } else if (choice % 4 == 1) {
      const Ipv4Address target{{192, 0, 2, script.octet()}};
      frame = dhcp::encode(dhcp::ArpPacket{from, dhcp::kBroadcastMac, false, from, {}, kHome, target});
    } else {
      const Ipv4Address to = script.octet() % 2 == 0 ? kRouter : dhcp::kBroadcastAddress;
      const auto message = dhcp_message(script);
      frame = dhcp::encode(dhcp::UdpPacket{from, dhcp::kBroadcastMac, {}, to, 68, 67, dhcp::encode(message)});
    }
    gateway_.handle_frame(now_, interface, frame);
    drain(script);
  }

  static Bytes dhcp6_frame(Script& script, const MacAddress& from) {
    dhcp6::Message message{static_cast<dhcp6::Type>(1 + script.octet() % 11), script.octet(), {}};
    message.add(dhcp6::option::kClientId, script.octets(4));
    if (script.octet() % 2 == 0) message.add(dhcp6::option::kServerId, dhcp6::server_id());
    message.add(dhcp6::option::kIaPd, script.octets(script.octet()));
    if (script.octet() % 2 == 0) message.add(dhcp6::option::kIaPd, encode(dhcp6::IaPd{}));
    const Ipv6Address own = Ipv6Address::parse("fe80::1").value();
    return dhcp6::encode(
        dhcp6::Udp6Packet{from, from, own, dhcp6::kAllServers, 546, 547, dhcp6::encode(message)});
  }

  dhcp::Message dhcp_message(Script& script) {
    dhcp::Message message;
    message.hops = script.octet();
    message.hardware_address = script.octets(6);
    if (script.octet() % 2 == 0) message.client = kHome;
    message.options[dhcp::option::kMessageType] = {static_cast<std::uint8_t>(script.octet() % 9)};
    if (script.octet() % 2 == 0) message.set(dhcp::option::kRequestedAddress, kHome);
    for (int more = script.octet() % 4; more > 0; --more) {
      const auto code = static_cast<std::uint8_t>(1 + script.octet() % 254);
      message.options[code] = script.octets(script.octet());
    }
    return message;
  }

  /// Any octets, or an answer to what was relayed last.
  void dhcp_server(Script& script) {
    const auto choice = script.octet();
    Bytes payload = script.octets(choice % 2 == 0 ? script.octet() : 0);
    if (auto asked = dhcp::decode(relayed_); asked && choice % 2 == 1) {
      asked->reply = true;
      asked->yours = choice % 4 == 1 ? kHome : kRouter;
      asked->options[dhcp::option::kMessageType] = {static_cast<std::uint8_t>(script.octet() % 9)};
      if (choice >= 200) asked->options[dhcp::option::kAgentInformation] = script.octets(script.octet());
      payload = dhcp::encode(*asked);
    }
    gateway_.handle_dhcp_server(now_, choice == 8 ? kRouter : kServer, payload);
    drain(script);
  }

  /// Any octets behind what begins like a packet of IPv4.
  void too_big(Script& script) {
    const SessionId attachment{script.octet() % 4U};
    const std::size_t mtu = script.octet() * std::size_t{8};
    Bytes packet = script.octets(script.octet() * std::size_t{4});
    if (packet.size() >= 20 && script.octet() % 8 != 0) {
      packet[0] = static_cast<std::uint8_t>(0x45 + packet[0] % 11);
      packet[2] = static_cast<std::uint8_t>(packet.size() >> 8);
      packet[3] = static_cast<std::uint8_t>(packet.size());
      packet[6] &= 0x3f;
      std::ranges::copy(kHome.octets, packet.begin() + 12);
    }
    gateway_.handle_too_big(now_, attachment, mtu, packet);
    drain(script);
  }

  void tunnel_error(Script& script) {
    const auto choice = script.octet();
    TunnelError error;
    error.local = choice % 8 == 7 ? config_.lma : config_.address;
    error.peer = choice % 16 == 9 ? config_.address : config_.lma;
    error.kind = static_cast<TunnelErrorKind>(choice / 16 % 4);
    error.path_mtu = script.octet() * 8U;
    error.tunnel_headers = script.octet();
    error.original = script.octets(script.octet());
    if (error.original.size() >= 20 && choice % 2 == 0) {
      error.original[0] = 0x45;
      std::ranges::copy(kHome.octets, error.original.begin() + 12);
    }
    gateway_.handle_tunnel_error(now_, error);
    drain(script);
  }

  void command(Script& script) {
    const Json arguments{{"access", script.octet() % 2 == 0 ? "one" : "two"},
                         {"mac", node(script.octet() % 5).to_string()}};
    constexpr const char* kCommands[] = {"attach", "detach", "show bindings", "show tunnels",
                                         "show statistics"};
    if (auto result = gateway_.handle_command(now_, kCommands[script.octet() % 5], arguments))
      (void)result->dump();
    drain(script);
  }

  void next_deadline(Script& script) {
    const auto deadline = gateway_.poll_timeout();
    if (!deadline) return;
    if (*deadline > now_.monotonic) now_ = now_ + (*deadline - now_.monotonic);
    gateway_.handle_timeout(now_);
    drain(script);
    // What was due has been done: a deadline that stays would spin the daemon.
    if (const auto next = gateway_.poll_timeout(); next && *next <= now_.monotonic) {
      gateway_.handle_timeout(now_);
      drain(script);
      if (const auto again = gateway_.poll_timeout(); again && *again <= now_.monotonic) std::abort();
    }
  }

  void drain(Script& script) {
    while (auto effect = gateway_.poll_effect()) {
      if (const auto* send = std::get_if<SendMessage>(&effect->action)) {
        const auto message = wire::decode(send->mobility_header, send->source, send->destination);
        if (!message) std::abort();
        if (const auto* update = std::get_if<wire::ProxyBindingUpdate>(&*message)) last_ = *update;
      } else if (std::holds_alternative<EnsureTunnel>(effect->action)) {
        if (++tunnels_ != 1) std::abort();
      } else if (std::holds_alternative<RemoveTunnel>(effect->action)) {
        if (--tunnels_ != 0) std::abort();
      } else if (const auto* persist = std::get_if<PersistAttachment>(&effect->action)) {
        if (!AttachmentRecord::from_json(persist->record.to_json())) std::abort();
      } else if (const auto* frame = std::get_if<SendFrame>(&effect->action)) {
        if (!dhcp::decode_arp(frame->frame) && !dhcp::decode_udp(frame->frame) &&
            !dhcp6::decode_udp6(frame->frame))
          std::abort();
      } else if (const auto* relayed = std::get_if<SendDhcpToServer>(&effect->action)) {
        if (!dhcp::decode(relayed->payload)) std::abort();
        relayed_ = relayed->payload;
      } else if (std::holds_alternative<InstallHost>(effect->action)) {
        if (tunnels_ != 1) std::abort();
        const bool fine = script.octet() % 8 != 7;
        gateway_.handle_effect_result(now_, effect->id, fine ? Result<void>{} : fail("no-space", ""));
      }
    }
  }

  MagConfig config_;
  MobileAccessGateway gateway_;
  Now now_{TimePoint(std::chrono::hours(1)), WallTime(std::chrono::hours(400000))};
  wire::ProxyBindingUpdate last_;
  Bytes relayed_;
  int tunnels_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Script script(ByteView(data, size));
  Driver driver(script.octet());
  while (!script.empty()) driver.step(script);
  return 0;
}
