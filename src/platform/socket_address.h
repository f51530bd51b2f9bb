// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>

#include <algorithm>

#include "base/address.h"

namespace flowmob::platform {

inline ::sockaddr_in6 to_socket_address(const Ipv6Address& address) {
  ::sockaddr_in6 result{};
  result.sin6_family = AF_INET6;
  std::copy(address.octets.begin(), address.octets.end(), result.sin6_addr.s6_addr);
  return result;
}

}  // namespace flowmob::platform
