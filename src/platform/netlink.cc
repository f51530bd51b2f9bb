// SPDX-License-Identifier: Apache-2.0
#include "platform/netlink.h"

namespace flowmob::platform {

Result<Netlink> Netlink::open() {
  return NetlinkSocket::open().map([](NetlinkSocket socket) { return Netlink(std::move(socket)); });
}

}  // namespace flowmob::platform
