// SPDX-License-Identifier: Apache-2.0
#include "platform/local_address.h"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <cstring>
#include <memory>

#include "base/ipv4.h"

namespace flowmob::platform {
namespace {

/// Zero: it is of neither kind.
Ipv6Address address_in(const ::sockaddr* found) {
  Ipv6Address address;
  if (found != nullptr && found->sa_family == AF_INET6) {
    ::sockaddr_in6 of_ipv6{};
    std::memcpy(&of_ipv6, found, sizeof of_ipv6);
    std::memcpy(address.octets.data(), &of_ipv6.sin6_addr, address.octets.size());
  } else if (found != nullptr && found->sa_family == AF_INET) {
    ::sockaddr_in of_ipv4{};
    std::memcpy(&of_ipv4, found, sizeof of_ipv4);
    Ipv4Address octets;
    std::memcpy(octets.octets.data(), &of_ipv4.sin_addr, octets.octets.size());
    address = to_mapped(octets);
  }
  return address;
}

}  // namespace

bool is_local_address(const Ipv6Address& address) {
  ::ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return false;
  const std::unique_ptr<::ifaddrs, decltype(&::freeifaddrs)> all(first, &::freeifaddrs);
  for (const ::ifaddrs* one = first; one != nullptr; one = one->ifa_next)
    if (address != Ipv6Address{} && address_in(one->ifa_addr) == address) return true;
  return false;
}

}  // namespace flowmob::platform
