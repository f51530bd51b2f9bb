// SPDX-License-Identifier: Apache-2.0
#include "lab/domain/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace flowmob::lab {
namespace {

// 128 KiB is what a DSL or radio access queue of this size holds: 52 ms at 20 Mbit/s.
std::vector<LinkPlan> lab_links() {
  return {
      {"cn-lma", {"cn", "core0"}, {"lma", "core0"}, ""},
      {"lma-mag1", {"lma", "acc1"}, {"mag1", "net0"}, "delay=5ms"},
      {"lma-mag2", {"lma", "acc2"}, {"mag2", "net0"}, "delay=5ms"},
      {"mag1-mn", {"mag1", "acc0"}, {"mn", "if1"}, "delay=20ms,rate=20mbit,queue=128k", "802.16e"},
      {"mag2-mn", {"mag2", "acc0"}, {"mn", "if2"}, "delay=3ms,rate=50mbit,queue=256k", "802.11"},
  };
}

struct NodeLines {
  std::string_view node, lines;
};

/// The correspondent is set up as content servers are: a window that does not run dry while a link is lost
/// (64 segments are 120 ms of the download), so that what is silent is the network and not the sender.
constexpr NodeLines kNodes[] = {
    {"cn",
     "address add 2001:db8:c::10/64 dev core0 nodad\n"
     "route add default via 2001:db8:c::1 initcwnd 64\n"},
    {"lma",
     "address add 2001:db8:f::1/128 dev lo nodad\n"
     "address add 2001:db8:c::1/64 dev core0 nodad\n"
     "address add 2001:db8:1::1/64 dev acc1 nodad\n"
     "address add 2001:db8:2::1/64 dev acc2 nodad\n"
     "route add 2001:db8:a::/64 via 2001:db8:1::2\n"
     "route add 2001:db8:b::/64 via 2001:db8:2::2\n"},
    {"mag1",
     "address add 2001:db8:a::1/128 dev lo nodad\n"
     "address add 2001:db8:1::2/64 dev net0 nodad\n"
     "route add default via 2001:db8:1::1\n"},
    {"mag2",
     "address add 2001:db8:b::1/128 dev lo nodad\n"
     "address add 2001:db8:2::2/64 dev net0 nodad\n"
     "route add default via 2001:db8:2::1\n"},
    {"mn", ""},
    {"wire", ""},
};

/// Locally administered, and the same in every run: the LMA's policy names them.
std::string_view link_layer_address(const LinkEnd& end) {
  if (end.node != "mn") return {};
  return end.interface == "if1" ? "02:00:00:00:01:01" : "02:00:00:00:01:02";
}

/// It names a folder of the BPF file system too, which takes no dot.
bool good_name(const std::string& name) {
  const auto good = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; };
  return !name.empty() && name.size() <= 32 && std::ranges::all_of(name, good);
}

}  // namespace

Result<Plan> Plan::create(const std::string& name) {
  if (!good_name(name))
    return fail("bad-name", fmt::format("'{}': use up to 32 letters, digits, '-' and '_'", name));
  return Plan(name);
}

Plan::Plan(const std::string& name)
    : name_(name),
      links_(lab_links()),
      daemons_{{"lma", "flowmob-lmad"},
               {"mag1", "flowmob-magd"},
               {"mag2", "flowmob-magd"},
               {"mn", "flowmob-mnd"}} {}

std::vector<std::string> Plan::nodes() const {
  std::vector<std::string> names;
  for (const NodeLines& node : kNodes) names.emplace_back(node.node);
  return names;
}

std::string Plan::namespace_prefix() const { return "fm-" + name_ + "-"; }
std::string Plan::namespace_of(std::string_view node) const { return namespace_prefix() + std::string(node); }

const LinkPlan* Plan::link(std::string_view name) const {
  const auto found = std::ranges::find(links_, name, &LinkPlan::name);
  return found == links_.end() ? nullptr : &*found;
}

std::vector<std::string> Plan::emulated_links() const {
  std::vector<std::string> names;
  for (const LinkPlan& link : links_)
    if (link.emulated()) names.push_back(link.name);
  return names;
}

std::filesystem::path Plan::directory() const { return std::filesystem::path("/run/flowmob") / name_; }
std::filesystem::path Plan::control_socket(std::string_view daemon) const {
  return file(std::string(daemon) + ".sock");
}
std::filesystem::path Plan::wire_socket(const LinkPlan& l) const { return file(l.name + ".wire"); }
std::filesystem::path Plan::bpf_directory() const {
  return std::filesystem::path("/sys/fs/bpf/flowmob") / name_;
}

std::string Plan::link_lines(const LinkPlan& l) const {
  const auto veth = [](std::string_view one, std::string_view mac, std::string_view two,
                       std::string_view netns, std::string_view peer_mac) {
    return fmt::format("link add {}{}{} type veth peer name {}{}{} netns {}\n", one,
                       mac.empty() ? "" : " address ", mac, two, peer_mac.empty() ? "" : " address ",
                       peer_mac, netns);
  };
  const auto mac_a = link_layer_address(l.a), mac_b = link_layer_address(l.b);
  if (!l.emulated()) return veth(l.a.interface, mac_a, l.b.interface, namespace_of(l.b.node), mac_b);
  // These lines run in the wires' namespace, which holds one end of each half.
  return veth(wire_interface(l, true), "", l.a.interface, namespace_of(l.a.node), mac_a) +
         veth(wire_interface(l, false), "", l.b.interface, namespace_of(l.b.node), mac_b);
}

std::string Plan::node_lines(std::string_view node) const {
  std::string lines = "link set lo up\n";
  for (const LinkPlan& l : links_) {
    for (const LinkEnd& end : {l.a, l.b}) {
      if (end.node == node) lines += fmt::format("link set {} up\n", end.interface);
    }
  }
  const auto* found = std::ranges::find(kNodes, node, &NodeLines::node);
  return lines + std::string(found->lines);
}

std::vector<LinkEnd> Plan::emulated_ends() const {
  std::vector<LinkEnd> ends;
  for (const LinkPlan& l : links_) {
    if (l.emulated()) ends.insert(ends.end(), {l.a, l.b});
  }
  return ends;
}

}  // namespace flowmob::lab
