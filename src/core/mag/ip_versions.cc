// SPDX-License-Identifier: Apache-2.0
#include "core/mag/ip_versions.h"

namespace flowmob::core {

void choose_ip_versions(const MagConfig& config, const MagPolicyProfile& profile, Attachment& attachment) {
  const auto versions = profile.ip_versions.value_or(config.ip_versions);
  attachment.ipv6 = has_ipv6(versions);
  attachment.ipv4 = has_ipv4(versions);
  attachment.ipv4_wanted = profile.ipv4_address;
  attachment.ipv4_refused = false;
}

wire::Ipv4HomeAddressRequest ipv4_request(const Attachment& attachment) {
  if (attachment.ipv4_home)
    return {attachment.ipv4_home->address.length, attachment.ipv4_home->address.address};
  if (attachment.ipv4_wanted) return {attachment.ipv4_wanted->length, attachment.ipv4_wanted->address};
  return {};
}

std::optional<Ipv4Home> assigned_ipv4(const wire::ProxyBindingAcknowledgement& ack) {
  const auto* reply = wire::find<wire::Ipv4HomeAddressReply>(ack.options);
  const auto* router = wire::find<wire::Ipv4DefaultRouter>(ack.options);
  if (!reply || !reply->accepted() || !router || router->address == Ipv4Address{}) return std::nullopt;
  const Ipv4Interface home{reply->address, reply->prefix_length};
  if (home.address == Ipv4Address{} || home.length == 0 || home.length > 32) return std::nullopt;
  return Ipv4Home{home, router->address};
}

bool says_dhcp_server(const wire::ProxyBindingAcknowledgement& ack) {
  const auto* mode = wire::find<wire::Ipv4DhcpSupportMode>(ack.options);
  return mode && mode->server;
}

}  // namespace flowmob::core
