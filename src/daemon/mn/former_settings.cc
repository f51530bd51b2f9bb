// SPDX-License-Identifier: Apache-2.0
#include "daemon/mn/former_settings.h"

#include <algorithm>
#include <stdexcept>

#include "platform/control_message.h"

namespace flowmob::daemon {
namespace {

using platform::InterfaceAddress;
using platform::Json;

constexpr int kVersion = 1;

tl::unexpected<Error> unbelievable(const std::string& why) { return fail("bad-record", why); }

Json record_of(const InterfaceAddress& address) {
  return {{"address", address.address.to_string()},
          {"prefix_length", address.prefix_length},
          {"preferred_lifetime", address.preferred_lifetime},
          {"no_dad", address.no_dad},
          {"no_prefix_route", address.no_prefix_route}};
}

Json record_of(const FormerDeviceSettings& device) {
  Json ports = Json::array();
  for (const auto& port : device.ports)
    ports.push_back({{"index", port.index.value}, {"mac", port.mac.to_string()}});
  return {{"ports", std::move(ports)},
          {"mtu", device.mtu},
          {"ipv6_mtu", device.ipv6_mtu},
          {"router_solicitations", device.router_solicitations},
          {"accept_dad", device.accept_dad},
          {"dad_transmits", device.dad_transmits},
          {"addr_gen_mode", device.addr_gen_mode}};
}

Json record_of(const FormerSettings& former) {
  Json addresses = Json::array();
  for (const auto& address : former.addresses) addresses.push_back(record_of(address));
  Json record{{"interface", former.name},
              {"index", former.index.value},
              {"mac", former.mac.to_string()},
              {"accept_ra", former.accept_ra},
              {"up", former.up},
              {"disable_ipv6", former.disable_ipv6},
              {"master", former.master.value},
              {"has_clsact", former.has_clsact},
              {"addresses", std::move(addresses)}};
  record["routes"] = Json::array();
  for (const auto& route : former.routes) record["routes"].push_back(to_hex(route.message));
  record["is_assumed"] = former.is_assumed;
  if (!former.kind.empty()) record["kind"] = former.kind;
  if (former.device) record["device"] = record_of(*former.device);
  return record;
}

// These throw, as the library does that they call.

template <class T>
T within(const Json& object, const char* key, T least, T most) {
  const auto& value = object.at(key);
  if (!value.is_number_integer()) throw std::runtime_error(std::string(key) + " is no whole number");
  const auto number = value.get<std::int64_t>();
  if (number < static_cast<std::int64_t>(least) || number > static_cast<std::int64_t>(most))
    throw std::runtime_error(std::string(key) + " is out of range");
  return static_cast<T>(number);
}

template <class T>
T parsed(const Json& object, const char* key) {
  auto value = T::parse(object.at(key).get<std::string>());
  if (!value) throw std::runtime_error(std::string(key) + ": " + value.error().message);
  return *value;
}

InterfaceAddress address_from(const Json& object, InterfaceIndex interface) {
  InterfaceAddress address;
  address.interface = interface;
  address.address = parsed<Ipv6Address>(object, "address");
  if (!address.address.is_routable_unicast()) throw std::runtime_error("an address that no interface has");
  address.prefix_length = within<std::uint8_t>(object, "prefix_length", 0, 128);
  address.preferred_lifetime = within<std::uint32_t>(object, "preferred_lifetime", 0, platform::kForever);
  address.no_dad = object.at("no_dad").get<bool>();
  address.no_prefix_route = object.at("no_prefix_route").get<bool>();
  return address;
}

InterfaceIndex index_from(const Json& object) {
  return InterfaceIndex{within<std::uint32_t>(object, "index", 1, 0x7fffffff)};
}

// What an earlier version did not write is as it was then.

std::vector<FormerPort> ports_from(const Json& device) {
  std::vector<FormerPort> ports;
  if (device.contains("ports"))
    for (const Json& port : device.at("ports"))
      ports.push_back({index_from(port), parsed<MacAddress>(port, "mac")});
  return ports;
}

std::vector<platform::ForeignRoute> routes_from(const Json& object, InterfaceIndex interface) {
  std::vector<platform::ForeignRoute> routes;
  if (!object.contains("routes")) return routes;
  for (const Json& text : object.at("routes")) {
    auto route = from_hex(text.get<std::string>()).and_then([&](Bytes&& message) {
      return platform::ForeignRoute::parse(std::move(message), interface);
    });
    if (!route) throw std::runtime_error(route.error().message);
    routes.push_back(std::move(*route));
  }
  return routes;
}

FormerDeviceSettings device_from(const Json& object) {
  constexpr int kMost = 0x7fffffff;
  return {within<std::uint32_t>(object, "mtu", 0, kMost),
          within(object, "ipv6_mtu", 0, kMost),
          within(object, "router_solicitations", -1, kMost),
          within(object, "accept_dad", -1, 2),
          within(object, "dad_transmits", 0, kMost),
          within(object, "addr_gen_mode", 0, 3),
          ports_from(object)};
}

FormerSettings settings_from(const Json& object) {
  FormerSettings former;
  former.name = object.at("interface").get<std::string>();
  former.index = index_from(object);
  former.mac = parsed<MacAddress>(object, "mac");
  former.accept_ra = within(object, "accept_ra", 0, 2);
  former.disable_ipv6 = within(object, "disable_ipv6", 0, 1);
  former.up = object.at("up").get<bool>();
  former.master = InterfaceIndex{within<std::uint32_t>(object, "master", 0, 0x7fffffff)};
  former.has_clsact = object.at("has_clsact").get<bool>();
  for (const Json& address : object.at("addresses"))
    former.addresses.push_back(address_from(address, former.index));
  former.routes = routes_from(object, former.index);
  if (object.contains("is_assumed")) former.is_assumed = object.at("is_assumed").get<bool>();
  if (object.contains("kind")) former.kind = object.at("kind").get<std::string>();
  if (object.contains("device")) former.device = device_from(object.at("device"));
  return former;
}

std::vector<FormerSettings> all_from(const Json& document, const FormerWorld& world) {
  if (within(document, "version", 0, 0x7fffffff) != kVersion)
    throw std::runtime_error("another version wrote it");
  if (document.at("boot").get<std::string>() != world.boot ||
      document.at("network_namespace").get<std::uint64_t>() != world.network_namespace)
    throw std::runtime_error("it is of another boot, or another network namespace");
  std::vector<FormerSettings> all;
  for (const Json& one : document.at("interfaces")) all.push_back(settings_from(one));
  return all;
}

}  // namespace

MacAddress identity_of(const platform::Link& link) {
  return link.permanent_mac.is_zero() ? link.mac : link.permanent_mac;
}

std::string write_former_settings(const FormerWorld& world, const std::vector<FormerSettings>& all) {
  Json interfaces = Json::array();
  for (const auto& former : all) interfaces.push_back(record_of(former));
  return Json{{"version", kVersion},
              {"boot", world.boot},
              {"network_namespace", world.network_namespace},
              {"interfaces", std::move(interfaces)}}
             .dump(1, ' ', false, Json::error_handler_t::replace) +
         '\n';
}

Result<std::vector<FormerSettings>> read_former_settings(std::string_view text, const FormerWorld& world) {
  try {
    auto all = all_from(Json::parse(text), world);
    std::vector<InterfaceIndex> indices;
    for (const auto& former : all) indices.push_back(former.index);
    std::ranges::sort(indices);
    if (std::ranges::adjacent_find(indices) != indices.end())
      return unbelievable("it has an interface twice");
    return all;
  } catch (const std::exception& error) {
    return unbelievable(error.what());
  }
}

}  // namespace flowmob::daemon
