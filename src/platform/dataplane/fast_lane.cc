// SPDX-License-Identifier: Apache-2.0
#include "platform/dataplane/fast_lane.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "platform/dataplane/attachment.h"
#include "platform/dataplane/xdp_attachment.h"
#include "platform/unique_fd.h"

namespace flowmob::dataplane {
namespace {

using platform::reason_for_tc;
using platform::XdpFeatures;

constexpr const char* kConfigured = "as configured";

std::optional<platform::Link> link_of(const std::string& interface) {
  auto netlink = platform::Netlink::open();
  if (!netlink) return std::nullopt;
  auto link = netlink->link(interface);
  return link ? std::optional(std::move(*link)) : std::nullopt;
}

/// Kernels that do not say it are trusted.
bool takes_redirected_frames(InterfaceIndex interface) {
  const auto features = platform::xdp_features(interface);
  return !features || features->has(XdpFeatures::kTransmit);
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

bool FastLane::uses_xdp(bool Interface::*side) const {
  return std::ranges::any_of(interfaces_, [&](const Interface& one) {
    const auto found = in_use_.find(one.name);
    return one.*side && found != in_use_.end() && found->second.used == Datapath::Xdp;
  });
}

/// Where packets leave comes first: without it nothing is gained where they arrive.
Result<void> FastLane::attach(const std::vector<Interface>& interfaces) {
  interfaces_ = interfaces;
  in_use_.clear();
  Result<void> first;
  const bool may_arrive = std::ranges::any_of(interfaces_, [](const Interface& one) {
    return one.from_core && (one.wanted == Datapath::Xdp ||
                             (one.wanted == Datapath::Auto &&
                              reason_for_tc(one.name, platform::interface_facts(one.name)).empty()));
  });
  for (const bool towards_mags : {true, false})
    for (const Interface& one : interfaces_) {
      if (one.from_mags != towards_mags) continue;
      auto done = attach_one(one, towards_mags ? may_arrive : uses_xdp(&Interface::from_mags));
      if (first && !done) first = std::move(done);
    }
  std::set<InterfaceIndex> kept;
  for (const auto& [name, use] : in_use_)
    if (const auto index = interface_index(name); index && use.used == Datapath::Xdp) kept.insert(*index);
  auto alone = detach_xdp_others(kept, own_map());
  for (std::uint32_t row = 0; row < FM_XDP_LINKS; ++row)
    if (!kept.contains(InterfaceIndex{row}) && rows_.get(row).value_or(fm_xdp_link{}).flags != 0)
      static_cast<void>(rows_.set(row, {}));
  return first ? alone : first;
}

Result<void> FastLane::attach_one(const Interface& interface, bool has_counterpart) {
  DatapathInUse& use = in_use_[interface.name];
  use.reason = interface.wanted == Datapath::Tc ? kConfigured : obstacle(interface, has_counterpart);
  if (!use.reason.empty() && interface.wanted != Datapath::Xdp) return {};
  if (use.reason.empty()) {
    const auto running = run_on(interface);
    if (running) return {};
    in_use_[interface.name] = {Datapath::Tc, running.error().message};
  }
  if (interface.wanted != Datapath::Xdp || !link_of(interface.name)) return {};
  return fail("xdp-refused", fmt::format("the interface {} cannot have `datapath = \"xdp\"`: {}",
                                         interface.name, in_use_[interface.name].reason));
}

/// What forbids it before anything was tried.
std::string FastLane::obstacle(const Interface& interface, bool has_counterpart) const {
  if (program() < 0) return "this kernel refuses the XDP program: " + first_line(object_->left_out());
  const auto link = link_of(interface.name);
  if (!link) return "there is no such interface";
  if (interface.wanted == Datapath::Xdp) return {};
  auto reason = reason_for_tc(interface.name, platform::interface_facts(interface.name));
  if (!reason.empty() || has_counterpart) return reason;
  return interface.from_mags ? "no interface towards correspondents has XDP"
                             : "no interface towards MAGs has XDP";
}

bool FastLane::write_row(const Interface& interface, const platform::Link& link, bool sends) {
  fm_xdp_link row{};
  std::ranges::copy(link.mac.octets, row.mac.octets);
  row.flags = static_cast<__u16>((interface.from_core ? FM_XDP_FROM_CORE : 0U) |
                                 (interface.from_mags ? FM_XDP_FROM_MAGS : 0U) | (sends ? FM_XDP_SENDS : 0U));
  return rows_.set(link.index.value, row).has_value();
}

/// A frame is redirected nowhere before its interface takes it.
Result<void> FastLane::run_on(const Interface& interface) {
  const auto link = link_of(interface.name);
  if (!link) return fail("no-such-interface", "there is no such interface");
  if (!has_own_xdp(link->index, own_map()) && !write_row(interface, *link, false))
    return fail("no-room",
                fmt::format("its number is {}, and must be below {}", link->index.value, FM_XDP_LINKS));
  if (auto done = attach_xdp(link->index, program(), own_map()); !done) return done;
  const bool sends = takes_redirected_frames(link->index);
  static_cast<void>(write_row(interface, *link, sends));
  std::string reason = kConfigured;
  if (interface.wanted == Datapath::Auto) {
    const auto card = platform::card_facts(interface.name);
    reason = fmt::format("the driver {} runs it", card ? card->driver : "there");
  }
  if (!sends && interface.from_mags)
    reason += "; it takes no frames from XDP, those go by tc: what is at the other end of a veth needs GRO";
  in_use_[interface.name] = {Datapath::Xdp, std::move(reason)};
  return {};
}

void FastLane::follow() {
  for (const Interface& one : interfaces_) {
    DatapathInUse& use = in_use_[one.name];
    if (use.used != Datapath::Xdp || !link_of(one.name)) continue;
    if (const auto running = run_on(one); !running) use = {Datapath::Tc, running.error().message};
  }
}

Result<void> FastLane::detach(const std::filesystem::path& bpf_dir) {
  const platform::UniqueFd rows(bpf_obj_get((bpf_dir / "maps" / "xdp_links").c_str()));
  return rows ? detach_xdp_others({}, rows.get()) : Result<void>();
}

}  // namespace flowmob::dataplane
