// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/path_mtu.h"

#include <gtest/gtest.h>

namespace flowmob::daemon {
namespace {

TEST(TunnelMtu, IsThePathsLessTheOuterHeader) {
  EXPECT_EQ(tunnel_mtu(1460, 1400), 1360);
  EXPECT_EQ(tunnel_mtu(1460, 1499), 1459);
}

TEST(TunnelMtu, IsAtMostWhatIsConfigured) {
  EXPECT_EQ(tunnel_mtu(1460, 1500), 1460);
  EXPECT_EQ(tunnel_mtu(1460, 65536), 1460);
}

TEST(TunnelMtu, IsWhatIsConfiguredWhileThePathIsNotKnown) { EXPECT_EQ(tunnel_mtu(1400, {}), 1400); }

TEST(TunnelMtu, IsAtLeastWhatIpv6Needs) {
  EXPECT_EQ(tunnel_mtu(1460, 1319), 1280);
  EXPECT_EQ(tunnel_mtu(1460, 0), 1280);
}

}  // namespace
}  // namespace flowmob::daemon
