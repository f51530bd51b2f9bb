// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/seen_packet.h"

#include <fmt/format.h>
#include <net/if.h>

#include <array>

#include "base/ipv4.h"
#include "capture/headers.h"
#include "platform/clock.h"

namespace flowmob::daemon {
namespace {

using platform::Json;

Json describe_headers(const capture::Headers& headers) {
  return {{"protocol", capture::protocol_name(headers.protocol)},
          {"source", written(headers.source)},
          {"source_port", headers.ports ? Json(headers.ports->source) : Json()},
          {"destination", written(headers.destination)},
          {"destination_port", headers.ports ? Json(headers.ports->destination) : Json()}};
}

}  // namespace

Json describe_packet(ByteView packet) {
  const auto headers = capture::headers_of(packet);
  Json description = headers.empty() ? Json::object() : describe_headers(headers.front());
  if (headers.size() > 1) description["inner"] = describe_headers(headers.back());
  return description;
}

std::string interface_name(InterfaceIndex interface) {
  std::array<char, IF_NAMESIZE> name{};
  const char* known = ::if_indextoname(interface.value, name.data());
  return known != nullptr ? known : fmt::format("#{}", interface.value);
}

WallTime wall_time(TimePoint time) {
  const Now now = platform::SystemClock::now();
  return now.wall - (now.monotonic - time);
}

}  // namespace flowmob::daemon
