// SPDX-License-Identifier: Apache-2.0
#include "core/mag/binding_update_list.h"
#include "core/mag/mag_fixture.h"
#include "core/mag/proxy_binding_update.h"
#include "core/mag/timestamp_source.h"
#include "core/mag/tunnel_users.h"
#include "core/retransmission_timer.h"

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// The small parts by themselves.
namespace flowmob::core {
namespace {

TimePoint at(Duration since) { return TimePoint(since); }

TEST(RetransmissionTimer, DoublesUpToItsMaximum) {
  RetransmissionTimer timer(at(0s), 1s, 32s);
  std::vector<Duration> timeouts;
  for (TimePoint now = at(0s); timeouts.size() < 8; timer.restart(now)) {
    timeouts.push_back(timer.deadline() - now);
    now = timer.deadline();
  }
  EXPECT_THAT(timeouts, ElementsAre(1s, 2s, 4s, 8s, 16s, 32s, 32s, 32s));
}

TEST(TimestampSource, NeverRepeatsButBelievesAClockThatWasPutBack) {
  TimestampSource source;
  const WallTime noon(12h);
  const auto first = source.next(noon);
  EXPECT_EQ(first, wire::TimestampOption::from_wall(noon));
  EXPECT_EQ(source.next(noon).value, first.value + 1);
  EXPECT_EQ(source.next(noon - 1ms).value, first.value + 2);
  EXPECT_EQ(source.next(noon - 1h), wire::TimestampOption::from_wall(noon - 1h));
  EXPECT_EQ(source.next(noon), wire::TimestampOption::from_wall(noon));
}

/// RFC 5213 section 6.9.1.1.
TEST(ProxyBindingUpdateOptions, LinkLayerIdentifierOnlyIfItIsKnown) {
  Attachment attachment;
  attachment.request = Request{RequestKind::Initial, 150, RetransmissionTimer({}, 1s, 32s), {}, 0, 0};
  const auto has_identifier = [&] {
    return wire::find<wire::MnLinkLayerIdentifier>(build_update(attachment, false, {}).options) != nullptr;
  };
  EXPECT_FALSE(has_identifier());
  attachment.link_layer = mac("02:00:00:00:00:01");
  EXPECT_TRUE(has_identifier());
}

TEST(TunnelUsers, MadeForTheFirstRemovedAfterTheLast) {
  TunnelUsers tunnels;
  EXPECT_TRUE(tunnels.acquire(kLma, SessionId{1}));
  EXPECT_FALSE(tunnels.acquire(kLma, SessionId{1}));
  EXPECT_FALSE(tunnels.acquire(kLma, SessionId{2}));
  EXPECT_FALSE(tunnels.release(kLma, SessionId{1}));
  EXPECT_FALSE(tunnels.release(kLma, SessionId{1}));
  EXPECT_TRUE(tunnels.release(kLma, SessionId{2}));
  EXPECT_FALSE(tunnels.release(kLma, SessionId{2}));
  EXPECT_THAT(tunnels.users(), IsEmpty());
}

Attachment entry(const MacAddress& node, const std::string& access) {
  Attachment attachment;
  attachment.mn_id = "mn";
  attachment.access = access;
  attachment.link_layer = node;
  return attachment;
}

TEST(BindingUpdateList, FindsByLinkSequenceAndDeadline) {
  BindingUpdateList list;
  auto& first = list.add(entry(kNode, "a"));
  auto& second = list.add(entry(kNode, "b"));
  EXPECT_EQ(list.find("a", kNode), &first);
  EXPECT_EQ(list.find("b", kNode), &second);
  EXPECT_EQ(list.find("b", kSecondNode), nullptr);
  EXPECT_THAT(list.find_all(kNode), ElementsAre(first.id, second.id));
  EXPECT_FALSE(list.next_deadline());

  first.request = Request{RequestKind::Initial, 1, RetransmissionTimer(at(0s), 4s, 4s), {{7, at(0s)}}, 0, 0};
  list.update(first);
  second.expires = at(2s);
  list.update(second);
  EXPECT_EQ(list.find_by_sequence(7), &first);
  EXPECT_EQ(list.find_by_sequence(8), nullptr);
  EXPECT_EQ(list.next_deadline(), at(2s));
  EXPECT_THAT(list.due(at(1s)), IsEmpty());
  EXPECT_THAT(list.due(at(4s)), ElementsAre(second.id, first.id));

  first.request.reset();
  list.update(first);
  EXPECT_EQ(list.find_by_sequence(7), nullptr);
  list.erase(second.id);
  EXPECT_FALSE(list.next_deadline());
  EXPECT_THAT(list.find_all(kNode), ElementsAre(first.id));
}

TEST(BindingUpdateList, DepartedAreNotOnTheLink) {
  BindingUpdateList list;
  auto& attachment = list.add(entry(kNode, "a"));
  attachment.state = AttachmentState::Departed;
  list.update(attachment);
  EXPECT_EQ(list.find("a", kNode), nullptr);
  auto& next = list.add(entry(kNode, "a"));
  list.erase(attachment.id);
  EXPECT_EQ(list.find("a", kNode), &next);
}

TEST(BindingUpdateList, IdsAreNeverUsedAgain) {
  BindingUpdateList list;
  auto restored = entry(kNode, "a");
  restored.id = SessionId{9};
  list.restore(restored);
  const auto next = list.add(entry(kNodeOther, "a")).id;
  EXPECT_EQ(next, SessionId{10});
  list.erase(next);
  EXPECT_EQ(list.add(entry(kNodeOther, "a")).id, SessionId{11});
}

}  // namespace
}  // namespace flowmob::core
