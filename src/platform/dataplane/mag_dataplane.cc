// SPDX-License-Identifier: Apache-2.0
#include "platform/dataplane/mag_dataplane.h"

#include <algorithm>
#include <cstring>

#include "dataplane/mag.skel.h"
#include "platform/dataplane/convert.h"

namespace flowmob::dataplane {
namespace {

PinnedDataplane::Options limits(const MagDataplaneOptions& options) {
  const auto n = options.max_hosts, of_networks = options.max_network_rows;
  return {options.bpf_dir,
          {{"hosted", n + of_networks},
           {"attachments", n},
           {"attachment_counters", n},
           {"watched", n},
           {"delegated", of_networks}},
          {"fragments", "icmp_budget", "to_cut", "cut_budget", "watched_flows", "notices", "notice_budget"}};
}

std::vector<Attachment> attachments(const MagDataplaneOptions& options) {
  std::vector<Attachment> all;
  for (const auto& name : options.transport_interfaces)
    all.push_back({name, Hook::Ingress, "mag_downlink", 0});
  for (const auto& name : options.access_interfaces) all.push_back({name, Hook::Ingress, "mag_uplink", 0});
  return all;
}

fm_attachment_key link_key(const Host& host) { return {host.interface.value, to_row(host.node), 0}; }

fm_hosted_row hosted_row(const Host& host) {
  return {to_row(host.lma),     host.attachment.value,
          host.interface.value, to_row(host.node),
          to_row(host.router),  to_row(host.tunnelling.encapsulation, host.tunnelling.downlink_key)};
}

fm_attachment_row attachment_row(const Host& host, const std::vector<std::uint64_t>& keys) {
  fm_attachment_row row{};
  std::ranges::copy(keys, row.keys);
  row.key_count = static_cast<std::uint32_t>(keys.size());
  row.lma = to_row(host.lma);
  row.mag = to_row(host.mag);
  row.attachment = host.attachment.value;
  row.mtu = host.mtu;
  if (host.ipv4) std::memcpy(&row.ipv4_router, host.ipv4->router.octets.data(), sizeof row.ipv4_router);
  row.shim = to_row(host.tunnelling.encapsulation, host.tunnelling.uplink_key);
  return row;
}

Result<std::vector<std::uint64_t>> own_keys_of(const Host& host) {
  if (host.prefixes.size() > FM_MAX_PREFIXES)
    return fail("too-many-prefixes",
                "an attachment may have " + std::to_string(FM_MAX_PREFIXES) + " prefixes");
  std::vector<std::uint64_t> keys;
  for (const auto& prefix : host.prefixes) {
    const auto key = prefix_key(prefix);
    if (!key) return tl::unexpected(key.error());
    keys.push_back(*key);
  }
  if (host.ipv4) keys.push_back(FM_IPV4_KEY(to_number(host.ipv4->address.address)));
  return keys;
}

}  // namespace

MagDataplane::MagDataplane(MagDataplaneOptions options, PinnedDataplane pinned)
    : options_(std::move(options)),
      pinned_(std::move(pinned)),
      hosted_(pinned_.object(), "hosted"),
      attachments_(pinned_.object(), "attachments"),
      delegated_(pinned_.object(), "delegated"),
      counters_(pinned_.object(), "attachment_counters"),
      watched_(pinned_.object(), "watched") {}

Result<std::unique_ptr<MagDataplane>> MagDataplane::open(const MagDataplaneOptions& options) {
  auto pinned = PinnedDataplane::load(PinnedDataplane::Program::of<mag_bpf>("mag"), limits(options));
  if (!pinned) return tl::unexpected(pinned.error());
  std::unique_ptr<MagDataplane> opened(new MagDataplane(options, std::move(*pinned)));
  auto ready = opened->set_local(options.local)
                   .and_then([&] { return opened->set_care_of(options.care_of); })
                   .and_then([&] { return opened->set_captured({}); })
                   .and_then([&] { return opened->attach(); });
  if (!ready) return tl::unexpected(ready.error());
  return opened;
}

Result<void> MagDataplane::set_local(const Ipv6Address& local) {
  return BpfMap<std::uint32_t, fm_mag_config>(pinned_.object(), "config").set(0, {to_row(local)});
}

Result<void> MagDataplane::set_care_of(const std::vector<Ipv6Address>& addresses) {
  BpfMap<fm_address, std::uint32_t> map(pinned_.object(), "care_of");
  std::set<fm_address, ByOctets> wanted;
  for (const auto& address : addresses) {
    wanted.insert(to_row(address));
    if (auto set = map.set(to_row(address), std::uint32_t{1}); !set) return set;
  }
  for (const auto& key : map.keys()) {
    if (wanted.contains(key)) continue;
    if (auto erased = map.erase(key); !erased) return erased;
  }
  return {};
}

Result<void> MagDataplane::write_flags() {
  const auto set = (options_.local_routing ? FM_MAG_LOCAL_ROUTING : 0U) |
                   (options_.watches_flows ? FM_MAG_WATCHES_FLOWS : 0U) | (captures_ ? FM_MAG_CAPTURES : 0U);
  return BpfMap<std::uint32_t, std::uint32_t>(pinned_.object(), "flags").set(0, set);
}

Result<void> MagDataplane::set_local_routing(bool on) {
  options_.local_routing = on;
  return write_flags();
}

Result<void> MagDataplane::set_watches_flows(bool on) {
  options_.watches_flows = on;
  return write_flags();
}

Result<void> MagDataplane::set_captured(const std::set<std::uint32_t>& attachments) {
  BpfMap<std::uint32_t, std::uint32_t> map(pinned_.object(), "captured");
  for (const auto attachment : attachments)
    if (auto set = map.set(attachment, std::uint32_t{1}); !set) return set;
  for (const auto attachment : map.keys()) {
    if (attachments.contains(attachment)) continue;
    if (auto erased = map.erase(attachment); !erased) return erased;
  }
  captures_ = !attachments.empty();
  return write_flags();
}

Result<void> MagDataplane::set_visited(const std::map<Ipv6Prefix, InterfaceIndex>& links) {
  BpfMap<std::uint64_t, std::uint32_t> map(pinned_.object(), "visited");
  std::set<std::uint64_t> wanted;
  for (const auto& [prefix, interface] : links) {
    const auto key = prefix_key(prefix);
    if (!key) return tl::unexpected(key.error());
    wanted.insert(*key);
    if (auto set = map.set(*key, interface.value); !set) return set;
  }
  for (const auto key : map.keys()) {
    if (wanted.contains(key)) continue;
    if (auto erased = map.erase(key); !erased) return erased;
  }
  return {};
}

Result<void> MagDataplane::teardown(const MagDataplaneOptions& options) {
  return PinnedDataplane::teardown(options.bpf_dir, attachments(options));
}

Result<void> MagDataplane::attach() const { return pinned_.attach(attachments(options_)); }

Result<void> MagDataplane::attach(const std::string& interface) const {
  return pinned_.attach(attachments(options_), interface);
}

Result<MagDataplane::Keys> MagDataplane::keys_of(const Host& host, const std::vector<std::uint64_t>& own) {
  const auto delegated = address_keys(host.delegated, std::nullopt);
  if (!delegated) return tl::unexpected(delegated.error());
  Keys keys{{own.begin(), own.end()}, {delegated->begin(), delegated->end()}, {link_key(host)}};
  keys.prefixes.insert(delegated->begin(), delegated->end());
  return keys;
}

/// What a node may send from stands before what is sent to it.
Result<void> MagDataplane::write(const Host& host, const std::vector<std::uint64_t>& own, const Keys& keys) {
  auto written = counters_.ensure(host.attachment.value)
                     .and_then([&] {
                       return host.is_watched ? watched_.set(host.attachment.value, std::uint32_t{1})
                                              : watched_.erase_wanted(host.attachment.value);
                     })
                     .and_then([&] { return attachments_.set(link_key(host), attachment_row(host, own)); });
  for (const auto prefix : keys.delegated) {
    if (!written) return written;
    written = delegated_.set({prefix, host.attachment.value, 0}, std::uint32_t{1});
  }
  for (const auto prefix : keys.prefixes) {
    if (!written) return written;
    written = hosted_.set(prefix, hosted_row(host));
  }
  return written;
}

Result<void> MagDataplane::erase_stale(SessionId attachment, const Keys& keep) {
  const Keys had = keys_of_[attachment];
  for (const auto prefix : had.prefixes) {
    const auto row = hosted_.get(prefix);
    if (keep.prefixes.contains(prefix) || (row && row->attachment != attachment.value)) continue;
    if (auto erased = hosted_.erase(prefix); !erased) return erased;
  }
  for (const auto prefix : had.delegated) {
    if (keep.delegated.contains(prefix)) continue;
    if (auto erased = delegated_.erase({prefix, attachment.value, 0}); !erased) return erased;
  }
  for (const auto& link : had.links) {
    const auto row = attachments_.get(link);
    if (keep.links.contains(link) || (row && row->attachment != attachment.value)) continue;
    if (auto erased = attachments_.erase(link); !erased) return erased;
  }
  keys_of_[attachment] = keep;
  return {};
}

Result<void> MagDataplane::install_host(const Host& host) {
  const auto own = own_keys_of(host);
  if (!own) return tl::unexpected(own.error());
  const auto keys = keys_of(host, *own);
  if (!keys) return tl::unexpected(keys.error());
  if (host.mtu == 0) return fail("bad-mtu", "an attachment needs the MTU of its tunnel");
  return write(host, *own, *keys).and_then([&] { return erase_stale(host.attachment, *keys); });
}

/// Rows that another attachment has taken over meanwhile stay.
Result<void> MagDataplane::remove_host(const Host& host) {
  const auto own = own_keys_of(host);
  if (!own) return tl::unexpected(own.error());
  auto asked = keys_of(host, *own);
  if (!asked) return tl::unexpected(asked.error());
  auto& keys = keys_of_[host.attachment];
  keys.prefixes.merge(asked->prefixes);
  keys.delegated.merge(asked->delegated);
  keys.links.merge(asked->links);
  auto erased = erase_stale(host.attachment, {});
  keys_of_.erase(host.attachment);
  if (!erased) return erased;
  return watched_.erase_wanted(host.attachment.value).and_then([&] {
    return counters_.erase(host.attachment.value);
  });
}

Result<std::size_t> MagDataplane::sweep() {
  auto hosted = hosted_.sweep();
  if (!hosted) return hosted;
  auto links = attachments_.sweep();
  if (!links) return links;
  auto counters = counters_.sweep();
  if (!counters) return counters;
  auto watched = watched_.sweep();
  if (!watched) return watched;
  auto delegated = delegated_.sweep();
  if (!delegated) return delegated;
  return *hosted + *links + *counters + *watched + *delegated;
}

std::optional<Traffic> MagDataplane::attachment_traffic(SessionId attachment) const {
  const auto each_cpu = counters_.values(attachment.value);
  return each_cpu ? std::optional(sum(*each_cpu)) : std::nullopt;
}

}  // namespace flowmob::dataplane
