// SPDX-License-Identifier: Apache-2.0
#include "core/mag/mag_fixture.h"

namespace flowmob::core {

/// Carries one effect out.
struct MagFixture::Carrier {
  MagFixture& test;
  EffectId id;

  void operator()(const SendMessage& send) {
    test.order.emplace_back("message");
    test.messages.push_back(send);
    const auto message = wire::decode(send.mobility_header, send.source, send.destination);
    ASSERT_TRUE(message) << message.error().message;
    if (const auto* update = std::get_if<wire::ProxyBindingUpdate>(&*message)) {
      EXPECT_TRUE(test.gateway->config().has_address(send.source));
      EXPECT_EQ(send.destination, kLma);
      test.updates.push_back(test.last_update = *update);
      test.update_times.push_back(test.now.monotonic - test.start_time.monotonic);
    }
  }
  void operator()(const SendIcmpv6& error) { test.complaints.push_back(error); }
  void operator()(const SendPacket& send) { test.packets.push_back(send.packet); }
  void operator()(const Notify& notify) { test.notices.push_back(notify); }
  void operator()(const EnsureTunnel&) {
    test.order.emplace_back("ensure-tunnel");
    ++test.tunnels;
  }
  void operator()(const RemoveTunnel&) {
    test.order.emplace_back("remove-tunnel");
    --test.tunnels;
  }
  void operator()(const InstallHost& host) {
    test.order.emplace_back("install-host");
    test.hosts.push_back(host);
    ASSERT_TRUE(id);
    if (test.answer_installs)
      test.gateway->handle_effect_result(test.now, id, test.install_outcome);
    else
      test.unanswered.push_back(id);
  }
  void operator()(const RemoveHost& host) {
    test.order.emplace_back("remove-host");
    test.removed_hosts.push_back(host.attachment);
  }
  void operator()(const SendNeighborDiscovery& send) {
    test.order.emplace_back("advertisement");
    const auto message = wire::decode_nd(send.icmpv6, send.source, send.destination);
    if (message && std::holds_alternative<wire::NeighborSolicitation>(*message))
      return test.probes.push_back(send);
    test.advertisements.push_back(send);
    test.advertisement_times.push_back(test.now.monotonic - test.start_time.monotonic);
  }
  void operator()(const SendFrame& send) {
    test.order.emplace_back("ipv4-frame");
    test.ipv4_frames.push_back(send);
  }
  void operator()(const SendDhcpToServer& send) {
    test.order.emplace_back("dhcp-to-server");
    test.relayed.push_back(send);
  }
  void operator()(const PersistAttachment& persist) {
    test.order.emplace_back("persist");
    test.records.push_back(persist.record);
  }
  void operator()(const ForgetAttachment& forget) {
    test.order.emplace_back("forget");
    test.forgotten.push_back(forget.attachment);
  }
};

MagFixture::MagFixture() { start(default_config()); }

MagConfig MagFixture::default_config() {
  MagConfig config;
  config.address = kMag;
  config.lma = kLma;
  config.heartbeat.interval = {};       // the tests of it have their own
  config.neighbor_probe_interval = {};  // these nodes do not answer; presence_test's do
  AccessConfig wlan;
  wlan.name = "wlan";
  wlan.interface = "acc0";
  wlan.index = kWlan;
  wlan.link_address = kRouterMac;
  wlan.technology = wire::AccessTechnology::Wlan;
  wlan.services = {"video"};
  AccessConfig wimax = wlan;
  wimax.name = "wimax";
  wimax.interface = "acc1";
  wimax.index = kWimax;
  wimax.technology = wire::AccessTechnology::Wimax;
  wimax.services = {};
  config.accesses = {wlan, wimax};
  MagPolicyProfile first{"mn1@example.com", {kNode, kNodeOther}, {}, ""};
  MagPolicyProfile second{"mn2@example.com", {kSecondNode}, {}, ""};
  config.mobile_nodes = {first, second};
  return config;
}

void MagFixture::start(const MagConfig& config) {
  gateway = std::make_unique<MobileAccessGateway>(config);
  tunnels = 0;
  clear();
}

void MagFixture::clear() {
  updates.clear();
  update_times.clear();
  messages.clear();
  complaints.clear();
  packets.clear();
  advertisements.clear();
  probes.clear();
  advertisement_times.clear();
  hosts.clear();
  removed_hosts.clear();
  records.clear();
  forgotten.clear();
  ipv4_frames.clear();
  relayed.clear();
  notices.clear();
  order.clear();
}

void MagFixture::drain() {
  while (auto effect = gateway->poll_effect()) std::visit(Carrier{*this, effect->id}, effect->action);
}

void MagFixture::neighbor_discovery(const wire::NdMessage& message, PacketMeta meta) {
  const auto bytes = wire::encode_nd(message, meta.source, meta.destination);
  gateway->handle_neighbor_discovery(now, meta, bytes);
  drain();
}

void MagFixture::solicit(const MacAddress& node, const Ipv6Address& source, InterfaceIndex interface) {
  neighbor_discovery(wire::RouterSolicitation{}, {source, address("ff02::2"), interface, node, 255});
}

void MagFixture::neighbor_solicit(const MacAddress& node, const Ipv6Address& source,
                                  InterfaceIndex interface) {
  neighbor_discovery(wire::NeighborSolicitation{kRouter, {}}, {source, kRouter, interface, node, 255});
}

void MagFixture::link(bool up, InterfaceIndex interface) {
  gateway->handle_link(now, interface, up);
  drain();
}

Result<Json> MagFixture::command(std::string_view name, const Json& arguments) {
  auto result = gateway->handle_command(now, name, arguments);
  drain();
  return result;
}

wire::ProxyBindingAcknowledgement MagFixture::answer_to(const wire::ProxyBindingUpdate& update) const {
  wire::ProxyBindingAcknowledgement ack;
  ack.proxy = true;
  ack.sequence = update.sequence;
  ack.lifetime = update.lifetime;
  for (const auto& option : update.options) {
    if (std::holds_alternative<wire::ServiceSelection>(option)) continue;
    const auto* home = std::get_if<wire::HomeNetworkPrefixOption>(&option);
    if (home && home->is_all_zero())
      ack.options.emplace_back(wire::HomeNetworkPrefixOption::of(kHomePrefix));
    else
      ack.options.push_back(option);
  }
  return ack;
}

void MagFixture::deliver(const wire::MobilityMessage& message, const Ipv6Address& source) {
  deliver_bytes(wire::encode(message, source, kMag), source);
}

void MagFixture::deliver_bytes(const Bytes& bytes, const Ipv6Address& source) {
  gateway->handle_message(now, {source, kMag, {}, {}, 64}, bytes);
  drain();
}

void MagFixture::advance(Duration duration) {
  const Now end = now + duration;
  while (const auto deadline = gateway->poll_timeout()) {
    if (*deadline > end.monotonic) break;
    now = now + std::max(Duration::zero(), *deadline - now.monotonic);
    gateway->handle_timeout(now);
    drain();
  }
  now = now + (end.monotonic - now.monotonic);
}

Json MagFixture::bindings() const {
  return gateway->handle_command(now, "show bindings", Json::object()).value().at("bindings");
}

Json MagFixture::only_binding() const {
  const Json all = bindings();
  EXPECT_EQ(all.size(), 1U) << all;
  return all.size() == 1 ? all[0] : Json::object();
}

std::uint64_t MagFixture::counter(const char* kind, const std::string& name) const {
  const Json all = gateway->handle_command(now, "show statistics", Json::object()).value();
  return all.at(kind).value(name, std::uint64_t{0});
}

std::size_t MagFixture::notified(const std::string& event) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(notices, [&](const auto& notice) { return notice.event == event; }));
}

Json MagFixture::last_notice(const std::string& event) const {
  for (auto notice = notices.rbegin(); notice != notices.rend(); ++notice)
    if (notice->event == event) return notice->fields;
  ADD_FAILURE() << "no notification " << event;
  return Json::object();
}

wire::RouterAdvertisement MagFixture::decode(const SendNeighborDiscovery& sent) {
  const auto message = wire::decode_nd(sent.icmpv6, sent.source, sent.destination);
  EXPECT_TRUE(message && std::holds_alternative<wire::RouterAdvertisement>(*message));
  return std::get<wire::RouterAdvertisement>(message.value());
}

void MagFixture::register_node() {
  solicit();
  ASSERT_EQ(updates.size(), 1U);
  accept();
  ASSERT_EQ(only_binding().at("state"), "registered");
}

}  // namespace flowmob::core
