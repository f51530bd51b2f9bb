// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/ipv4.h"

namespace flowmob::core {

/// Our address towards peers, and that towards those that are spoken to over IPv4.
class OwnAddress {
 public:
  OwnAddress(const Ipv6Address& address, const std::optional<Ipv4Address>& ipv4 = {})
      : address_(address), mapped_(ipv4 ? to_mapped(*ipv4) : address) {}

  const Ipv6Address& towards(const Ipv6Address& peer) const { return is_mapped(peer) ? mapped_ : address_; }

 private:
  Ipv6Address address_, mapped_;
};

}  // namespace flowmob::core
