// SPDX-License-Identifier: Apache-2.0
// The key tables of a mobile node's file.
#include "daemon/config/mn_file.h"
#include "daemon/config/path_keys.h"
#include "daemon/config/rules.h"

namespace flowmob::daemon::config {
namespace {

using namespace std::chrono_literals;
using core::MemberConfig;
using core::MnConfig;

template <auto Member>
constexpr auto kMnCore = [](MnHead& head) -> auto& {
  return head.settings.core.*Member;
};

Section<MnHead> mn_head() {
  using K = Keys<MnHead>;
  Section<MnHead> section{
      "[mn]",
      {K::optional("name", kMnCore<&MnConfig::name>,
                   "the daemon's name: `flowmob --control NAME` finds it by it", file_name()),
       K::optional("interface", kMnCore<&MnConfig::interface>,
                   "the virtual interface, which the daemon makes: the one with the global address",
                   interface_name()),
       K::optional(
           "backend", &MnHead::backend,
           "what the virtual interface is in the kernel: a pair of Ethernet devices (\"veth\"), or a "
           "bridge, a bond or a team whose ports the members are; other than a veth one that exists is "
           "taken over"),
       K::optional(
           "mac", &MnHead::mac,
           "the virtual interface's link-layer address, of which its addresses are made; \"member\": that of "
           "the first member when it is made, so that after a reboot another first member means another "
           "address"),
       K::optional(
           "decider", &MnHead::decider,
           "who decides which link a flow takes; \"lma\": uplink follows the link by which the flow's "
           "downlink last came; \"mn\": this node for flows of rules that `prefer` and those that `flowmob "
           "flow "
           "move` has moved, and their downlink follows, if LMA and MAGs have this `decider` for it, too"),
       K::optional("solicitation_interval", kMnCore<&MnConfig::solicitation_interval>,
                   "how often a member without a router asks for one (RFC 4861 section 10)",
                   between<Duration>(100ms, 1h)),
       K::optional(
           "router_probe_interval", kMnCore<&MnConfig::router_probe_interval>,
           "how often each member's router is asked whether it is there (a Neighbor Solicitation, RFC 4861 "
           "section 7.3): a link with a carrier may carry nothing; \"0s\": never, the carrier has to tell",
           between<Duration>(0s, 1h)),
       K::optional(
           "router_probes", kMnCore<&MnConfig::router_probes>,
           "how many questions in a row a router may leave unanswered; then its member is used only where no "
           "other can be, until it answers",
           between<unsigned>(1, 100))}};
  add_path_keys(section, false, [](MnHead& target) -> DaemonPaths& { return target.settings.paths; });
  return section;
}

Section<MemberConfig> member() {
  using K = Keys<MemberConfig>;
  return {"[[member]]",
          {K::required("interface", &MemberConfig::interface,
                       "the physical interface: Ethernet or Wi-Fi, or a point-to-point link without "
                       "link-layer addresses, as tun, wwan and PPP are",
                       interface_name()),
           K::optional("technology", &MemberConfig::technology, "what kind of link it is, for people")}};
}

Section<MnRuleRow> mn_rule() {
  using K = Keys<MnRuleRow>;
  return {
      "[[rule]]",
      {K::required("name", &MnRuleRow::name, "for people", label()),
       K::table("match", &MnRuleRow::match, match_section("[rule.match]", false), true,
                "The packets that the rule is for, in the downlink direction: the source is the "
                "correspondent. All "
                "that is given has to hold; of a list one"),
       K::derived("prefer", &MnRuleRow::prefer,
                  "the members that take them, the best first: the first that is up does, and where none is "
                  "the node's default; `decider` has to be \"mn\"",
                  "`redundant`", interface_name()),
       K::optional(
           "split", &MnRuleRow::split,
           "the members' shares of new flows, in the order of `prefer`, which has at most four of them "
           "then; one that lives stays where it began as long as that is up",
           between<unsigned>(0, 1000)),
       K::derived(
           "redundant", &MnRuleRow::redundant,
           "each packet goes by every member that is up, and of what comes the first copy counts; the "
           "anchor's policy has to say the same, or the correspondent has every copy of what the node sends",
           "`prefer`", {"true", [](bool on) { return on; }})}};
}

}  // namespace

const Section<MnFile>& mn_section() {
  using K = Keys<MnFile>;
  static const Section<MnFile> section{
      "the file",
      {K::table("mn", &MnFile::mn, mn_head(), true, "the mobile node itself"),
       K::tables("member", &MnFile::members, member(), true,
                 "a physical interface under the virtual one, the preferred first"),
       K::tables("rule", &MnFile::rules, mn_rule(), false,
                 "what is to be done with some packets, whatever the anchor decides. The first that matches "
                 "counts")}};
  return section;
}

}  // namespace flowmob::daemon::config
