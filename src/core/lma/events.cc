// SPDX-License-Identifier: Apache-2.0
#include "core/lma/events.h"

#include "core/lma/access_network.h"
#include "core/lma/identifier.h"
#include "core/signalling/vendor_options.h"

namespace flowmob::core {
namespace {

std::string_view event_of(FlowEvent::Kind kind) {
  switch (kind) {
    case FlowEvent::Kind::Moved:
      return "flow-moved";
    case FlowEvent::Kind::Fallback:
      return "flow-fallback";
    case FlowEvent::Kind::Returned:
      return "flow-returned";
  }
  return "?";
}

std::string_view event_of(const Session* before, const Session& after) {
  if (!before) return "binding-registered";
  if (before->mag != after.mag) return "binding-handoff";
  return is_extension(before, after) ? "binding-extended" : "binding-revived";
}

Json mag_of(const Policy& policy, const MobileNode& node, SessionId session) {
  const auto* mag = node.mag_of(session);
  return mag ? Json(policy.mag_name(*mag)) : Json();
}

}  // namespace

void add_notes(const Shared<wire::MobilityOptions>& notes, Json& fields) {
  if (!notes) return;
  if (const auto* network = access_network_in(notes)) fields["access_network"] = access_network_json(network);
  const auto vendor = wire::find_all<wire::VendorSpecific>(*notes);
  if (!vendor.empty()) fields["vendor_options"] = vendor_options_json(vendor);
}

Json prefixes_json(const std::vector<Ipv6Prefix>& prefixes) {
  Json list = Json::array();
  for (const auto& prefix : prefixes) list.push_back(prefix.to_string());
  return list;
}

Notify session_event(std::string event, const Policy& policy, const MobileNode& node,
                     const Session& session) {
  return {std::move(event),
          {{"mn", escaped(node.mn_id)},
           {"session", session.id.value},
           {"mag", policy.mag_name(session.mag)},
           {"prefixes", prefixes_json(node.prefixes)},
           {"ipv4_address", node.ipv4 ? Json(node.ipv4->address.to_string()) : Json()},
           {"access_technology", wire::to_string(session.technology)}}};
}

bool is_extension(const Session* before, const Session& after) {
  return before && before->mag == after.mag && !before->in_delete_wait;
}

Notify binding_event(const Policy& policy, const Session* before, const MobileNode& node,
                     const Session& after, const std::optional<std::string>& service) {
  Notify event = session_event(std::string(event_of(before, after)), policy, node, after);
  if (before && before->mag != after.mag) event.fields["from"] = policy.mag_name(before->mag);
  event.fields["handoff_indicator"] = wire::to_string(after.handoff);
  event.fields["lifetime_seconds"] = std::chrono::duration_cast<std::chrono::seconds>(after.lifetime).count();
  if (service) event.fields["service"] = escaped(*service);
  add_notes(after.notes, event.fields);
  return event;
}

Notify flow_event(const Policy& policy, const MobileNode& before, const MobileNode& after,
                  const FlowEvent& change) {
  return {std::string(event_of(change.kind)),
          {{"mn", escaped(after.mn_id)},
           {"flow", escaped(change.after.name())},
           {"flow_index", change.after.index.value},
           {"from", mag_of(policy, before, change.before.current)},
           {"to", mag_of(policy, after, change.after.current)},
           {"session", after.session_behind(change.after.current).value}}};
}

Json spread_json(const Policy& policy, const MobileNode& node, const Spread& spread) {
  if (spread.kind == SpreadKind::None) return nullptr;
  Json links = Json::array();
  for (const auto& link : spread.links) {
    links.push_back(
        {{"mag", mag_of(policy, node, link.session)}, {"session", node.session_behind(link.session).value}});
    if (spread.kind == SpreadKind::Shares) links.back()["weight"] = link.weight;
  }
  return {{"kind", to_string(spread.kind)}, {"links", std::move(links)}};
}

void append_spread_events(const Policy& policy, const MobileNode& before, const MobileNode& after,
                          std::vector<Notify>& events) {
  for (const auto& flow : after.flows.bindings()) {
    const auto* known = before.flows.find(flow.index);
    if (flow.spread == (known ? known->spread : Spread{})) continue;
    events.push_back(Notify{"flow-spread",
                            {{"mn", escaped(after.mn_id)},
                             {"flow", escaped(flow.name())},
                             {"flow_index", flow.index.value},
                             {"spread", spread_json(policy, after, flow.spread)}}});
  }
}

}  // namespace flowmob::core
