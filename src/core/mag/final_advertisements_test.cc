// SPDX-License-Identifier: Apache-2.0
// The router goes (RFC 4861 section 6.2.5): a node that misses the only word of it keeps its router.
#include "core/mag/mag_fixture.h"

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace flowmob::core {
namespace {

class FinalAdvertisement : public MagFixture {
 protected:
  void register_and_detach() {
    register_node();
    detach();
  }
  void detach() {
    now = now + 10s;
    clear();
    left = now.monotonic - start_time.monotonic;
    ASSERT_TRUE(command("detach", {{"access", "wlan"}, {"mn", "mn1@example.com"}}));
  }
  Duration left{};
};

TEST_F(FinalAdvertisement, IsSentThreeTimesAndNotMore) {
  register_and_detach();
  accept();
  advance(10min);
  EXPECT_THAT(advertisement_times, ElementsAre(left, left + 1s, left + 2s));
  for (const auto& sent : advertisements) {
    const auto advertisement = decode(sent);
    EXPECT_EQ(sent.link_destination, kNode);
    EXPECT_EQ(advertisement.router_lifetime, 0);
    const auto* home = wire::find<wire::PrefixInformation>(advertisement.options);
    ASSERT_NE(home, nullptr);
    EXPECT_EQ(home->prefix, kHomePrefix.address);
    EXPECT_EQ(home->preferred_lifetime, 0U);
  }
  EXPECT_EQ(counter("messages", "ra_sent"), 4U);
  EXPECT_FALSE(gateway->poll_timeout());
}

/// It takes the router that it is about to get for one that is lost.
TEST_F(FinalAdvertisement, IsNotRepeatedToOneThatHasComeBack) {
  register_and_detach();
  ASSERT_TRUE(command("attach", {{"access", "wlan"}, {"mac", kNode.to_string()}}));
  clear();
  advance(1500ms);
  EXPECT_THAT(advertisements, IsEmpty());
  accept();
  advance(5s);
  EXPECT_FALSE(advertisements.empty());
  for (const auto& sent : advertisements) EXPECT_NE(decode(sent).router_lifetime, 0);
}

/// The gateway asks for the node once more, which has not moved: it has to know that there is no router until
/// the LMA has answered.
TEST_F(FinalAdvertisement, IsRepeatedToOneWhoseBindingRanOut) {
  register_node();
  clear();
  advance(11min);
  std::vector<Duration> finals;
  for (std::size_t i = 0; i < advertisements.size(); ++i)
    if (decode(advertisements[i]).router_lifetime == 0) finals.push_back(advertisement_times[i]);
  EXPECT_THAT(finals, ElementsAre(10min, 10min + 1s, 10min + 2s));
}

TEST_F(FinalAdvertisement, IsNotRepeatedOnALinkThatIsGone) {
  register_and_detach();
  clear();
  link(false);
  link(true);
  advance(10s);
  EXPECT_THAT(advertisements, IsEmpty());
}

TEST_F(FinalAdvertisement, DoesNotTakeTheRouterFromAVisitor) {
  auto config = default_config();
  config.accesses[0].visited_prefix = Ipv6Prefix::parse("2001:db8:beef::/64").value();
  start(config);
  register_node();
  now = now + 10s;
  solicit();
  ASSERT_TRUE(command("detach", {{"access", "wlan"}, {"mn", "mn1@example.com"}}));
  accept();
  ASSERT_TRUE(command("attach", {{"access", "wlan"}, {"mac", kNode.to_string()}}));
  reject(wire::BindingStatus::NotLmaForThisMobileNode);
  clear();
  advance(5s);
  for (const auto& sent : advertisements) EXPECT_NE(decode(sent).router_lifetime, 0);
  EXPECT_FALSE(advertisements.empty());
}

}  // namespace
}  // namespace flowmob::core
