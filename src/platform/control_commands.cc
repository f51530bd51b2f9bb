// SPDX-License-Identifier: Apache-2.0
#include "platform/control_commands.h"

#include <algorithm>
#include <array>
#include <string>

namespace flowmob::platform {
namespace {

using enum DaemonRole;
using enum CommandAccess;
constexpr DaemonRoles kLma{static_cast<unsigned>(Lma)};
constexpr DaemonRoles kMag{static_cast<unsigned>(Mag)};
constexpr DaemonRoles kOnlyAtMn{static_cast<unsigned>(Mn)};
constexpr DaemonRoles kEvery{static_cast<unsigned>(Lma) | static_cast<unsigned>(Mag) |
                             static_cast<unsigned>(Mn)};

constexpr CommandArgument kMnFilter{"mn", ArgumentType::String, false, false,
                                    "only this mobile node (MN-ID)"};

constexpr std::array kOnlyMn{kMnFilter};
constexpr std::array kHandovers{
    CommandArgument{"id", ArgumentType::Integer, false, true, "only this one, with all that is known of it"},
    kMnFilter,
    CommandArgument{"flow", ArgumentType::String, false, false, "only flows of this name"},
};
constexpr std::array kFlowMove{
    CommandArgument{
        "flow", ArgumentType::String, true, true,
        "name of the flow; at a mobile node of a rule, or the 5-tuple of downlink packets: "
        "PROTOCOL,SOURCE,PORT,DESTINATION,PORT (one whose source is the node itself is turned round)"},
    CommandArgument{
        "to", ArgumentType::String, true, false,
        "name of the MAG whose link takes the flow, or one of its care-of addresses (RFC 8278); at "
        "a mobile node the interface of a member"},
    CommandArgument{"mn", ArgumentType::String, false, false,
                    "MN-ID; needed when several nodes have such a flow"},
    CommandArgument{"prefix", ArgumentType::String, false, false,
                    "one of the node's prefixes; needed when several sets of them have such a flow"},
    CommandArgument{"order", ArgumentType::String, false, false,
                    "\"gap\": in gaps between packets, so that none overtakes another; \"now\": at once; as "
                    "configured if absent"},
    CommandArgument{
        "deadline", ArgumentType::String, false, false,
        "how long a gap is waited for, such as 250ms, before one is made; as configured if absent"},
};
constexpr std::array kFlowRelease{
    CommandArgument{"flow", ArgumentType::String, true, true,
                    "name of the flow; at a mobile node as it was moved"},
    CommandArgument{"mn", ArgumentType::String, false, false,
                    "MN-ID; needed when several nodes have such a flow"},
};
constexpr std::array kFlowSwitch{
    CommandArgument{"flow", ArgumentType::String, true, true,
                    "name of a flow of the access or the node, as in the MAG's configuration"},
    CommandArgument{"mn", ArgumentType::String, false, false, "only of this mobile node (MN-ID)"},
    CommandArgument{"access", ArgumentType::String, false, false, "only on this access link"},
};
constexpr std::array kPolicyExplain{
    CommandArgument{"flow", ArgumentType::String, true, true,
                    "the 5-tuple of downlink packets: PROTOCOL,SOURCE,PORT,DESTINATION,PORT, or "
                    "PROTOCOL,SOURCE,DESTINATION where there are no ports"},
    CommandArgument{"mn", ArgumentType::String, false, false, "MN-ID; found by the destination if absent"},
    CommandArgument{"dscp", ArgumentType::Integer, false, false,
                    "the packets' DSCP; 0 if absent; at a mobile node that of a flow's first packet"},
    CommandArgument{"flow_label", ArgumentType::Integer, false, false, "their flow label; 0 if absent"},
    CommandArgument{"spi", ArgumentType::Integer, false, false, "their security parameter index (IPsec)"},
    CommandArgument{"user", ArgumentType::String, false, false,
                    "at a mobile node: whose socket sends the answers, a name or uid; nobody's if absent"},
    CommandArgument{"cgroup", ArgumentType::String, false, false,
                    "at a mobile node: the cgroup of that socket, as in its file; none if absent"},
};
constexpr CommandArgument kPolicyFile{
    "file", ArgumentType::File, true, true,
    "an LMA's file, of which the policies count, or one that has nothing else; the daemon reads it"};
constexpr std::array kPolicyDiff{kPolicyFile};
constexpr std::array kPolicyApply{
    kPolicyFile,
    CommandArgument{
        "confirm", ArgumentType::String, false, false,
        "the policies before come back after this time, such as 60s, unless `policy confirm` comes"},
};
constexpr std::array kAttach{
    CommandArgument{"access", ArgumentType::String, true, true, "access link, as named in the configuration"},
    CommandArgument{"mn", ArgumentType::String, false, false,
                    "MN-ID; found by the link-layer address if absent"},
    CommandArgument{"mac", ArgumentType::String, false, false, "link-layer address of the mobile node"},
    CommandArgument{"services", ArgumentType::StringList, false, false,
                    "service identifiers for this attachment"},
    CommandArgument{"handoff_indicator", ArgumentType::String, false, false,
                    "new, sharing, unknown, between-interfaces or between-mags"},
};
constexpr std::array kDetach{
    CommandArgument{"access", ArgumentType::String, true, true, "access link, as named in the configuration"},
    CommandArgument{"mn", ArgumentType::String, false, false, "MN-ID"},
    CommandArgument{"mac", ArgumentType::String, false, false, "link-layer address of the mobile node"},
};

constexpr std::array kRevoke{
    CommandArgument{"mn", ArgumentType::String, false, false, "MN-ID: what this node has (LMA)"},
    CommandArgument{"realm", ArgumentType::String, false, false,
                    "what nodes of this realm have, whose identifiers end with @realm (LMA)"},
    CommandArgument{"mag", ArgumentType::String, false, false,
                    "only at this MAG; alone: all that it has here (LMA)"},
    CommandArgument{"reason", ArgumentType::String, false, false,
                    "of one node: administrative, unspecified, user, access-network or out-of-sync (LMA)"},
};

constexpr std::array kMemberAdd{
    CommandArgument{"interface", ArgumentType::String, true, true, "the physical interface"},
    CommandArgument{"technology", ArgumentType::String, false, false,
                    "what kind of link it is, such as 802.11, lte or 802.3, which it is if absent"},
    CommandArgument{"prefer", ArgumentType::Boolean, false, false, "before all others; else behind them"},
    CommandArgument{
        "take_over", ArgumentType::Boolean, false, false,
        "removes its global addresses, which nobody puts back; else such an interface is refused"},
};
constexpr std::array kMemberRemove{
    CommandArgument{"interface", ArgumentType::String, true, true, "a member"},
    CommandArgument{"drain", ArgumentType::String, false, false,
                    "how long what still comes by it is taken, such as 5s or 0s; 1s if absent"},
};
constexpr std::array kMemberPrefer{
    CommandArgument{"interfaces", ArgumentType::StringList, true, true,
                    "members, the best first; others follow in the order that they had"},
};

constexpr std::array kMonitorDrops{
    CommandArgument{"reason", ArgumentType::String, false, false,
                    "only drops for this reason, as in `show statistics`"},
};

constexpr std::array kCapture{
    CommandArgument{"mn", ArgumentType::String, false, false,
                    "the mobile node (MN-ID); may be absent at a mobile node itself"},
    CommandArgument{"snaplen", ArgumentType::Integer, false, false,
                    "octets of each packet, up to 256; 192 if absent"},
};

constexpr std::array kCommands{
    ControlCommand{"status", kEvery, ReadOnly, {}, "name, version, role, uptime and what the daemon serves"},
    ControlCommand{"show bindings", Lma | Mag, ReadOnly, kOnlyMn,
                   "binding cache of an LMA: MN-ID, address, flow, MAG; binding update list of a MAG"},
    ControlCommand{"show sessions", kLma, ReadOnly, kOnlyMn,
                   "attached interfaces with lifetimes and access types"},
    ControlCommand{"show flows", Lma | Mn, ReadOnly, kOnlyMn, "flow bindings, their links and counters"},
    ControlCommand{"show handovers", kLma, ReadOnly, kHandovers,
                   "the latest moves of flows: why, when, and what their packets felt"},
    ControlCommand{"show tunnels", Lma | Mag, ReadOnly, {}, "tunnels and the sessions that use them"},
    ControlCommand{"show peers",
                   Lma | Mag,
                   ReadOnly,
                   {},
                   "the other end of signalling: heartbeat, restart counter, sessions"},
    ControlCommand{"show links", kEvery, ReadOnly, {}, "interfaces: role, carrier, addresses, counters"},
    ControlCommand{
        "show statistics", kEvery, ReadOnly, {}, "messages, rejections and drops, each with its reason"},
    ControlCommand{"flow move", Lma | Mn, Admin, kFlowMove,
                   "moves a flow to another of its node's links, until a link registers for the flow's "
                   "service anew, it is released, or a policy is applied that has a rule for it where none "
                   "was; whichever of LMA and mobile node decides (`decider`) can",
                   false, true},
    ControlCommand{"flow release", Lma | Mn, Admin, kFlowRelease,
                   "a flow that was moved follows its rule again", false, true},
    ControlCommand{
        "member add", kOnlyAtMn, Admin, kMemberAdd,
        "one more interface under the virtual one, until the daemon reads its file again (reload, restart)"},
    ControlCommand{
        "member remove", kOnlyAtMn, Admin, kMemberRemove,
        "the node sends nothing more by a member, whose interface is left as it was before; until the daemon "
        "reads its file again. The anchor is not told, and goes on sending there what it sends there: move "
        "those "
        "flows first (`flow move` at the LMA where it decides)"},
    ControlCommand{"member prefer", kOnlyAtMn, Admin, kMemberPrefer,
                   "the order of preference among members, until the daemon reads its file again"},
    ControlCommand{
        "flow announce", kMag, Admin, kFlowSwitch,
        "announces a flow of the configuration to the LMA, until the node attaches anew (RFC 6089)"},
    ControlCommand{"flow withdraw", kMag, Admin, kFlowSwitch, "announces it no more"},
    ControlCommand{"show policies", kLma, ReadOnly, {}, "rules for flows, as they hold now"},
    ControlCommand{"policy explain", Lma | Mn, ReadOnly, kPolicyExplain,
                   "which rule and link some packets have, why, and why not the others"},
    ControlCommand{"policy diff", kLma, Admin, kPolicyDiff,
                   "what the policies of a file would change: rules, and flows that would move"},
    ControlCommand{"policy apply", kLma, Admin, kPolicyApply,
                   "the policies of a file hold from now on, until the daemon reads its own file again "
                   "(reload, restart)"},
    ControlCommand{
        "policy confirm", kLma, Admin, {}, "what was applied on trial stays as policy apply would have it"},
    ControlCommand{
        "policy reload",
        kLma,
        Admin,
        {},
        "the policies of the daemon's file hold; moves only what the difference moves: a flow that no rule "
        "governs any more stays where it is"},
    ControlCommand{"session revoke", Lma | Mag, Admin, kRevoke,
                   "ends sessions at both ends (RFC 5846); of a MAG all, as when its access is shut down"},
    ControlCommand{"attach", kMag, Admin, kAttach,
                   "attaches a mobile node as if it had appeared on the link"},
    ControlCommand{"detach", kMag, Admin, kDetach, "detaches a mobile node as if it had left the link"},
    ControlCommand{"reload", kEvery, Admin, {}, "reads the configuration again; live bindings stay"},
    ControlCommand{
        "monitor", kEvery, ReadOnly, {}, "streams events, one a line; with --json each a JSON object", true},
    ControlCommand{"capture", kEvery, Admin, kCapture,
                   "one mobile node's packets, outside of their tunnels; at the node itself those of its "
                   "virtual interface",
                   true, true},
    ControlCommand{"monitor drops", kEvery, Admin, kMonitorDrops,
                   "samples of the packets that the data plane drops: why, where, and how they begin", true,
                   true},
};

bool has_type(const nlohmann::ordered_json& value, ArgumentType type) {
  switch (type) {
    case ArgumentType::String:
    case ArgumentType::File:
      return value.is_string();
    case ArgumentType::Integer:
      return value.is_number_integer();
    case ArgumentType::Boolean:
      return value.is_boolean();
    case ArgumentType::StringList:
      return value.is_array() &&
             std::ranges::all_of(value, [](const auto& item) { return item.is_string(); });
  }
  return false;
}

tl::unexpected<Error> bad_argument(const ControlCommand& command, std::string_view name,
                                   std::string_view problem) {
  return fail("bad-argument",
              std::string(command.name) + ": argument '" + std::string(name) + "' " + std::string(problem));
}

}  // namespace

std::string_view to_string(DaemonRole role) { return role == Lma ? "lma" : role == Mag ? "mag" : "mn"; }

std::string_view to_string(CommandAccess access) { return access == ReadOnly ? "read-only" : "admin"; }

std::string_view to_string(ArgumentType type) {
  switch (type) {
    case ArgumentType::String:
      return "string";
    case ArgumentType::Integer:
      return "integer";
    case ArgumentType::Boolean:
      return "boolean";
    case ArgumentType::StringList:
      return "list of strings";
    case ArgumentType::File:
      return "string";
  }
  return "?";
}

std::span<const ControlCommand> control_commands() { return kCommands; }

const ControlCommand* find_command(std::string_view name) {
  const auto* row = std::ranges::find(kCommands, name, &ControlCommand::name);
  return row == kCommands.end() ? nullptr : &*row;
}

Result<void> check_arguments(const ControlCommand& command, const nlohmann::ordered_json& arguments) {
  if (!arguments.is_object()) return fail("bad-argument", "\"args\" has to be an object");
  for (const auto& [name, value] : arguments.items()) {
    const auto row = std::ranges::find(command.arguments, std::string_view(name), &CommandArgument::name);
    if (row == command.arguments.end()) return bad_argument(command, name, "is not known");
    if (!has_type(value, row->type)) {
      const std::string type(to_string(row->type));
      return bad_argument(command, name, "has to be " + std::string(type[0] == 'i' ? "an " : "a ") + type);
    }
  }
  for (const CommandArgument& row : command.arguments) {
    if (row.required && !arguments.contains(row.name)) return bad_argument(command, row.name, "is missing");
  }
  return {};
}

}  // namespace flowmob::platform
