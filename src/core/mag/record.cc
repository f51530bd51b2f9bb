// SPDX-License-Identifier: Apache-2.0
#include "core/mag/record.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/delegated_prefix.h"

namespace flowmob::core {
namespace {

tl::unexpected<Error> bad_record(const std::string& problem) {
  return fail("bad-record", "attachment record: " + problem);
}

template <class T>
Result<std::vector<Ipv6Prefix>> parse_prefixes(const T& texts) {
  std::vector<Ipv6Prefix> prefixes;
  for (const auto& text : texts) {
    auto prefix = Ipv6Prefix::parse(text);
    if (!prefix) return bad_record(prefix.error().message);
    prefixes.push_back(*prefix);
  }
  return prefixes;
}

Result<std::optional<Ipv4Home>> parse_ipv4(const std::string& home, const std::string& router) {
  if (home.empty() && router.empty()) return std::nullopt;
  const auto address = Ipv4Interface::parse(home);
  if (!address) return bad_record(address.error().message);
  const auto gateway = Ipv4Address::parse(router);
  if (!gateway) return bad_record(gateway.error().message);
  return Ipv4Home{*address, *gateway};
}

Json names_of(const std::map<std::string, bool>& switched, bool on) {
  Json names = Json::array();
  for (const auto& [name, is_on] : switched)
    if (is_on == on) names.push_back(name);
  return names;
}

}  // namespace

Json AttachmentRecord::to_json() const {
  Json texts = Json::array();
  for (const auto& prefix : prefixes) texts.push_back(prefix.to_string());
  Json off_link_texts = Json::array();
  for (const auto& prefix : off_link) off_link_texts.push_back(prefix.to_string());
  Json delegated_texts = Json::array();
  for (const auto& prefix : delegated) delegated_texts.push_back(prefix.to_string());
  return {{"id", id.value},
          {"mn", mn_id},
          {"access", access},
          {"technology", static_cast<unsigned>(technology)},
          {"link_layer", link_layer.to_string()},
          {"node_link_local", node_link_local.to_string()},
          {"services", services},
          {"services_registered", services_registered},
          {"prefixes", texts},
          {"sequence", sequence},
          {"expires_ns", expires.time_since_epoch().count()},
          {"ipv6", ipv6},
          {"ipv4", ipv4},
          {"ipv4_home", ipv4_home ? ipv4_home->address.to_string() : std::string()},
          {"ipv4_router", ipv4_home ? ipv4_home->router.to_string() : std::string()},
          {"dhcp_server", dhcp_server},
          {"encapsulation", static_cast<unsigned>(encapsulation)},
          {"uplink_key", uplink_key},
          {"off_link", off_link_texts},
          {"off_link_named", off_link_named},
          {"delegated_prefixes", delegated_texts},
          {"flows_announced", names_of(flows_switched, true)},
          {"flows_withdrawn", names_of(flows_switched, false)}};
}

Result<AttachmentRecord> AttachmentRecord::from_json(const Json& json) {
  AttachmentRecord record;
  std::vector<std::string> prefixes;
  std::vector<std::string> off_link;
  std::vector<std::string> delegated;
  std::string link_layer;
  std::string node_link_local;
  std::string ipv4_home;
  std::string ipv4_router;
  try {
    record.id = SessionId{json.at("id").get<std::uint32_t>()};
    json.at("mn").get_to(record.mn_id);
    json.at("access").get_to(record.access);
    record.technology = wire::AccessTechnology{json.at("technology").get<std::uint8_t>()};
    json.at("link_layer").get_to(link_layer);
    json.at("node_link_local").get_to(node_link_local);
    json.at("services").get_to(record.services);
    json.at("services_registered").get_to(record.services_registered);
    json.at("prefixes").get_to(prefixes);
    json.at("sequence").get_to(record.sequence);
    record.encapsulation = Encapsulation{json.at("encapsulation").get<std::uint8_t>()};
    json.at("uplink_key").get_to(record.uplink_key);
    record.expires = WallTime(Duration(json.at("expires_ns").get<std::int64_t>()));
    json.at("ipv6").get_to(record.ipv6);
    json.at("ipv4").get_to(record.ipv4);
    json.at("ipv4_home").get_to(ipv4_home);
    json.at("ipv4_router").get_to(ipv4_router);
    json.at("dhcp_server").get_to(record.dhcp_server);
    json.at("off_link").get_to(off_link);
    record.off_link_named = json.at("off_link_named").get<bool>();
    if (json.contains("delegated_prefixes"))  // older records have none
      json.at("delegated_prefixes").get_to(delegated);
    for (const auto& name : json.at("flows_announced").get<std::vector<std::string>>())
      record.flows_switched[name] = true;
    for (const auto& name : json.at("flows_withdrawn").get<std::vector<std::string>>())
      record.flows_switched[name] = false;
  } catch (const Json::exception& problem) {
    return bad_record(problem.what());
  }
  const auto mac = MacAddress::parse(link_layer);
  if (!mac) return bad_record(mac.error().message);
  const auto address = Ipv6Address::parse(node_link_local);
  if (!address) return bad_record(address.error().message);
  auto parsed = parse_prefixes(prefixes);
  if (!parsed) return tl::unexpected(parsed.error());
  auto others = parse_prefixes(off_link);
  if (!others) return tl::unexpected(others.error());
  auto behind = parse_prefixes(delegated);
  if (!behind) return tl::unexpected(behind.error());
  if (!std::ranges::all_of(*behind, &may_be_delegated)) return bad_record("no such prefix is delegated");
  const auto home = parse_ipv4(ipv4_home, ipv4_router);
  if (!home) return tl::unexpected(home.error());
  if (!record.id || record.mn_id.empty() || mac->is_zero() || (parsed->empty() && !*home))
    return bad_record("an id, a mobile node, its link-layer address and a home address are needed");
  if (record.encapsulation > Encapsulation::Udp) return bad_record("no such encapsulation");
  record.ipv4_home = *home;
  record.link_layer = *mac;
  record.node_link_local = *address;
  record.prefixes = std::move(*parsed);
  record.off_link = std::move(*others);
  record.delegated = std::move(*behind);
  return record;
}

}  // namespace flowmob::core
