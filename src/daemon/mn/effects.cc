// SPDX-License-Identifier: Apache-2.0
#include "daemon/mn/effects.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>

#include "daemon/mn/members.h"
#include "wire/neighbor_discovery.h"

namespace flowmob::daemon {
namespace {

/// What a failing effect is called in the log, in the order of MnEffect's alternatives.
constexpr std::array kNames{
    "notification",   "solicitation",   "question to a router", "answer to a neighbour", "address",
    "old address",    "default router", "old router",           "interface MTU",         "member",
    "default member", "former member",  "members of a prefix",  "port's own address"};

}  // namespace

MnEffects::MnEffects(System system)
    : system_(std::move(system)), failures_(FailureLog::to_log(spdlog::level::err)) {
  static_assert(std::variant_size_v<decltype(core::MnEffect::action)> == kNames.size());
}

Result<void> MnEffects::carry_out(const core::MnEffect& effect) {
  auto outcome = std::visit([this](const auto& action) { return act(action); }, effect.action);
  failures_.note(kNames[effect.action.index()], outcome);
  return outcome;
}

Result<void> MnEffects::act(const core::Notify& notify) {
  system_.host.notify(notify.event, notify.fields);
  return {};
}

Result<void> MnEffects::act(const core::SendSolicitation& s) {
  return system_.ports.send(s.interface,
                            {s.link_source, s.link_destination, s.source, s.destination, 255, s.icmpv6});
}

/// The kernel made the address, may change it, and answers for it.
Result<Ipv6Address> MnEffects::link_local_of(InterfaceIndex interface) const {
  const auto addresses = system_.netlink.addresses(interface);
  if (!addresses) return tl::unexpected(addresses.error());
  const auto own = std::ranges::find_if(
      *addresses, [](const auto& found) { return found.address.is_link_local() && !found.tentative; });
  if (own == addresses->end()) return fail("no-link-local", "no link-local address to ask the router from");
  return own->address;
}

Result<void> MnEffects::act(const core::AskRouter& question) {
  const auto own = question.source ? *question.source : link_local_of(question.interface);
  if (!own) return tl::unexpected(own.error());
  const auto& mac = question.link_source.octets;
  wire::NeighborSolicitation message{question.router, {}};
  if (!question.raw_ip)
    message.options.emplace_back(wire::SourceLinkLayerAddress{Bytes(mac.begin(), mac.end())});
  return system_.ports.send(question.interface,
                            {question.link_source, question.router_mac, *own, question.destination, 255,
                             wire::encode_nd(message, *own, question.destination)});
}

Result<void> MnEffects::act(const core::AnswerNeighbor& answer) {
  const auto& mac = answer.link_source.octets;
  const wire::NeighborAdvertisement message{false,
                                            answer.solicited,
                                            true,
                                            answer.source,
                                            {wire::TargetLinkLayerAddress{Bytes(mac.begin(), mac.end())}}};
  return system_.ports.send(
      answer.interface, {answer.link_source, answer.link_destination, answer.source, answer.destination, 255,
                         wire::encode_nd(message, answer.source, answer.destination)});
}

Result<void> MnEffects::act(const core::SendFromPort& said) {
  platform::NdFrame frame{said.link_source, said.link_destination, said.source, said.destination, 255,
                          said.icmpv6};
  frame.router_alert = said.is_report;
  if (said.is_report) frame.hop_limit = 1;
  return system_.ports.send(said.interface, frame);
}

/// Without a route to the whole prefix: it is this node's alone, so that nobody else is on the link.
Result<void> MnEffects::act(const core::EnsureAddress& address) {
  return system_.netlink.ensure_address({.interface = interface_,
                                         .address = address.address,
                                         .prefix_length = address.prefix_length,
                                         .valid_lifetime = address.valid_lifetime,
                                         .preferred_lifetime = address.preferred_lifetime,
                                         .no_dad = true,
                                         .no_prefix_route = true});
}

Result<void> MnEffects::act(const core::RemoveAddress& address) {
  return system_.netlink.remove_address(interface_, address.address, address.prefix_length);
}

platform::Route MnEffects::default_route(const Ipv6Address& router) const {
  platform::Route route;
  route.interface = interface_;
  route.gateway = router;
  return route;
}

/// The neighbour first, so that the route is never without its answer.
Result<void> MnEffects::act(const core::EnsureDefaultRouter& router) {
  return system_.netlink
      .ensure_neighbor(
          {.interface = interface_, .address = router.router, .mac = router.mac, .permanent = true})
      .and_then([&] { return system_.netlink.ensure_route(default_route(router.router)); });
}

Result<void> MnEffects::act(const core::RemoveDefaultRouter& router) {
  return system_.netlink.remove_route(default_route(router.router)).and_then([&] {
    return system_.netlink.remove_neighbor(interface_, router.router);
  });
}

/// No more than every member's link carries, whatever routers say (RFC 4861 section 6.3.4). One that carries
/// no IPv6 is not used.
Result<void> MnEffects::act(const core::SetInterfaceMtu& wanted) {
  std::uint32_t mtu = wanted.mtu;
  for (const std::string& name : system_.members) {
    if (name.empty()) continue;
    const auto link = system_.netlink.link(name);
    if (link && link->mtu >= kSmallestMtu) mtu = std::min(mtu, link->mtu);
  }
  return system_.interface.set_mtu(mtu);
}

Result<void> MnEffects::act(const core::InstallMember& member) {
  return system_.dataplane.set_member(
      {member.number, member.interface, member.mac, member.up, member.router, member.raw_ip});
}

Result<void> MnEffects::act(const core::InstallDefaultMember& member) {
  return system_.dataplane.set_default_member(member.number);
}

}  // namespace flowmob::daemon
