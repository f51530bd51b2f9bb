// SPDX-License-Identifier: Apache-2.0
#include "platform/control_events.h"

#include <algorithm>
#include <array>

namespace flowmob::platform {
namespace {

using enum DaemonRole;
constexpr DaemonRoles kOfLma{static_cast<unsigned>(Lma)};
constexpr DaemonRoles kOfMag{static_cast<unsigned>(Mag)};
constexpr DaemonRoles kOfMn{static_cast<unsigned>(Mn)};
constexpr DaemonRoles kOfPeers = Lma | Mag;
constexpr DaemonRoles kOfAll{kOfPeers.bits | kOfMn.bits};

constexpr std::array kEvents{
    EventMeaning{"binding-registered", kOfLma, "RFC 5213 section 5.3.2",
                 "a Proxy Binding Update was accepted and made a binding cache entry: an interface has come"},
    EventMeaning{"binding-extended", kOfLma, "RFC 5213 section 5.3.3",
                 "a Proxy Binding Update from the same gateway was accepted: the lifetime begins anew"},
    EventMeaning{"binding-handoff", kOfLma, "RFC 5213 section 5.3.4",
                 "a Proxy Binding Update from another gateway was accepted: the session is there now"},
    EventMeaning{"binding-revived", kOfLma, "RFC 5213 section 5.3.5",
                 "a session that was de-registered was registered again before it was deleted"},
    EventMeaning{"binding-replaced", kOfLma, "RFC 8278 section 4.1",
                 "a path ended, as a registration named all paths that there are"},
    EventMeaning{"binding-deregistered", kOfLma, "RFC 5213 section 5.3.5",
                 "a Proxy Binding Update with lifetime 0: the session waits to be taken over or deleted"},
    EventMeaning{"address-deregistered", kOfLma, "RFC 5844 section 3.1.2.5",
                 "one family of a session was de-registered; the session goes on with the other"},
    EventMeaning{"binding-expired", kOfLma, "RFC 5213 section 5.1",
                 "nobody extended the session before its lifetime was over"},
    EventMeaning{"binding-deleted", kOfLma, "RFC 5213 section 5.3.5",
                 "a session that was de-registered was not taken over in time"},
    EventMeaning{"binding-lost", kOfLma, "RFC 5847 section 3.2",
                 "the session's gateway has lost its state: it forwards nothing for it any more"},
    EventMeaning{"delegated-prefixes-withdrawn", kOfLma, "RFC 7148",
                 "the configuration does not delegate prefixes any more that the session has had"},
    EventMeaning{"binding-revoked", kOfLma, "RFC 5846 section 8",
                 "the session was ended by a Binding Revocation Indication, ours or the gateway's"},
    EventMeaning{"address-revoked", kOfLma, "RFC 5846 section 8.2",
                 "the gateway has revoked the IPv4 home address; the session keeps its prefixes"},
    EventMeaning{"binding-rejected", kOfLma, "RFC 5213 section 5.3.1",
                 "a Proxy Binding Update was answered with a status of 128 or more"},
    EventMeaning{"flow-moved", kOfLma, "RFC 7864 section 3.2",
                 "a flow goes by the link that it was bound to by a request, a rule or a command"},
    EventMeaning{"flow-fallback", kOfLma, "RFC 6089 section 4.3",
                 "a flow goes by another link than its own, which cannot carry it"},
    EventMeaning{
        "flows-announced", kOfLma, "RFC 6089 section 5.3.2",
        "a gateway's registration has changed its flows, or some of what it said of flows was refused"},
    EventMeaning{"flow-spread", kOfLma, "RFC 6089 section 5.3",
                 "other links than before take part in a flow: by copies of its packets, or by shares of its "
                 "connections"},
    EventMeaning{"flow-returned", kOfLma, "RFC 6089 section 4.3",
                 "a flow is back on the link that it is bound to"},
    EventMeaning{"handover", kOfLma, "RFC 7864 section 3.2",
                 "the record of a flow's move is complete: `flowmob show handovers ID` shows all of it"},
    EventMeaning{"flow-mobility-sent", kOfLma, "RFC 7864 section 4.2",
                 "a Flow Mobility Initiate (an Update Notification, RFC 7077) tells a gateway all the "
                 "prefixes of other sets that it is to forward for a session"},
    EventMeaning{"flow-mobility-accepted", kOfLma, "RFC 7864 section 4.3",
                 "the gateway's Flow Mobility Acknowledge says that it forwards them"},
    EventMeaning{
        "flow-mobility-refused", kOfLma, "RFC 7864 section 4.3",
        "the gateway does not forward them, or does not know the message: flows stay where they are"},
    EventMeaning{"flow-mobility-unanswered", kOfLma, "RFC 7077 section 5.1",
                 "the gateway has not answered the last retransmission: flows stay where they are"},
    EventMeaning{"message-dropped", kOfLma, "RFC 6275 section 9.2",
                 "a Mobility Header was not answered, for this reason"},
    EventMeaning{"record-dropped", kOfPeers, "",
                 "what was kept of a node before the daemon started is not permitted any more, or "
                 "contradicts itself"},
    EventMeaning{"effect-failed", kOfLma, "",
                 "the system refused what was asked of it; what depended on it has been undone"},
    EventMeaning{"configuration-changed", kOfLma, "", "a new configuration holds"},
    EventMeaning{"policies-applied", kOfLma, "", "other rules for flows hold"},
    EventMeaning{"policies-confirmed", kOfLma, "", "rules that were on trial stay"},
    EventMeaning{"policies-returned", kOfLma, "", "nobody confirmed a trial: the rules before it hold again"},
    EventMeaning{"tunnel-error", kOfPeers, "RFC 2473 section 8",
                 "an ICMP error about a tunnel packet: too big, or the way to the other end is broken"},

    EventMeaning{"node-attached", kOfMag, "RFC 5213 section 6.9.1.1",
                 "a mobile node appeared on an access link"},
    EventMeaning{"node-detached", kOfMag, "RFC 5213 section 6.9.1.4", "a mobile node left an access link"},
    EventMeaning{"unknown-node", kOfMag, "RFC 5213 section 6.9.1.1",
                 "somebody appeared on an access link who has no profile here"},
    EventMeaning{"registered", kOfMag, "RFC 5213 section 6.9.1.2",
                 "the anchor's Proxy Binding Acknowledgement accepted the node"},
    EventMeaning{"reregistered", kOfMag, "RFC 5213 section 6.9.1.3",
                 "the anchor accepted that the binding is extended"},
    EventMeaning{"registration-refused", kOfMag, "RFC 5213 section 6.9.1.2",
                 "the anchor's Proxy Binding Acknowledgement says no, with this status"},
    EventMeaning{
        "flow-observed", kOfMag, "RFC 7864 section 3.2",
        "the node sends a flow by this link whose downlink comes by another: the anchor will be told"},
    EventMeaning{"flow-accepted", kOfMag, "RFC 6089 section 4.2",
                 "the anchor has taken a flow that was announced"},
    EventMeaning{"flow-refused", kOfMag, "RFC 6089 section 4.2",
                 "the anchor has not taken a flow that was announced; `status` says why"},
    EventMeaning{"delegated-prefixes-unusable", kOfMag, "RFC 7148 section 5.1.2",
                 "the LMA delegates a prefix that cannot be forwarded, or too many: none is"},
    EventMeaning{"access-network-ignored", kOfMag, "RFC 6757 section 4.1",
                 "the anchor has not repeated what was said of the access network: it does not know it"},
    EventMeaning{"gre-not-supported", kOfMag, "RFC 5845 section 3.3",
                 "the anchor does not answer for GRE: packets go without"},
    EventMeaning{"path-registered", kOfMag, "RFC 8278 section 4.4", "the anchor accepted a further path"},
    EventMeaning{"path-refused", kOfMag, "RFC 8278 section 4.4", "the anchor does not want a further path"},
    EventMeaning{"uplink-moved", kOfMag, "RFC 8278 section 4.1",
                 "the node's packets go by another path from now on"},
    EventMeaning{"retransmitting", kOfMag, "RFC 5213 section 6.9.4",
                 "the anchor has not answered yet: the request is sent once more"},
    EventMeaning{"deregistered", kOfMag, "RFC 5213 section 6.9.1.4", "the anchor answered a de-registration"},
    EventMeaning{"deregistration-unanswered", kOfMag, "RFC 5213 section 6.9.1.4",
                 "the anchor did not answer a de-registration; the state is gone all the same"},
    EventMeaning{"binding-expired", kOfMag, "RFC 5213 section 6.9.1.3",
                 "the anchor has not extended the binding in time"},
    EventMeaning{"binding-error", kOfMag, "RFC 6275 section 6.1.9",
                 "a peer says that it does not know a message, or the binding"},
    EventMeaning{"answer-mismatch", kOfMag, "RFC 5213 section 6.9.1.2",
                 "an acknowledgement does not fit what was asked for, and is ignored"},
    EventMeaning{"host-install-failed", kOfMag, "",
                 "the system refused a row, a route or an address of the node"},
    EventMeaning{"tunnel-mtu", kOfMag, "RFC 2473 section 7",
                 "the path to the anchor carries packets of another size"},
    EventMeaning{"visitor", kOfMag, "", "a node without mobility service was given a prefix of this link"},
    EventMeaning{"ipv4-released", kOfMag, "RFC 5844 section 3.4",
                 "the node gave its lease back: IPv4 was de-registered alone"},
    EventMeaning{"dhcp-address-refused", kOfMag, "RFC 5844 section 3.4",
                 "the node wants another address by DHCP than it has been given"},
    EventMeaning{"dhcp-relay-not-supported", kOfMag, "RFC 5844 section 3.3.4",
                 "the anchor wants a relay of DHCP here, and no servers are configured"},
    EventMeaning{"notification-received", kOfMag, "RFC 7077 section 4.1",
                 "the anchor's Update Notification asks for something; the status is our answer"},
    EventMeaning{"vendor-notification", kOfMag, "RFC 7077 section 4.1",
                 "an Update Notification carried a vendor's option (RFC 5094)"},
    EventMeaning{"dhcp-server-disagrees", kOfMag, "RFC 5844 section 3.4",
                 "a DHCP server offers another address than the binding has"},

    EventMeaning{"member-up", kOfMn, "RFC 7847 section 5",
                 "a link of the virtual interface can carry packets"},
    EventMeaning{"member-down", kOfMn, "RFC 7847 section 5",
                 "a link of the virtual interface cannot any more"},
    EventMeaning{
        "member-added", kOfMn, "RFC 7847 section 5.1",
        "one more link is under the virtual interface; it carries packets when its gateway is heard"},
    EventMeaning{"member-leaving", kOfMn, "RFC 7847 section 5.1",
                 "a link carries packets no more; what still comes by it is taken for a while"},
    EventMeaning{"member-removed", kOfMn, "RFC 7847 section 5.1", "a link is left as it was before"},
    EventMeaning{"member-address-removed", kOfMn, "",
                 "somebody gave a link a global address, which is the virtual interface's alone to have"},
    EventMeaning{
        "member-address-conflict", kOfMn, "RFC 4862 section 5.4.5",
        "somebody on a link has the address that a port wanted: it tries the next one, if there is one"},
    EventMeaning{"foreign-port", kOfMn, "",
                 "somebody made an interface that is no member a port of the virtual interface"},
    EventMeaning{"cgroup-appeared", kOfMn, "", "a cgroup that rules name is there: they hold from now on"},
    EventMeaning{"cgroup-gone", kOfMn, "", "a cgroup that rules name is there no more: they match nothing"},
    EventMeaning{"user-found", kOfMn, "", "a user whom rules name has that uid: they hold from now on"},
    EventMeaning{"user-unknown", kOfMn, "", "nobody has the name of a user in rules: they match nothing"},
    EventMeaning{"router-discovered", kOfMn, "RFC 4861 section 6.3.4",
                 "a gateway advertises itself on a link"},
    EventMeaning{"router-changed", kOfMn, "RFC 4861 section 7.3",
                 "a link's gateway, or its link-layer address, is another; the one before did not answer"},
    EventMeaning{"router-lost", kOfMn, "RFC 4861 section 6.3.4",
                 "a link's gateway does not advertise itself any more"},
    EventMeaning{"router-silent", kOfMn, "RFC 4861 section 7.3",
                 "a link has a carrier, and its gateway does not answer"},
    EventMeaning{"router-answers", kOfMn, "RFC 4861 section 7.3", "a silent gateway answers again"},
    EventMeaning{"default-member", kOfMn, "RFC 7847 section 5", "new flows begin on this link"},
    EventMeaning{"address-configured", kOfMn, "RFC 4862 section 5.5.3",
                 "the virtual interface has an address of an advertised prefix"},
    EventMeaning{"address-removed", kOfMn, "RFC 4862 section 5.5.4",
                 "no link advertises the address's prefix"},

    EventMeaning{"peer-lost", kOfPeers, "RFC 5847 section 3.1", "more heartbeats are unanswered than may be"},
    EventMeaning{"peer-back", kOfPeers, "RFC 5847 section 3.1", "a peer that was lost answers again"},
    EventMeaning{"peer-restarted", kOfPeers, "RFC 5847 section 3.2",
                 "the peer's restart counter is another: it has lost its state"},
    EventMeaning{"peer-without-heartbeat", kOfPeers, "RFC 5847 section 3.1",
                 "the peer does not know heartbeats"},
    EventMeaning{"revocation-sent", kOfPeers, "RFC 5846 section 5.1",
                 "a Binding Revocation Indication ends sessions at the other end"},
    EventMeaning{"revocation-accepted", kOfPeers, "RFC 5846 section 5.2",
                 "the Binding Revocation Acknowledgement says that they have ended"},
    EventMeaning{"revocation-refused", kOfPeers, "RFC 5846 section 5.2",
                 "the Binding Revocation Acknowledgement says no"},
    EventMeaning{"revocation-unanswered", kOfPeers, "RFC 5846 section 8.1",
                 "no acknowledgement came, however often it was asked for"},
    EventMeaning{"revocation-received", kOfPeers, "RFC 5846 section 5.1",
                 "the other end revokes sessions; the status is our answer"},

    EventMeaning{"configuration-reloaded", kOfAll, "", "the configuration was read again and holds"},
    EventMeaning{"configuration-refused", kOfAll, "",
                 "the configuration was read again and is wrong: nothing changed"},
    EventMeaning{"drop", kOfAll, "", "a sample of a packet that the data plane dropped (monitor drops)"},
    EventMeaning{"packet", kOfAll, "", "a packet of the node that is captured (capture)"},
    EventMeaning{"packets-not-captured", kOfAll, "",
                 "packets of nodes that are captured for which there was no room since the last such event"},
    EventMeaning{"drops-not-sampled", kOfAll, "",
                 "packets that were dropped for this reason without a sample since the last such event"},
};

constexpr std::array kSteps{
    StepMeaning{"trigger", "", "what set the move off"},
    StepMeaning{"decided", "RFC 6089 section 4.3",
                "the anchor chose the link; the decision says by which rule"},
    StepMeaning{"pbu-received", "RFC 5213 section 6.9.1",
                "a Proxy Binding Update came from this gateway, with this sequence number"},
    StepMeaning{"pba-sent", "RFC 5213 section 5.3.6",
                "the Proxy Binding Acknowledgement with the same sequence number went back"},
    StepMeaning{
        "upn-sent", "RFC 7864 section 4.2",
        "a Flow Mobility Initiate, an Update Notification (RFC 7077) with this sequence number, asked the "
        "gateway to forward prefixes of another set"},
    StepMeaning{
        "upa-received", "RFC 7864 section 4.3",
        "the Flow Mobility Acknowledge with the same sequence number; only after status SUCCESS does the "
        "flow go there"},
    StepMeaning{"switch-asked", "", "the data plane was told the new path"},
    StepMeaning{"switched", "", "the data plane has the new path: the next packet takes it"},
    StepMeaning{"last-on-old-path", "", "the last packet by the path before, in the direction of way"},
    StepMeaning{"first-on-new-path", "", "the first packet by the new path, in the direction of way"},
    StepMeaning{"complete", "", "nothing more is expected of the move"},
    StepMeaning{"failed", "", "the data plane refused the new path"},
    StepMeaning{"superseded", "", "another move began before this one was complete"},
};

constexpr std::array kKeys{
    KeyMeaning{"mn", "the mobile node's identifier (MN-ID)"},
    KeyMeaning{"session", "number of the session: one attached interface"},
    KeyMeaning{"mag", "the gateway, by its configured name"},
    KeyMeaning{"access", "the access link, by its configured name"},
    KeyMeaning{"link_layer", "the node's link-layer address"},
    KeyMeaning{"flow", "name of the flow; * is what no other flow matches"},
    KeyMeaning{"flow_index", "number of the flow"},
    KeyMeaning{"from", "the gateway that it was at; null: none"},
    KeyMeaning{"to", "the gateway that it is at now; null: none"},
    KeyMeaning{"from_technology", "access technology of the old link"},
    KeyMeaning{"to_technology", "access technology of the new link"},
    KeyMeaning{"prefixes", "the home network prefixes that are concerned"},
    KeyMeaning{"delegated_prefixes", "those of the network behind the node (RFC 7148)"},
    KeyMeaning{"ipv4_address", "the IPv4 home address"},
    KeyMeaning{"access_technology", "kind of access (Access Technology Type option)"},
    KeyMeaning{"access_network", "what the gateway says of its access network (RFC 6757)"},
    KeyMeaning{"vendor_options", "vendor-specific options (RFC 5094)"},
    KeyMeaning{"handoff_indicator", "what the gateway knows of the handoff (Handoff Indicator option)"},
    KeyMeaning{"lifetime_seconds", "for how long the binding was granted"},
    KeyMeaning{"remaining_seconds", "what is left of it"},
    KeyMeaning{"service", "identifier of the Service Selection option (RFC 5149)"},
    KeyMeaning{"services", "identifiers of Service Selection options (RFC 5149)"},
    KeyMeaning{"status", "the acknowledgement's status, or what became of it"},
    KeyMeaning{"reason", "why, as a word of ours or of the message"},
    KeyMeaning{"why", "why"},
    KeyMeaning{"how", "by what it was noticed"},
    KeyMeaning{"code", "a stable word for the error"},
    KeyMeaning{"message", "the error in a sentence"},
    KeyMeaning{"source", "the address that the message came from"},
    KeyMeaning{"address", "an address: of a peer, or of the node"},
    KeyMeaning{"interface", "the network interface"},
    KeyMeaning{"number", "place of the link in the configuration, from 0"},
    KeyMeaning{"router", "the gateway's link-local address"},
    KeyMeaning{"trigger", "what moved the flow, or why it is revoked (RFC 5846 section 5.1)"},
    KeyMeaning{"flow_id", "the flow's number (FID), by which gateway and anchor speak of it"},
    KeyMeaning{"again", "true: it was announced before, and has come back"},
    KeyMeaning{"added", "numbers of flows that are new"},
    KeyMeaning{"changed", "numbers of flows that have other selectors, priorities or links now"},
    KeyMeaning{"removed", "numbers of flows that are not announced any more"},
    KeyMeaning{"displaced", "announced flows that gave their room to the services of the node"},
    KeyMeaning{"refused", "what was not taken, with its status"},
    KeyMeaning{"sessions", "how many sessions"},
    KeyMeaning{"attempt", "which retransmission it is"},
    KeyMeaning{"kind", "what kind of error, or of move"},
    KeyMeaning{"mtu", "octets that the path is said to carry"},
    KeyMeaning{"remote", "the tunnel's other end"},
    KeyMeaning{"effect", "what the system refused to do"},
    KeyMeaning{"accepted", "whether the other end agreed"},
    KeyMeaning{"suppressed", "how many such events were not told before this one"},
    KeyMeaning{"cgroup", "its path below the hierarchy's root"},
    KeyMeaning{"uid", "the user's number"},
    KeyMeaning{"next", "the address that is tried next; null: none"},
    KeyMeaning{"policies", "how many policies there are"},
    KeyMeaning{"to_be_confirmed", "whether the former rules come back without a confirmation"},
    KeyMeaning{"mobile_nodes", "how many mobile nodes are configured"},
    KeyMeaning{"mags", "how many gateways are configured"},
    KeyMeaning{"asked_for", "the address that the node wants"},
    KeyMeaning{"offered", "the address that the server offers"},
    KeyMeaning{"server", "the DHCP server"},
    KeyMeaning{"care_of_address", "the gateway's address of this path"},
    KeyMeaning{"vendor", "the vendor's enterprise number"},
    KeyMeaning{"subtype", "the vendor's own type"},
    KeyMeaning{"data", "as hexadecimal digits"},
    KeyMeaning{"handover", "number of the move: flowmob show handovers NUMBER"},
    KeyMeaning{"cause", "number of what moved it; other flows may have been moved by the same"},
    KeyMeaning{"began", "when the move was decided"},
    KeyMeaning{"rule", "the rule that governs the flow; null: none"},
    KeyMeaning{"because", "why the flow goes there, as policy explain says it"},
    KeyMeaning{"state", "complete, superseded (it moved on before that) or failed (it is where it was)"},
    KeyMeaning{"interruption_ms",
               "milliseconds from the last packet on the old path to the first on the new, the longer way"},
    KeyMeaning{"overlap_ms",
               "milliseconds for which packets came by both paths, and may have been reordered"},
    KeyMeaning{"order", "now, gap, made-gap, deadline or waiting: how it turned to the new path"},
    KeyMeaning{"out_of_order", "packets that came out of order, as far as the anchor can tell"},
    KeyMeaning{"in_order", "the gap that was waited for, and what became of it"},
    KeyMeaning{"decision", "every link, and why it was taken or not"},
    KeyMeaning{"timeline", "the steps of the move with their times"},
    KeyMeaning{"paths", "packets by old and new path, each way"},
    KeyMeaning{"program", "the BPF program that had the packet"},
    KeyMeaning{"way", "in or out by the interface"},
    KeyMeaning{"length", "octets"},
    KeyMeaning{"packets", "how many"},
    KeyMeaning{"time_ns", "nanoseconds since 1970"},
    KeyMeaning{"direction", "down: to the mobile node; up: from it"},
    KeyMeaning{"member", "the interface by which the node sent or got it"},
    KeyMeaning{"ethertype", "what the frame says that it carries"},
    KeyMeaning{"protocol", "of the packet, behind its extension headers"},
    KeyMeaning{"source_port", "the packet's"},
    KeyMeaning{"destination", "where the packet goes"},
    KeyMeaning{"destination_port", "the packet's"},
    KeyMeaning{"inner", "the packet inside the tunnel"},
    KeyMeaning{"octets", "the packet's first, as hexadecimal digits"},
};

}  // namespace

std::span<const EventMeaning> event_meanings() { return kEvents; }

const EventMeaning* find_event(std::string_view name, DaemonRole role) {
  const auto* row = std::ranges::find_if(
      kEvents, [&](const EventMeaning& event) { return event.name == name && event.daemons.has(role); });
  return row == kEvents.end() ? nullptr : &*row;
}

const EventMeaning* find_event(std::string_view name) {
  const auto* row = std::ranges::find(kEvents, name, &EventMeaning::name);
  return row == kEvents.end() ? nullptr : &*row;
}

std::span<const StepMeaning> step_meanings() { return kSteps; }

const StepMeaning* find_step(std::string_view step) {
  const auto found = std::ranges::find(kSteps, step, &StepMeaning::step);
  return found == kSteps.end() ? nullptr : &*found;
}

std::span<const KeyMeaning> key_meanings() { return kKeys; }

std::string_view meaning_of_key(std::string_view key) {
  const auto* row = std::ranges::find(kKeys, key, &KeyMeaning::key);
  return row == kKeys.end() ? std::string_view() : row->meaning;
}

}  // namespace flowmob::platform
