// SPDX-License-Identifier: Apache-2.0
// The key tables of an LMA's file.
#include "daemon/config/lma_file.h"
#include "daemon/config/path_keys.h"
#include "daemon/config/peer_keys.h"
#include "daemon/config/rules.h"

namespace flowmob::daemon::config {
namespace {

using namespace std::chrono_literals;
using core::AccessRule;
using core::LmaConfig;
using core::PolicyProfile;
using core::ServiceProfile;

template <auto Member>
constexpr auto kLmaCore = via<&LmaSettings::core, Member>;

template <auto Member>
constexpr auto kNotification = [](LmaSettings& settings) -> auto& {
  return settings.core.notification.*Member;
};

template <auto Member>
constexpr auto kOrder = [](LmaSettings& settings) -> auto& {
  return settings.core.order.*Member;
};

constexpr auto kRevokes = [](LmaSettings& settings) -> bool& { return settings.core.revocation.enabled; };

Section<LmaSettings> lma_head() {
  using K = Keys<LmaSettings>;
  Section<LmaSettings> section{
      "[lma]",
      {K::optional("name", kLmaCore<&LmaConfig::name>,
                   "the daemon's name: `flowmob --control NAME` finds it by it", file_name()),
       K::required("address", kLmaCore<&LmaConfig::address>,
                   "the LMA's address (LMAA), to which MAGs send; on one of this machine's interfaces",
                   unicast()),
       K::derived(
           "ipv4_address", kLmaCore<&LmaConfig::ipv4_address>,
           "the LMA's IPv4 address (IPv4-LMAA) for MAGs that are behind IPv4: Mobility Headers come in "
           "UDP to port 5436, and tunnels are of IPv4 (RFC 5844 section 4)",
           "none"),
       K::required("core_interfaces", &LmaSettings::core_interfaces, "the interfaces towards correspondents",
                   interface_name()),
       K::required("access_interfaces", &LmaSettings::access_interfaces, "the interfaces towards MAGs",
                   interface_name()),
       K::optional("datapath", &LmaSettings::datapath,
                   "what forwards at interfaces that no [[interface]] names: \"tc\"; \"xdp\": most of the "
                   "downlink in the network card's driver already, and a start is refused where that cannot "
                   "be; \"auto\": XDP on network cards that run it, tc elsewhere. `flowmob show links` says "
                   "what it is and why"),
       K::optional("pools", kLmaCore<&LmaConfig::pools>,
                   "the prefixes of which nodes without a prefix of their own are given a /64",
                   pool_prefix()),
       K::optional("ipv4_pools", kLmaCore<&LmaConfig::ipv4_pools>,
                   "the IPv4 home subnets, each written as its default router's address: nodes are given the "
                   "other hosts' (RFC 5844); empty: no IPv4 here",
                   ipv4_router()),
       K::optional(
           "ipv4_dhcp_server", kLmaCore<&LmaConfig::ipv4_dhcp_server>,
           "MAGs are to be DHCP servers for IPv4 home addresses; false: relays, to their `dhcp_servers`"),
       K::optional("accept_forced_ipv4_udp", kLmaCore<&LmaConfig::accept_forced_ipv4_udp>,
                   "MAGs behind IPv4 may have data carried in UDP, port 5437 "
                   "(AcceptForcedIPv4UDPEncapsulationRequest, RFC 5844 section 5.1)"),
       K::optional("tunnel_mtu", kLmaCore<&LmaConfig::tunnel_mtu>,
                   "the largest packet that fits a tunnel, in octets: the path's MTU less 40",
                   between<std::uint16_t>(1280, 65495)),
       K::optional(
           "share_prefixes", kLmaCore<&LmaConfig::share_prefixes>,
           "all interfaces of a node share its prefixes, also where the MAG says handoff indicator 1 or "
           "4; false: only where it says 6 (RFC 7864), else each has its own (RFC 5213 section 5.4)"),
       K::derived(
           "hold_unknown_handoff",
           [](LmaSettings& s) -> bool& { return s.core.hold_unknown_handoff.emplace(); },
           "wait for the old MAG's de-registration where the new one does not know whether this is a "
           "handoff (RFC 5213 section 5.4.1.3)",
           "where share_prefixes is off"),
       K::optional("decider", kLmaCore<&LmaConfig::decider>,
                   "who says where the flows of nodes go that have no `decider`, and whose group has none: "
                   "\"lma\", or \"mn\": their MAGs, by what they announce (RFC 6089)"),
       K::optional("min_delay_before_bce_delete", kLmaCore<&LmaConfig::min_delay_before_bce_delete>,
                   "how long a de-registered session is kept for the next MAG to take over (RFC 5213 section "
                   "9.1)",
                   between<Duration>(0s, 1h)),
       K::optional("max_delay_before_new_bce_assign", kLmaCore<&LmaConfig::max_delay_before_new_bce_assign>,
                   "how long a registration waits for a de-registration, see hold_unknown_handoff (RFC 5213 "
                   "section 9.1)",
                   between<Duration>(0s, 1h)),
       K::optional("timestamp_validity_window", kLmaCore<&LmaConfig::timestamp_validity_window>,
                   "how far a MAG's clock may be from this one (RFC 5213 section 9.1)",
                   between<Duration>(1ms, 1h)),
       K::optional("mobile_node_generated_timestamp", kLmaCore<&LmaConfig::mobile_node_generated_timestamp>,
                   "timestamps are the mobile nodes' own: only their order counts, not this clock (RFC 5213 "
                   "section 9.3); the same on all MAGs"),
       K::optional("max_lifetime", kLmaCore<&LmaConfig::max_lifetime>,
                   "the longest lifetime of a binding, whatever a MAG asks for; sent in units of 4 s",
                   binding_lifetime()),
       K::optional("order", kOrder<&core::OrderConfig::order>,
                   "how flows are moved while both links are up: \"gap\": in gaps between their packets, so "
                   "that none overtakes another, \"now\": at once; of nodes for which neither they nor their "
                   "group say"),
       K::optional(
           "several_bindings", kLmaCore<&LmaConfig::several_bindings>,
           "what it means that a MAG announces a flow with several binding identifiers, of nodes for "
           "which neither they nor their group say: \"copies\": each packet goes by all of them (RFC "
           "6089 section 4.3), for nodes that tell copies apart; \"first\": by the first that is there"),
       K::optional("deadline", kOrder<&core::OrderConfig::deadline>,
                   "how long a flow that moves waits for a gap before it is made one",
                   between<Duration>(0s, 10s)),
       K::optional(
           "new_link_delay", kLmaCore<&LmaConfig::new_link_delay>,
           "how long flows that another link still carries wait for a link that has just come: its MAG "
           "delivers nothing before it has the answer to its registration",
           between<Duration>(0s, 10s)),
       K::optional(
           "former_gateway_grace", kLmaCore<&LmaConfig::former_gateway_grace>,
           "how long packets still go on that a node has sent by the MAG from which it was handed over "
           "without a de-registration; that MAG is told at once (revocation)",
           between<Duration>(0s, 10s)),
       K::optional("binding_errors_per_second", kLmaCore<&LmaConfig::binding_errors_per_second>,
                   "how many Binding Errors and ICMPv6 Parameter Problems (RFC 6275 section 9.2) are sent at "
                   "most; 0: none",
                   between<unsigned>(0, 1'000'000)),
       K::optional("handover_history", kLmaCore<&LmaConfig::handover_history>,
                   "how many moves of flows `flowmob show handovers` remembers, the oldest forgotten",
                   between<unsigned>(0, 10'000)),
       K::optional(
           "revocation", kRevokes,
           "sessions that a new configuration does not permit are revoked, a hold ends as soon as the old "
           "MAG "
           "says so, and a MAG that a node has left is told (RFC 5846); false: only `flowmob session revoke` "
           "revokes"),
       K::optional("notification_retries", kNotification<&core::NotificationConfig::max_retransmissions>,
                   "how often an unanswered Update Notification is sent again "
                   "(MAX_UPDATE_NOTIFICATION_RETRANSMIT_COUNT, RFC 7077 section 7)",
                   between<unsigned>(0, 5)),
       K::optional("notification_delay", kNotification<&core::NotificationConfig::delay>,
                   "after which time, each time (MIN_DELAY_BETWEEN_UPDATE_NOTIFICATION_REPLAY, RFC 7077 "
                   "section 7)",
                   between<Duration>(500ms, 5s))}};
  add_peer_keys(section, kLmaCore<&LmaConfig::heartbeat>, kLmaCore<&LmaConfig::revocation>);
  add_path_keys(section, true, &LmaSettings::paths);
  return section;
}

Section<InterfaceRow> interface() {
  using K = Keys<InterfaceRow>;
  return {"[[interface]]",
          {K::required("name", &InterfaceRow::name, "one of core_interfaces or access_interfaces",
                       interface_name()),
           K::required("datapath", &InterfaceRow::datapath, "what forwards there, as in [lma]")}};
}

Section<MagRow> mag() {
  using K = Keys<MagRow>;
  return {
      "[[mag]]",
      {K::required("name", via<&MagRow::peer, &core::MagPeer::name>, "what commands and tables call this MAG",
                   label()),
       K::required("address", via<&MagRow::peer, &core::MagPeer::address>,
                   "the MAG's address (Proxy-CoA), from which it sends; one behind IPv4 as ::ffff:192.0.2.1",
                   unicast()),
       K::optional("global_revocation", via<&MagRow::peer, &core::MagPeer::global_revocation>,
                   "it may end all its sessions with one message (RFC 5846 section 13)"),
       K::optional("care_of_addresses", via<&MagRow::peer, &core::MagPeer::care_of_addresses>,
                   "further addresses that it may register, each as a path of its own (RFC 8278) or as "
                   "Alternate Care-of Address",
                   unicast()),
       K::optional("gre", via<&MagRow::peer, &core::MagPeer::gre>,
                   "whether packets to and from it have a GRE header (RFC 5845): \"required\" refuses a MAG "
                   "that does not ask for one with a key, and goes with no `care_of_addresses`"),
       K::required(
           "security", &MagRow::security,
           "how its messages are protected: by the kernel's IPsec, whose policies have to be there, or "
           "not at all: whoever can send from this address can register nodes then")}};
}

template <auto Member>
constexpr auto kServiceAccess = [](ServiceRow& row) -> auto& {
  return row.profile.access.*Member;
};
template <auto Member>
constexpr auto kNodeAccess = via<&PolicyProfile::access, Member>;

constexpr const char* kAnywhere = "any, also where the MAG does not say";

Section<ServiceRow> service() {
  using K = Keys<ServiceRow>;
  constexpr auto kName = via<&ServiceRow::profile, &ServiceProfile::name>;
  return {
      "[[service]]",
      {K::required("identifier", via<&ServiceRow::profile, &ServiceProfile::identifier>,
                   "the Service Selection identifier (RFC 5149) that a MAG sends, compared octet by octet",
                   identifier()),
       K::derived("name", kName, "what tables call this service", "the identifier"),
       K::optional("default", via<&ServiceRow::profile, &ServiceProfile::is_default>,
                   "the session that asks for this service takes all traffic that no flow matches"),
       K::derived("networks", kServiceAccess<&AccessRule::networks>,
                  "the access networks from which it may be asked for, by the names that MAGs say (RFC 6757: "
                  "SSIDs, PLMN identifiers)",
                  kAnywhere, network_name()),
       K::derived("operators", kServiceAccess<&AccessRule::operators>,
                  "and their operators: realms, or enterprise numbers in digits", kAnywhere, operator_name()),
       K::tables("flow", &ServiceRow::flows, flow_section("[[service.flow]]"), false,
                 "a flow that goes to the session which asks for the service; downlink direction: the "
                 "source is the correspondent")}};
}

constexpr const char* kDeciderHelp =
    "who says where its flows go: \"lma\": rules, services and commands here; \"mn\": what its MAGs announce "
    "(RFC 6089), beside services; no rule and no `flow move` then";

Section<core::NodeGroup> group() {
  using K = Keys<core::NodeGroup>;
  return {"[[group]]",
          {K::required("name", &core::NodeGroup::name, "what mobile nodes call it in `group`", label()),
           K::derived("decider", &core::NodeGroup::decider, "as of a mobile node, for those of the group",
                      "that of [lma]"),
           K::derived("order", &core::NodeGroup::order, "likewise", "that of [lma]"),
           K::derived("several_bindings", &core::NodeGroup::several_bindings, "likewise", "that of [lma]")}};
}

Section<PolicyProfile> mobile_node() {
  using K = Keys<PolicyProfile>;
  return {
      "[[mobile_node]]",
      {K::required("id", &PolicyProfile::mn_id, "the mobile node's identifier (MN-ID), usually an NAI",
                   identifier()),
       K::optional("enabled", &PolicyProfile::enabled,
                   "false: its registrations are refused with PROXY_REG_NOT_ENABLED"),
       K::optional("prefixes", &PolicyProfile::prefixes,
                   "the home network prefixes that are always its own, at most 4; they may lie in a pool, "
                   "which then gives them to nobody else; empty: one from the pools",
                   home_prefix()),
       K::optional(
           "delegated_prefixes", &PolicyProfile::delegated_prefixes,
           "the prefixes of the network behind it, at most 4, if it is a router (RFC 7148): they follow "
           "its flows as its own do, where its MAG asks for them; outside of all pools",
           delegated_prefix()),
       K::optional("ip_versions", &PolicyProfile::ip_versions,
                   "for what it may be registered; \"dual\" is IPv4 as well only where there are ipv4_pools"),
       K::derived("group", &PolicyProfile::group, "the group whose [[policy]] and [[group]] it has", "none",
                  label()),
       K::derived("decider", &PolicyProfile::decider, kDeciderHelp, "the group's"),
       K::derived("order", &PolicyProfile::order,
                  "how its flows are moved while both links are up: \"gap\" or \"now\"", "the group's"),
       K::derived("several_bindings", &PolicyProfile::several_bindings,
                  "what several binding identifiers of an announced flow mean: \"copies\" or \"first\"",
                  "the group's"),
       K::derived(
           "ipv4_address", &PolicyProfile::ipv4_address,
           "the IPv4 home address that is always its own; it lies in one of ipv4_pools, which gives it "
           "to nobody else",
           "one from ipv4_pools"),
       K::optional("link_layer", &PolicyProfile::link_layer,
                   "the link-layer addresses that it may come with; empty: any", station()),
       K::optional("services", &PolicyProfile::services,
                   "the identifiers of services that it may ask for; empty: none", identifier()),
       K::optional("mags", &PolicyProfile::mags, "the names of MAGs that may register it; empty: all",
                   label()),
       K::derived("networks", kNodeAccess<&AccessRule::networks>,
                  "the access networks from which it may be registered, by the names that MAGs say (RFC "
                  "6757); from another it is refused with ADMINISTRATIVELY_PROHIBITED",
                  kAnywhere, network_name()),
       K::derived("operators", kNodeAccess<&AccessRule::operators>,
                  "and their operators: realms, or enterprise numbers in digits", kAnywhere,
                  operator_name())}};
}

}  // namespace

const Section<LmaFile>& lma_section() {
  using K = Keys<LmaFile>;
  static const Section<LmaFile> section{
      "the file",
      {K::table("lma", &LmaFile::lma, lma_head(), true, "the LMA itself"),
       K::tables("interface", &LmaFile::interfaces, interface(), false,
                 "an interface with a data path of its own"),
       K::tables("mag", &LmaFile::mags, mag(), false, "a MAG that may register mobile nodes here"),
       K::tables("service", &LmaFile::services, service(), false,
                 "what a Service Selection identifier stands for"),
       K::tables("policy", &LmaFile::policies, policy_section(), false,
                 "rules for flows: which link takes which packets. A node has its own policy, else its "
                 "group's, else "
                 "the default one"),
       K::tables("group", &LmaFile::groups, group(), false, "what the nodes of a group have in common"),
       K::tables("mobile_node", &LmaFile::mobile_nodes, mobile_node(), false,
                 "a mobile node's policy profile; a node without one is refused")}};
  return section;
}

}  // namespace flowmob::daemon::config
