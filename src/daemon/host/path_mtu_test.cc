// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/path_mtu.h"

#include <gtest/gtest.h>

namespace flowmob::daemon {
namespace {

TEST(TunnelMtu, IsThePathsLessTheOuterHeader) {
  EXPECT_EQ(tunnel_mtu(1460, 1400, 40), 1360);
  EXPECT_EQ(tunnel_mtu(1460, 1499, 40), 1459);
  EXPECT_EQ(tunnel_mtu(1480, 1400, 20), 1380) << "over IPv4";
}

TEST(TunnelMtu, IsAtMostWhatIsConfigured) {
  EXPECT_EQ(tunnel_mtu(1460, 1500, 40), 1460);
  EXPECT_EQ(tunnel_mtu(1460, 65536, 40), 1460);
  EXPECT_EQ(tunnel_mtu(1460, 1490, 20), 1460);
}

TEST(TunnelMtu, IsWhatIsConfiguredWhileThePathIsNotKnown) { EXPECT_EQ(tunnel_mtu(1400, {}, 40), 1400); }

TEST(TunnelMtu, IsAtLeastWhatIpv6Needs) {
  EXPECT_EQ(tunnel_mtu(1460, 1319, 40), 1280);
  EXPECT_EQ(tunnel_mtu(1460, 0, 40), 1280);
  EXPECT_EQ(tunnel_mtu(1460, 576, 20), 1280);
}

}  // namespace
}  // namespace flowmob::daemon
