// SPDX-License-Identifier: Apache-2.0
#include "core/mag/node_service.h"

#include <algorithm>

#include "core/mag/router_advertisement.h"
#include "core/mag/tunnel_negotiation.h"

namespace flowmob::core {
namespace {

/// They have to fit into an advertisement, however often the LMA changes its mind.
constexpr std::size_t kMaxWithdrawn = 8;

}  // namespace

void NodeService::install(Attachment& attachment) {
  const auto& config = context_.config;
  if (context_.tunnels.acquire(config.lma, attachment.id))
    context_.emit(EnsureTunnel{config.address, config.lma});
  const auto& access = *context_.access(attachment.access);
  attachment.host_installed = true;
  // The session in the lower half finds the attachment again; the count tells late answers from wanted ones.
  attachment.pending_install =
      EffectId{std::uint64_t{++context_.install_count} << 32 | std::uint64_t{attachment.id.value}};
  auto prefixes = attachment.prefixes;
  prefixes.insert(prefixes.end(), attachment.off_link.begin(), attachment.off_link.end());
  context_.emit(InstallHost{attachment.id, access.index, attachment.link_layer, access.link_address,
                            std::move(prefixes), context_.care_of(attachment), config.lma,
                            inner_mtu(config, attachment), attachment.ipv4_home, attachment.tunnelling,
                            context_.observes_flows(attachment), attachment.delegated},
                attachment.pending_install);
}

void NodeService::advertise_now(const Attachment& attachment) {
  context_.statistics.message("ra_sent");
  context_.emit(advertise(context_.config, *context_.access(attachment.access), attachment));
}

bool NodeService::welcome_visitor(Now now, const AccessConfig& access, const MacAddress& node,
                                  const Ipv6Address& source) {
  if (!visitors_.welcome(now, access, node, source)) return false;
  finals_.end(access.name, node);
  return true;
}

void NodeService::offer_visit(Now now, const Attachment& attachment) {
  (void)welcome_visitor(now, *context_.access(attachment.access), attachment.link_layer,
                        attachment.node_link_local);
}

void NodeService::start_advertising(Now now, Attachment& attachment) {
  finals_.end(attachment.access, attachment.link_layer);
  visitors_.leave(*context_.access(attachment.access), attachment.link_layer);
  if (attachment.prefixes.empty()) return stop_advertising(now, attachment, true);  // IPv4 alone
  attachment.advertisements.emplace(now.monotonic, context_.config.router_advertisement_interval);
  advance_advertising(now, attachment);
}

void NodeService::advance_advertising(Now now, Attachment& attachment) {
  std::erase_if(attachment.withdrawn, [&](const auto& entry) { return entry.second <= now.monotonic; });
  advertise_now(attachment);
  attachment.advertisements->advance(now.monotonic);
}

void NodeService::answer_solicitation(Now now, Attachment& attachment) {
  if (!attachment.advertisements) {
    const auto& access = *context_.access(attachment.access);
    if (visitors_.heard(now, access, attachment.link_layer)) offer_visit(now, attachment);
    return;
  }
  switch (attachment.advertisements->answer(now.monotonic)) {
    case AdvertisementSchedule::Answer::Now:
      return advertise_now(attachment);
    case AdvertisementSchedule::Answer::Later:
      return context_.bindings.update(attachment);
    case AdvertisementSchedule::Answer::Awaited:
      return context_.statistics.drop("solicitation-rate");
  }
}

void NodeService::stop_advertising(Now now, Attachment& attachment, bool link_up) {
  if (!attachment.advertisements) return;
  attachment.advertisements.reset();
  if (link_up) resign(now, attachment);
}

void NodeService::resign(Now now, const Attachment& attachment) {
  const auto& access = *context_.access(attachment.access);
  finals_.begin(now, access.name, withdraw(context_.config, access, attachment, attachment.prefixes, 0));
}

void NodeService::forget_link(const std::string& access) {
  visitors_.forget(access);
  finals_.forget(access);
}

void NodeService::handle_timeout(Now now) {
  visitors_.handle_timeout(now);
  finals_.handle_timeout(now);
}

std::optional<TimePoint> NodeService::next_deadline() const {
  const auto visitors = visitors_.next_deadline(), finals = finals_.next_deadline();
  return visitors && finals ? std::min(*visitors, *finals) : visitors ? visitors : finals;
}

void NodeService::assign_prefixes(Now now, Attachment& attachment, std::vector<Ipv6Prefix> prefixes) {
  auto gone = std::move(attachment.prefixes);
  std::erase_if(gone, [&](const auto& p) { return std::ranges::find(prefixes, p) != prefixes.end(); });
  withdraw_prefixes(now, attachment, gone);
  attachment.prefixes = std::move(prefixes);
  for (const auto& prefix : attachment.prefixes) {
    attachment.withdrawn.erase(prefix);
    take_off_link(prefix, &attachment);
  }
}

/// Nobody has a prefix that the LMA has given to another since. Whose host is installed anyhow says `by`.
void NodeService::take_off_link(const Ipv6Prefix& prefix, const Attachment* by) {
  const auto found = context_.off_link_at.find(prefix);
  if (found == context_.off_link_at.end()) return;
  auto* owner = context_.bindings.find(found->second);
  context_.off_link_at.erase(found);
  if (!owner) return;
  std::erase(owner->off_link, prefix);
  if (owner->host_installed && owner != by) install(*owner);
}

void NodeService::assign_off_link(Attachment& attachment, std::vector<Ipv6Prefix> prefixes) {
  for (const auto& prefix : attachment.off_link) context_.off_link_at.erase(prefix);
  attachment.off_link.clear();
  for (const auto& prefix : prefixes) take_off_link(prefix, &attachment);
  for (const auto& prefix : prefixes) context_.off_link_at[prefix] = attachment.id;
  attachment.off_link = std::move(prefixes);
}

bool NodeService::is_on_other_link(const Attachment& attachment, const Ipv6Prefix& prefix) const {
  return std::ranges::any_of(context_.bindings.entries(), [&](const auto& entry) {
    const auto& other = entry.second;
    return other.id != attachment.id && other.host_installed &&
           std::ranges::find(other.prefixes, prefix) != other.prefixes.end();
  });
}

void NodeService::withdraw_prefixes(Now now, Attachment& attachment, const std::vector<Ipv6Prefix>& gone) {
  auto& withdrawn = attachment.withdrawn;
  for (const auto& prefix : gone) withdrawn[prefix] = now.monotonic + kPreferredLifetime;
  while (withdrawn.size() > kMaxWithdrawn)
    withdrawn.erase(std::ranges::min_element(withdrawn, {}, [](const auto& entry) { return entry.second; }));
  if (!attachment.advertisements || gone.empty()) return;
  context_.statistics.message("ra_sent");
  context_.emit(withdraw(context_.config, *context_.access(attachment.access), attachment, gone,
                         context_.config.router_lifetime));
}

void NodeService::cut(Attachment& attachment) {
  attachment.pending_install = {};
  attachment.persist_at.reset();
  assign_off_link(attachment, {});
  attachment.former_off_link.reset();
  if (!attachment.host_installed) return;
  attachment.host_installed = false;
  context_.emit(RemoveHost{attachment.id});
  if (context_.tunnels.release(context_.config.lma, attachment.id))
    context_.emit(RemoveTunnel{context_.config.address, context_.config.lma});
}

void NodeService::remove(Attachment& attachment) {
  cut(attachment);
  if (!attachment.persisted) return;
  attachment.persisted = false;
  context_.emit(ForgetAttachment{attachment.id});
}

void NodeService::persist(Now now, Attachment& attachment) {
  attachment.persist_at.reset();
  if (!attachment.expires) return;
  attachment.persisted = true;
  context_.emit(PersistAttachment{{attachment.id,
                                   attachment.mn_id,
                                   attachment.access,
                                   attachment.technology,
                                   attachment.link_layer,
                                   attachment.node_link_local,
                                   attachment.services,
                                   attachment.services_registered,
                                   attachment.prefixes,
                                   context_.config.timestamps ? context_.sequence : attachment.sequence,
                                   now.wall + (*attachment.expires - now.monotonic),
                                   attachment.ipv6,
                                   attachment.ipv4,
                                   attachment.ipv4_home,
                                   attachment.dhcp_server,
                                   attachment.tunnelling.encapsulation,
                                   attachment.tunnelling.uplink_key,
                                   attachment.off_link,
                                   attachment.flows.switched,
                                   attachment.off_link_named,
                                   attachment.delegated}});
}

}  // namespace flowmob::core
