// SPDX-License-Identifier: Apache-2.0
#include "core/mag/acknowledgement.h"
#include "core/mag/mag_fixture.h"

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// What becomes of a registration that the LMA refuses or answers wrongly (RFC 5213 section 6.9.1.2).
namespace flowmob::core {
namespace {

using wire::BindingStatus;
using wire::HandoffIndicator;

class Refusal : public MagFixture {
 protected:
  void reregister() {
    register_node();
    advance(300s);
    ASSERT_THAT(updates, SizeIs(2));
    clear();
  }
  void expect_service_ended() {
    EXPECT_THAT(removed_hosts, SizeIs(1));
    EXPECT_THAT(forgotten, SizeIs(1));
    EXPECT_EQ(tunnels, 0);
    ASSERT_FALSE(advertisements.empty());
    const auto last = decode(advertisements.back());
    EXPECT_EQ(last.router_lifetime, 0);
    EXPECT_EQ(wire::find<wire::PrefixInformation>(last.options)->preferred_lifetime, 0U);
  }
  void expect_silence(Duration duration) {
    const auto before = updates.size();
    advance(duration);
    EXPECT_THAT(updates, SizeIs(before));
  }
};

class StoppingStatus : public Refusal, public ::testing::WithParamInterface<BindingStatus> {};

TEST_P(StoppingStatus, StopsUntilAnAdministratorActs) {
  solicit();
  reject(GetParam());
  EXPECT_EQ(only_binding().at("state"), "refused");
  EXPECT_EQ(only_binding().at("status"), wire::to_string(GetParam()));
  EXPECT_EQ(last_notice("registration-refused").at("status"), wire::to_string(GetParam()));
  EXPECT_EQ(counter("rejections", wire::to_string(GetParam())), 1U);
  solicit();
  expect_silence(1h);
  EXPECT_THAT(hosts, IsEmpty());
  EXPECT_THAT(advertisements, IsEmpty());
  ASSERT_TRUE(command("attach", {{"access", "wlan"}, {"mac", kNode.to_string()}}));
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_EQ(service_of(updates[1]), "video");
  accept();
  EXPECT_EQ(only_binding().at("state"), "registered");
}

TEST_P(StoppingStatus, EndsServiceOnReregistration) {
  reregister();
  reject(GetParam());
  expect_service_ended();
  EXPECT_EQ(only_binding().at("state"), "refused");
  expect_silence(1h);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc5213, StoppingStatus,
    ::testing::Values(BindingStatus::AdministrativelyProhibited, BindingStatus::ServiceAuthorizationFailed,
                      BindingStatus::ProxyRegNotEnabled, BindingStatus::NotLmaForThisMobileNode,
                      BindingStatus::MagNotAuthorizedForProxyReg,
                      BindingStatus::MissingHomeNetworkPrefixOption, BindingStatus::BcePbuPrefixSetDoNotMatch,
                      BindingStatus::MissingMnIdentifierOption, BindingStatus::MissingHandoffIndicatorOption,
                      BindingStatus::MissingAccessTechTypeOption, BindingStatus{250}),
    [](const auto& value) { return "status" + std::to_string(static_cast<int>(value.param)); });

TEST_F(Refusal, NewCarrierIsANewAttachment) {
  solicit();
  reject(BindingStatus::ProxyRegNotEnabled);
  link(false);
  EXPECT_THAT(bindings(), IsEmpty());
  EXPECT_THAT(updates, SizeIs(1));
  link(true);
  solicit();
  EXPECT_THAT(updates, SizeIs(2));
}

class PassingStatus : public Refusal, public ::testing::WithParamInterface<BindingStatus> {};

TEST_P(PassingStatus, IsTriedAgainLater) {
  solicit();
  reject(GetParam());
  EXPECT_EQ(only_binding().at("state"), "refused");
  expect_silence(31s);
  advance(1s);
  ASSERT_THAT(updates, SizeIs(2));
  accept();
  EXPECT_EQ(only_binding().at("state"), "registered");
}

INSTANTIATE_TEST_SUITE_P(Rfc5213, PassingStatus,
                         ::testing::Values(BindingStatus::ReasonUnspecified,
                                           BindingStatus::InsufficientResources),
                         [](const auto& value) {
                           return "status" + std::to_string(static_cast<int>(value.param));
                         });

TEST_F(Refusal, Status157RegistersAgainWithAFreshTimestampAndKeepsService) {
  reregister();
  const auto refused = last_update;
  now = now + 10ms;
  reject(BindingStatus::TimestampLowerThanPrevAccepted);
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_GT(option<wire::TimestampOption>(updates[0]).value, option<wire::TimestampOption>(refused).value);
  EXPECT_NE(updates[0].sequence, refused.sequence);
  EXPECT_THAT(removed_hosts, IsEmpty());
  accept();
  EXPECT_EQ(only_binding().at("state"), "registered");
}

TEST_F(Refusal, Status157AgainAndAgainIsRateLimited) {
  solicit();
  for (int i = 0; i < 10; ++i) reject(BindingStatus::TimestampLowerThanPrevAccepted);
  EXPECT_THAT(updates, SizeIs(3));
  advance(999ms);
  EXPECT_THAT(updates, SizeIs(3));
  advance(1ms);
  EXPECT_THAT(updates, SizeIs(4));
}

TEST_F(Refusal, OrderingRefusalOfAnEarlierTransmissionIsStale) {
  solicit();
  advance(1s);
  ASSERT_THAT(updates, SizeIs(2));
  auto stale = answer_to(updates[0]);
  stale.status = BindingStatus::TimestampLowerThanPrevAccepted;
  deliver(stale);
  EXPECT_THAT(updates, SizeIs(2));
  EXPECT_EQ(notified("registration-refused"), 0U);
}

TEST_F(Refusal, Status135AdoptsTheReturnedSequenceNumber) {
  solicit();
  answer([](auto& ack) {
    ack.status = BindingStatus::SequenceNumberOutOfWindow;
    ack.sequence = 4711;
  });
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_EQ(updates[1].sequence, 4712);
  accept();
  EXPECT_EQ(only_binding().at("state"), "registered");
}

TEST_F(Refusal, Status135WithoutKnownIdentifiersMatchesNothing) {
  solicit();
  answer([](auto& ack) {
    ack.status = BindingStatus::SequenceNumberOutOfWindow;
    ack.options.clear();
  });
  EXPECT_THAT(updates, SizeIs(1));
  EXPECT_EQ(counter("drops", "unmatched-acknowledgement"), 1U);
}

TEST_F(Refusal, Status155AsksForAnyPrefixButOnlyOnce) {
  reregister();
  reject(BindingStatus::NotAuthorizedForHomeNetworkPrefix);
  expect_service_ended();
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_TRUE(option<wire::HomeNetworkPrefixOption>(updates[0]).is_all_zero());
  EXPECT_EQ(option<wire::HandoffIndicatorOption>(updates[0]).indicator,
            HandoffIndicator::NewInterfaceSharingPrefixes);
  reject(BindingStatus::NotAuthorizedForHomeNetworkPrefix);
  expect_silence(1h);
  EXPECT_EQ(only_binding().at("state"), "refused");
}

TEST_F(Refusal, Status156WaitsForTheClockToBeSetAndIgnoresTheStampOfTheLma) {
  solicit();
  answer([&](auto& ack) {
    ack.status = BindingStatus::TimestampMismatch;
    for (auto& o : ack.options)
      if (auto* stamp = std::get_if<wire::TimestampOption>(&o))
        *stamp = wire::TimestampOption::from_wall(now.wall + 1h);
  });
  EXPECT_EQ(last_notice("registration-refused").at("status"), "TIMESTAMP_MISMATCH");
  expect_silence(4min);
  now.wall += 3s;  // somebody set the clock
  advance(16s);    // it is looked at every 32 s
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_EQ(option<wire::TimestampOption>(updates[1]).to_wall() <= now.wall, true);
  accept();
  EXPECT_EQ(only_binding().at("state"), "registered");
}

TEST_F(Refusal, Status156ForAMessageThatTookTooLongIsNoReasonToWait) {
  solicit();
  const auto late = [&](auto& ack) {
    ack.status = BindingStatus::TimestampMismatch;
    for (auto& o : ack.options)
      if (auto* stamp = std::get_if<wire::TimestampOption>(&o))
        *stamp = wire::TimestampOption::from_wall(now.wall - 20ms);
  };
  answer(late);
  ASSERT_THAT(updates, SizeIs(2));
  accept();
  EXPECT_EQ(only_binding().at("state"), "registered");
}

TEST_F(Refusal, Status156ThatWasLateItselfIsNoReasonToWait) {
  solicit();
  advance(3100ms);
  ASSERT_THAT(updates, SizeIs(3));
  const auto refused_at = now.wall + 400ms;
  advance(3s);
  answer([&](auto& ack) {
    ack.status = BindingStatus::TimestampMismatch;
    for (auto& o : ack.options)
      if (auto* stamp = std::get_if<wire::TimestampOption>(&o))
        *stamp = wire::TimestampOption::from_wall(refused_at);
  });
  ASSERT_THAT(updates, SizeIs(4));
  accept();
  EXPECT_EQ(only_binding().at("state"), "registered");
}

TEST_F(Refusal, Status156PassesWhenTheClockOfTheLmaIsRightAgain) {
  const auto off = [&](auto& ack) {
    ack.status = BindingStatus::TimestampMismatch;
    for (auto& o : ack.options)
      if (auto* stamp = std::get_if<wire::TimestampOption>(&o))
        *stamp = wire::TimestampOption::from_wall(now.wall + 1h);
  };
  solicit();
  answer(off);
  expect_silence(5min - 1s);
  advance(21s);
  ASSERT_THAT(updates, SizeIs(2));
  answer(off);
  expect_silence(5min - 1s);
  advance(21s);
  accept();
  EXPECT_EQ(only_binding().at("state"), "registered");
}

/// Given up, the LMA would send to a link without the node for the rest of the lifetime.
TEST_F(Refusal, ADeregistrationThatTookTooLongIsSentAgain) {
  register_node();
  clear();
  link(false);
  ASSERT_THAT(updates, SizeIs(1));
  advance(500ms);
  answer([&](auto& ack) {
    ack.status = BindingStatus::TimestampMismatch;
    for (auto& o : ack.options)
      if (auto* stamp = std::get_if<wire::TimestampOption>(&o))
        *stamp = wire::TimestampOption::from_wall(now.wall);
  });
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_EQ(updates[1].lifetime, 0);
  accept();
  EXPECT_THAT(bindings(), IsEmpty());
}

TEST_F(Refusal, AnAnswerThatNamesAnotherNodeAnswersAnotherRequest) {
  solicit();
  answer([](auto& ack) {
    ack.status = BindingStatus::TimestampMismatch;
    for (auto& o : ack.options)
      if (auto* mn = std::get_if<wire::MobileNodeIdentifier>(&o)) mn->identifier[2] = '2';
  });
  EXPECT_EQ(counter("drops", "unmatched-acknowledgement"), 1U);
  advance(1s);
  EXPECT_THAT(updates, SizeIs(2)) << "sent again as if nothing had been heard";
}

using Spoil = void (*)(wire::ProxyBindingAcknowledgement&);
template <class Option>
Option& edit(wire::ProxyBindingAcknowledgement& ack) {
  for (auto& o : ack.options)
    if (auto* found = std::get_if<Option>(&o)) return *found;
  throw std::logic_error("no such option");
}
const std::vector<std::pair<std::string, Spoil>> kMismatches{
    {"mn", [](auto& ack) { edit<wire::MobileNodeIdentifier>(ack).identifier.push_back('x'); }},
    {"mnSubtype", [](auto& ack) { edit<wire::MobileNodeIdentifier>(ack).subtype = 2; }},
    {"handoff",
     [](auto& ack) { edit<wire::HandoffIndicatorOption>(ack).indicator = HandoffIndicator::Unknown; }},
    {"technology",
     [](auto& ack) { edit<wire::AccessTechnologyTypeOption>(ack).type = wire::AccessTechnology::Ppp; }},
    {"linkLayer", [](auto& ack) { edit<wire::MnLinkLayerIdentifier>(ack).identifier[5] ^= 1; }},
};
class Mismatch : public Refusal, public ::testing::WithParamInterface<std::pair<std::string, Spoil>> {};

TEST_P(Mismatch, IsIgnoredAndNothingIsSentUntilAnAdministratorActs) {
  solicit();
  answer(GetParam().second);
  EXPECT_EQ(counter("drops", "echo-mismatch"), 1U);
  EXPECT_EQ(notified("answer-mismatch"), 1U);
  EXPECT_THAT(hosts, IsEmpty());
  expect_silence(1h);
  ASSERT_TRUE(gateway->reconfigure(now, default_config()));
  drain();
  EXPECT_THAT(updates, SizeIs(2));
}

TEST_P(Mismatch, OfAReregistrationLetsTheBindingRunOut) {
  reregister();
  answer(GetParam().second);
  expect_silence(299s);
  EXPECT_EQ(only_binding().at("state"), "registered");
  expect_silence(1h);
  expect_service_ended();
  EXPECT_EQ(only_binding().at("state"), "refused");
}

TEST_P(Mismatch, OfADeregistrationEndsItAllTheSame) {
  register_node();
  link(false);
  answer(GetParam().second);
  EXPECT_THAT(bindings(), IsEmpty());
  expect_silence(1min);
}

INSTANTIATE_TEST_SUITE_P(Rfc5213, Mismatch, ::testing::ValuesIn(kMismatches),
                         [](const auto& value) { return value.param.first; });

TEST_F(Refusal, HeldBindingRefreshesAfterReconfiguration) {
  reregister();
  answer(kMismatches[0].second);
  ASSERT_TRUE(gateway->reconfigure(now, default_config()));
  drain();
  ASSERT_THAT(updates, SizeIs(1));
  accept();
  EXPECT_EQ(only_binding().at("status"), "ACCEPTED");
}

const std::vector<std::pair<std::string, Spoil>> kUnusable{
    {"noPrefix",
     [](auto& ack) {
       std::erase_if(ack.options,
                     [](auto& o) { return std::holds_alternative<wire::HomeNetworkPrefixOption>(o); });
     }},
    {"allZero", [](auto& ack) { edit<wire::HomeNetworkPrefixOption>(ack).prefix = {}; }},
    {"linkLocal", [](auto& ack) { edit<wire::HomeNetworkPrefixOption>(ack).prefix = address("fe80::"); }},
    {"multicast", [](auto& ack) { edit<wire::HomeNetworkPrefixOption>(ack).prefix = address("ff0e::"); }},
    {"length129", [](auto& ack) { edit<wire::HomeNetworkPrefixOption>(ack).prefix_length = 129; }},
    {"length0", [](auto& ack) { edit<wire::HomeNetworkPrefixOption>(ack).prefix_length = 0; }},
    {"onlyOffLink", [](auto& ack) { edit<wire::HomeNetworkPrefixOption>(ack).off_link = true; }},
    {"zeroLifetime", [](auto& ack) { ack.lifetime = 0; }},
    {"notProxy", [](auto& ack) { ack.proxy = false; }},
    {"otherSequence", [](auto& ack) { ++ack.sequence; }},
};
class Unusable : public Refusal, public ::testing::WithParamInterface<std::pair<std::string, Spoil>> {};

TEST_P(Unusable, AnswerIsDroppedAndTheUpdateSentAgain) {
  solicit();
  answer(GetParam().second);
  EXPECT_EQ(only_binding().at("state"), "registering");
  EXPECT_THAT(hosts, IsEmpty());
  advance(1s);
  ASSERT_THAT(updates, SizeIs(2));
  accept();
  EXPECT_EQ(only_binding().at("state"), "registered");
}

INSTANTIATE_TEST_SUITE_P(Answers, Unusable, ::testing::ValuesIn(kUnusable),
                         [](const auto& value) { return value.param.first; });

TEST_F(Refusal, RepeatedAnswerIsIgnored) {
  register_node();
  accept();
  EXPECT_EQ(counter("drops", "unmatched-acknowledgement"), 1U);
  EXPECT_THAT(hosts, SizeIs(1));
  EXPECT_THAT(advertisements, SizeIs(1));
}

TEST_F(Refusal, StatusesBelow128AreAcceptances) {
  solicit();
  reject(BindingStatus::GreKeyOptionNotRequired);
  EXPECT_EQ(only_binding().at("state"), "registered");
  EXPECT_EQ(only_binding().at("status"), "GRE_KEY_OPTION_NOT_REQUIRED");
}

}  // namespace
}  // namespace flowmob::core
