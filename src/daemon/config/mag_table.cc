// SPDX-License-Identifier: Apache-2.0
// The key tables of a MAG's file.
#include "daemon/config/mag_file.h"
#include "daemon/config/path_keys.h"
#include "daemon/config/peer_keys.h"
#include "daemon/config/rules.h"

namespace flowmob::daemon::config {
namespace {

using namespace std::chrono_literals;
using core::AccessConfig;
using core::AccessNetwork;
using core::MagConfig;
using core::MagPolicyProfile;
using core::PathConfig;

template <auto Member>
constexpr auto kMagCore = [](MagHead& head) -> auto& {
  return head.settings.core.*Member;
};

Rule<Duration> whole_seconds(Duration longest) {
  return {fmt::format("\"0s\" to {}, whole seconds", ValueType<Duration>::print(longest)),
          [longest](const Duration& value) { return value <= longest && value % 1s == 0s; }};
}

Rule<MacAddress> not_a_group() {
  return {"a MAC address that is no group's", [](const auto& mac) { return (mac.octets[0] & 1) == 0; }};
}

Rule<Ipv4Address> ipv4_host() {
  return {"an IPv4 address of one machine, not 0.0.0.0 nor one from 224.0.0.0 on",
          [](const auto& address) { return address.octets[0] != 0 && address.octets[0] < 224; }};
}

Section<MagHead> mag_head() {
  using K = Keys<MagHead>;
  Section<MagHead> section{
      "[mag]",
      {K::optional(
           "name", kMagCore<&MagConfig::name>,
           "the daemon's name: `flowmob --control NAME` finds it by it, and the LMA knows it by it in "
           "revocations (RFC 5846 section 9.2)",
           file_name()),
       K::required("address", kMagCore<&MagConfig::address>,
                   "the MAG's address (Proxy-CoA), from which it sends; on one of this machine's interfaces; "
                   "behind IPv4 (RFC 5844 section 4) as ::ffff:192.0.2.9",
                   unicast()),
       K::required("transport_interfaces", via<&MagHead::settings, &MagSettings::transport_interfaces>,
                   "the interfaces towards the LMA", interface_name()),
       K::optional("tunnel_mtu", kMagCore<&MagConfig::tunnel_mtu>,
                   "the largest packet that fits a tunnel, in octets: the path's MTU less 40; advertised to "
                   "mobile nodes",
                   between<std::uint16_t>(1280, 65495)),
       K::optional("router_link_local", kMagCore<&MagConfig::router_link_local>,
                   "the router's address on access links, the same on every MAG of a domain (RFC 6543)",
                   link_local()),
       K::optional("lifetime", kMagCore<&MagConfig::lifetime>,
                   "the lifetime asked for in registrations; sent in units of 4 s", binding_lifetime()),
       K::optional("ip_versions", kMagCore<&MagConfig::ip_versions>,
                   "what nodes are registered for that do not say so themselves; IPv4 home addresses come by "
                   "DHCP from this gateway (RFC 5844)"),
       K::optional("dhcp_lease_time", kMagCore<&MagConfig::dhcp_lease_time>,
                   "how long a node may use its IPv4 home address without asking again",
                   between<Duration>(1min, 24h)),
       K::optional("dhcp_servers", kMagCore<&MagConfig::dhcp_servers>,
                   "the DHCP servers that are asked where the LMA wants a relay (`ipv4_dhcp_server = false` "
                   "there, RFC 5844 section 3.4.2); they have to give each node the address of its binding, "
                   "which is the agent's remote id (RFC 3046); several have to share their leases",
                   ipv4_host()),
       K::derived("dhcp_relay_address", kMagCore<&MagConfig::dhcp_relay_address>,
                  "this machine's address towards them, to which they answer",
                  "`address`, if that is one of IPv4", ipv4_host()),
       K::optional(
           "initial_bindack_timeout", kMagCore<&MagConfig::initial_bindack_timeout>,
           "how long after the first Proxy Binding Update the second follows, doubling from there (RFC "
           "6275 section 12)",
           between<Duration>(10ms, 1min)),
       K::optional("max_bindack_timeout", kMagCore<&MagConfig::max_bindack_timeout>,
                   "where the doubling ends", between<Duration>(10ms, 1h)),
       K::optional("neighbor_probe_interval", kMagCore<&MagConfig::neighbor_probe_interval>,
                   "after how much silence an attached node is asked whether it is there (a Neighbor "
                   "Solicitation; RFC 5213 section 6.13); \"0s\": never, the carrier has to tell",
                   between<Duration>(0s, 1h)),
       K::optional("neighbor_probes", kMagCore<&MagConfig::neighbor_probes>,
                   "how many questions a node may leave unanswered before it is de-registered; one that has "
                   "never been "
                   "heard from a link-local address of its own is not, whatever it leaves unanswered",
                   between<unsigned>(1, 100)),
       K::optional(
           "neighbor_probe_timeout", kMagCore<&MagConfig::neighbor_probe_timeout>,
           "how long an answer is waited for, before the next question and behind the last (RETRANS_TIMER, "
           "RFC 4861 section 10)",
           between<Duration>(10ms, 1min)),
       K::optional("router_advertisement_interval", kMagCore<&MagConfig::router_advertisement_interval>,
                   "how often an attached node is sent a Router Advertisement unasked",
                   between<Duration>(1s, 30min)),
       K::optional(
           "router_lifetime", &MagHead::router_lifetime,
           "how long a node uses this router after an advertisement: at least the interval, or \"0s\" "
           "for no default router (RFC 4861 section 6.2.1)",
           whole_seconds(9000s)),
       K::optional(
           "local_routing", kMagCore<&MagConfig::local_routing>,
           "packets between two nodes of this MAG go straight from one to the other, unseen by the LMA "
           "and its flow bindings (EnableMAGLocalRouting, RFC 5213 section 9.2)"),
       K::optional(
           "timestamps", kMagCore<&MagConfig::timestamps>,
           "what orders registrations: timestamps; false: sequence numbers. The same on every MAG and "
           "LMA of a domain (TimestampBasedApproachInUse, RFC 5213 section 9.3)"),
       K::optional(
           "mobile_node_generated_timestamp", kMagCore<&MagConfig::mobile_node_timestamps>,
           "the timestamps are those of the nodes' own solicitations (SEND, RFC 3971), where they have "
           "one. The same on every MAG and LMA of a domain (MobileNodeGeneratedTimestampInUse)"),
       K::optional(
           "force_ipv4_udp", kMagCore<&MagConfig::force_ipv4_udp>,
           "over IPv4, have data carried in UDP, port 5437, for what stands between here and the LMA and "
           "lets nothing else pass (ForceIPv4UDPEncapsulationSupport, RFC 5844 section 5.2)"),
       K::optional("router_link_layer", kMagCore<&MagConfig::router_link_layer>,
                   "the router's link-layer address on access links, the same on every MAG of a domain (RFC "
                   "6543); all zeros: each interface's own",
                   not_a_group()),
       K::optional("binding_errors_per_second", kMagCore<&MagConfig::binding_errors_per_second>,
                   "how many Binding Errors and ICMPv6 Parameter Problems (RFC 6275 section 9.2) are sent at "
                   "most; 0: none",
                   between<unsigned>(0, 1'000'000))}};
  add_peer_keys(section, kMagCore<&MagConfig::heartbeat>, kMagCore<&MagConfig::revocation>);
  add_path_keys(section, true, [](MagHead& target) -> DaemonPaths& { return target.settings.paths; });
  return section;
}

Section<AnchorRow> lma() {
  using K = Keys<AnchorRow>;
  return {
      "[lma]",
      {K::required("address", &AnchorRow::address,
                   "the LMA's address (LMAA), of the same family as the MAG's", unicast()),
       K::optional("gre", &AnchorRow::gre,
                   "whether packets to and from it shall have a GRE header (RFC 5845); an LMA that requires "
                   "one with a key gets it anyway, and the node then has but the first [[path]]"),
       K::required(
           "security", &AnchorRow::security,
           "how messages to and from it are protected: by the kernel's IPsec, whose policies have to be "
           "there, or not at all: whoever can send from this address can answer for it then")}};
}

Section<PathConfig> path() {
  using K = Keys<PathConfig>;
  return {
      "[[path]]",
      {K::required("address", &PathConfig::address,
                   "the care-of address, of IPv6; one of the paths has that of [mag], and is used before the "
                   "others",
                   unicast()),
       K::optional("technology", &PathConfig::technology, "what registrations say of the way"),
       K::optional("label", &PathConfig::label,
                   "what kind of way it is, by a number that the LMA's operator knows")}};
}

template <auto Member>
constexpr auto kAccess = via<&AccessRow::access, Member>;

template <auto Member>
constexpr auto kNetwork = [](AccessRow& row) -> auto& {
  return row.access.network.*Member;
};

constexpr const char* kAnnouncedHelp =
    "a flow that is to go by this link: it is announced to the LMA (RFC 6089), which obeys if its `decider` "
    "is "
    "\"mn\"; downlink direction: the source is the correspondent";

Section<FlowRow> announced_flow(std::string title) {
  using K = Keys<FlowRow>;
  auto keys = flow_section(title).keys;
  keys.push_back(
      K::optional("at_attachment", &FlowRow::at_attachment,
                  "announce it when a node attaches; false: when `flowmob flow announce` says so"));
  keys.push_back(K::optional(
      "also_by", &FlowRow::also_by,
      "the numbers (`binding_id`) of other links of the node that are to carry it, too: each packet goes by "
      "all of them, if the LMA says so (`several_bindings`). At most 3. It refuses the flow while one of "
      "them is not there: it is said again after pauses of 1 s to 64 s",
      between<std::uint16_t>(1, 65535)));
  return {std::move(title), std::move(keys)};
}

Section<AccessRow> access() {
  using K = Keys<AccessRow>;
  return {
      "[[access]]",
      {K::required("name", kAccess<&AccessConfig::name>, "what commands and tables call this access link",
                   label()),
       K::required("interface", kAccess<&AccessConfig::interface>, "the interface towards mobile nodes",
                   interface_name()),
       K::optional("technology", kAccess<&AccessConfig::technology>,
                   "what the registration says of the link (RFC 5213 section 8.5)"),
       K::optional("services", kAccess<&AccessConfig::services>,
                   "the Service Selection identifiers that an attachment here asks for: what the SSID or APN "
                   "stands for",
                   identifier()),
       K::optional(
           "handoff_indicator", kAccess<&AccessConfig::handoff_indicator>,
           "what the registration says of a new attachment: \"sharing\" (RFC 7864) lets the node keep "
           "its prefixes on all links"),
       K::optional("attach_on", &AccessRow::attach_on,
                   "what attaches a node: its Router Solicitation; carrier, for a link of one node alone; "
                   "empty: only `flowmob attach`"),
       K::derived(
           "visited_prefix", &AccessRow::visited_prefix,
           "the prefix of this link from which a node without mobility service gets plain IPv6, routed "
           "and not tunnelled (RFC 5213 section 6.14)",
           "none: it gets nothing", home_prefix()),
       K::derived("network_name", kNetwork<&AccessNetwork::network>,
                  "what registrations say the access network is called: the SSID; of 3GPP access the PLMN "
                  "identifier (RFC 6757)",
                  "not said", network_name()),
       K::derived("access_point", kNetwork<&AccessNetwork::access_point>,
                  "and what its access point is called", "not said", network_name()),
       K::derived("operator", kNetwork<&AccessNetwork::owner>,
                  "whose access network it is: a realm, or an enterprise number in digits", "not said",
                  operator_name()),
       K::derived("location", kNetwork<&AccessNetwork::location>, "where it is: degrees north, degrees east",
                  "not said"),
       K::optional("link_mtu", kAccess<&AccessConfig::link_mtu>, "the access link's MTU, in octets",
                   between<std::uint16_t>(1280, 65535)),
       K::optional("fixed_link_layer_address", kAccess<&AccessConfig::fixed_link_layer_address>,
                   "advertise from the link-layer address of RFC 6543, the same on every MAG; false: from "
                   "the interface's own"),
       K::optional(
           "binding_id", [](AccessRow & row) -> auto& { return row.access.binding.id; },
           "what an attachment here is called in announced flows (BID, RFC 5648); other gateways may name it "
           "by this number if theirs are others",
           between<std::uint16_t>(1, 65535)),
       K::derived("binding_priority", &AccessRow::binding_priority,
                  "BID-PRI (RFC 6089 section 4.1): what no announced flow matches takes the link with the "
                  "lowest, where the MAGs decide",
                  "64, and said only beside flows", between<std::uint8_t>(1, 127)),
       K::optional(
           "decider", &AccessRow::decider,
           "who decides which link a node's flows take; \"mn\": the node may, and what it moves to this "
           "link is announced to the LMA (RFC 6089), which obeys if its `decider` is \"mn\", too"),
       K::optional(
           "delegated_prefixes", kAccess<&AccessConfig::delegates>,
           "registrations ask for prefixes of the networks behind nodes that are routers (RFC 7148), as the "
           "LMA has them in its `delegated_prefixes`, and DHCPv6 clients get them; the same on every MAG of "
           "a domain, or they are lost on "
           "the way"),
       K::tables("flow", &AccessRow::flows, announced_flow("[[access.flow]]"), false, kAnnouncedHelp)}};
}

Section<HostedNodeRow> hosted_node() {
  using K = Keys<HostedNodeRow>;
  constexpr auto kServices = &HostedNodeRow::services;
  return {"[[mobile_node]]",
          {K::required("id", via<&HostedNodeRow::profile, &MagPolicyProfile::mn_id>,
                       "the mobile node's identifier (MN-ID), usually an NAI", identifier()),
           K::optional(
               "link_layer", via<&HostedNodeRow::profile, &MagPolicyProfile::link_layer>,
               "the link-layer addresses by which it is known; empty: it is the first station on the link "
               "whose carrier stands for it, else only `flowmob attach --mn --mac` finds it",
               station()),
           K::derived("services", kServices, "the Service Selection identifiers that it asks for",
                      "those of the access", identifier()),
           K::derived("ip_versions", via<&HostedNodeRow::profile, &MagPolicyProfile::ip_versions>,
                      "what it is registered for", "as [mag] says"),
           K::derived("ipv4_address", via<&HostedNodeRow::profile, &MagPolicyProfile::ipv4_address>,
                      "the IPv4 home address to ask for, with its subnet's length", "any"),
           K::derived("access", via<&HostedNodeRow::profile, &MagPolicyProfile::access>,
                      "the access link whose carrier attaches it", "any", label()),
           K::derived("delegated_prefixes", via<&HostedNodeRow::profile, &MagPolicyProfile::delegates>,
                      "the same of this node", "that of the access"),
           K::derived("decider", &HostedNodeRow::decider, "the same of this node", "that of the access"),
           K::tables("flow", &HostedNodeRow::flows, announced_flow("[[mobile_node.flow]]"), false,
                     "the same of this node, wherever it attaches; of one name it is this one")}};
}

}  // namespace

const Section<MagFile>& mag_section() {
  using K = Keys<MagFile>;
  static const Section<MagFile> section{
      "the file",
      {K::table("mag", &MagFile::mag, mag_head(), true, "the MAG itself"),
       K::table("lma", &MagFile::lma, lma(), true, "the LMA with which it registers nodes"),
       K::tables("path", &MagFile::paths, path(), false,
                 "one of several ways to the LMA, each with a care-of address of its own (RFC 8278); the LMA "
                 "has to know them as `care_of_addresses`"),
       K::tables("access", &MagFile::accesses, access(), true, "a link on which mobile nodes appear"),
       K::tables("mobile_node", &MagFile::mobile_nodes, hosted_node(), false,
                 "a mobile node that may attach here")}};
  return section;
}

}  // namespace flowmob::daemon::config
