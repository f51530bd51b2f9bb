// SPDX-License-Identifier: Apache-2.0
#include "core/lma/revoker_fixture_for_test.h"

/// Revocations that an anchor begins (RFC 5846 section 8.1).
namespace flowmob::core {
namespace {

using testing::Contains;
using testing::IsEmpty;

TEST_F(RevokerTest, ANodesSessionIsRevokedAtItsMag) {
  accepted(first());
  const auto answer = revoke({{"mn", "mn1"}});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ((*answer)["revocations"][0]["mag"], "mag1");
  EXPECT_EQ((*answer)["revocations"][0]["sessions"][0]["mn"], "mn1");
  const auto asked = only_indication();
  EXPECT_TRUE(asked.proxy);
  EXPECT_FALSE(asked.global);
  EXPECT_FALSE(asked.ipv4_only);
  EXPECT_EQ(asked.trigger, Trigger::Administrative);
  EXPECT_EQ(mn_in(asked), "mn1");
  const auto prefixes = wire::find_all<wire::HomeNetworkPrefixOption>(asked.options);
  ASSERT_EQ(prefixes.size(), 1U);
  EXPECT_EQ(prefixes[0].to_prefix(), kOwn);
  EXPECT_EQ(wire::find<wire::AlternateCareOfAddress>(asked.options), nullptr);
  EXPECT_EQ(state(), "revoking") << "until it is answered";
  EXPECT_EQ(mag_of("*"), "mag1");
  acknowledge(asked);
  EXPECT_EQ(state(), "none");
  EXPECT_THAT(events(), Contains("binding-revoked"));
  EXPECT_THAT(rows(), Contains("remove-session"));
  EXPECT_THAT(rows(), Contains("forget-node"));
}

TEST_F(RevokerTest, EveryPrefixOfTheNodeIsNamed) {
  auto config = revoking();
  config.mobile_nodes[0].prefixes.push_back(prefix("2001:db8:1001::/64"));
  ASSERT_TRUE(lma->reconfigure(now, config));
  accepted(first());
  ASSERT_TRUE(revoke({{"mn", "mn1"}}));
  EXPECT_EQ(wire::find_all<wire::HomeNetworkPrefixOption>(only_indication().options).size(), 2U);
}

TEST_F(RevokerTest, TheReasonIsTheTrigger) {
  const std::map<std::string, Trigger> reasons{{"administrative", Trigger::Administrative},
                                               {"unspecified", Trigger::Unspecified},
                                               {"user", Trigger::UserInitiatedTermination},
                                               {"access-network", Trigger::AccessNetworkTermination},
                                               {"out-of-sync", Trigger::PossibleOutOfSync}};
  for (const auto& [word, trigger] : reasons) {
    accepted(first());
    ASSERT_TRUE(revoke({{"mn", "mn1"}, {"reason", word}}));
    EXPECT_EQ(only_indication().trigger, trigger) << word;
    acknowledge(only_indication());
  }
  EXPECT_EQ(error_of({{"mn", "mn1"}, {"reason", "whim"}}), "bad-argument");
}

TEST_F(RevokerTest, ANodeAtTwoMagsIsRevokedAtBothOrAtOne) {
  accepted(first());
  accepted(second());
  ASSERT_TRUE(revoke({{"mn", "mn1"}}));
  ASSERT_EQ(indications().size(), 2U);
  EXPECT_EQ(indications()[0].first, kMag1);
  EXPECT_EQ(indications()[1].first, kMag2);
  EXPECT_NE(indications()[0].second.sequence, indications()[1].second.sequence);
  const auto to_second = indications()[1].second;
  acknowledge(to_second, RS::Success, kMag2);
  ASSERT_EQ(show("sessions").size(), 1U);
  EXPECT_EQ(show("sessions")[0]["mag"], "mag1");
  EXPECT_EQ(mag_of("*"), "mag1");
  ASSERT_TRUE(revoke({{"mn", "mn1"}, {"mag", "mag1"}}));
  EXPECT_EQ(indications().size(), 1U);
}

TEST_F(RevokerTest, AMagIsRevokedWhole) {
  accepted(first());
  accepted(of("mn2"));
  accepted(second());
  ASSERT_TRUE(revoke({{"mag", "mag1"}}));
  const auto asked = only_indication();
  EXPECT_TRUE(asked.global && asked.proxy);
  EXPECT_EQ(asked.trigger, Trigger::PerPeerPolicy);
  EXPECT_THAT(asked.options, IsEmpty());
  acknowledge(asked);
  ASSERT_EQ(show("sessions").size(), 1U);
  EXPECT_EQ(show("sessions")[0]["mag"], "mag2");
}

TEST_F(RevokerTest, ARealmIsRevokedAtEachMag) {
  accepted(of("a@example.com"));
  accepted(of("b@foo.example.com"));
  ASSERT_TRUE(revoke({{"realm", "example.com"}}));
  const auto asked = only_indication();
  EXPECT_TRUE(asked.global && asked.proxy);
  EXPECT_EQ(asked.trigger, Trigger::RevokingNodeLocalPolicy);
  EXPECT_EQ(mn_in(asked), "@example.com");
  acknowledge(asked);
  ASSERT_EQ(show("sessions").size(), 1U);
  EXPECT_EQ(show("sessions")[0]["mn"], "b@foo.example.com");
}

TEST_F(RevokerTest, WhatCannotBeRevokedIsSaid) {
  EXPECT_EQ(error_of({{"mn", "mn1"}}), "no-such-mobile-node");
  EXPECT_EQ(error_of({{"mag", "mag9"}}), "no-such-mag");
  EXPECT_EQ(error_of({{"mag", "mag1"}}), "no-session");
  EXPECT_EQ(error_of({{"realm", "example.com"}}), "no-session");
  EXPECT_EQ(error_of({{"realm", "a@b"}}), "bad-argument");
  EXPECT_EQ(error_of(Json::object()), "bad-argument");
  EXPECT_EQ(error_of({{"mn", "mn1"}, {"realm", "example.com"}}), "bad-argument");
  EXPECT_THAT(indications(), IsEmpty());
}

TEST_F(RevokerTest, SilenceIsAskedOnceMoreAndThenEndsTheSession) {
  accepted(first());
  ASSERT_TRUE(revoke({{"mn", "mn1"}}));
  const auto first_message = all<SendMessage>().at(0).mobility_header;
  pass(1s);
  ASSERT_EQ(all<SendMessage>().size(), 1U);
  EXPECT_EQ(all<SendMessage>()[0].mobility_header, first_message);
  EXPECT_EQ(state(), "revoking");
  pass(2s);
  EXPECT_THAT(events(), Contains("revocation-unanswered"));
  EXPECT_EQ(state(), "none");
  EXPECT_EQ(lma->poll_timeout(), std::nullopt);
}

TEST_F(RevokerTest, TheVariablesAreConfigured) {
  auto config = revoking();
  config.revocation.max_retries = 2;
  config.revocation.initial_delay = 500ms;
  config.revocation.max_delay = 700ms;
  ASSERT_TRUE(lma->reconfigure(now, config));
  accepted(first());
  ASSERT_TRUE(revoke({{"mn", "mn1"}}));
  for (const auto pause : {500ms, 700ms, 700ms}) {
    EXPECT_EQ(state(), "revoking");
    EXPECT_EQ(lma->poll_timeout(), now.monotonic + pause);
    pass(pause);
  }
  EXPECT_EQ(state(), "none");
}

TEST_F(RevokerTest, AnAcknowledgementHasToMatch) {
  accepted(first());
  ASSERT_TRUE(revoke({{"mn", "mn1"}}));
  auto asked = only_indication();
  acknowledge(asked, RS::Success, kMag2);
  EXPECT_EQ(state(), "revoking");
  asked.sequence = static_cast<std::uint16_t>(asked.sequence + 1);
  acknowledge(asked);
  EXPECT_EQ(state(), "revoking");
  EXPECT_EQ(dropped("unmatched-acknowledgement"), 2U);
}

TEST_F(RevokerTest, TheOrderStandsWhateverTheMagSays) {
  for (const auto status : {RS::BindingDoesNotExist, RS::TriggerNotSupported, RS::PartialSuccess}) {
    accepted(first());
    ASSERT_TRUE(revoke({{"mn", "mn1"}}));
    acknowledge(only_indication(), status);
    EXPECT_EQ(state(), "none") << wire::to_string(status);
    EXPECT_THAT(events(),
                Contains(status == RS::PartialSuccess ? "revocation-accepted" : "revocation-refused"));
  }
}

TEST_F(RevokerTest, AMagWithoutRevocationEndsItToo) {
  accepted(first());
  ASSERT_TRUE(revoke({{"mn", "mn1"}}));
  receive(wire::BindingError{wire::BindingErrorStatus::UnrecognizedMhType, {}, {}});
  EXPECT_EQ(state(), "none");
}

TEST_F(RevokerTest, AReRegistrationThatCrossesItIsRefused) {
  accepted(first());
  ASSERT_TRUE(revoke({{"mn", "mn1"}}));
  const auto asked = only_indication();
  EXPECT_EQ(status(again()), Status::AdministrativelyProhibited);
  EXPECT_EQ(state(), "revoking");
  acknowledge(asked);
  EXPECT_EQ(state(), "none");
}

TEST_F(RevokerTest, ANewRegistrationKeepsTheSession) {
  accepted(first());
  ASSERT_TRUE(revoke({{"mn", "mn1"}}));
  const auto asked = only_indication();
  accepted(first());
  EXPECT_EQ(state(), "active") << "no revocation is in progress any more";
  pass(1s);
  EXPECT_THAT(indications(), IsEmpty()) << "it would end the session at the MAG";
  acknowledge(asked);
  EXPECT_EQ(state(), "active");
  EXPECT_EQ(dropped("unmatched-acknowledgement"), 1U);
}

TEST_F(RevokerTest, WhatIsSaidAgainMeansAllThatAreThereByThen) {
  accepted(first());
  accepted(of("mn2"));
  ASSERT_TRUE(revoke({{"mag", "mag1"}}));
  const auto asked = only_indication();
  accepted(first());
  accepted(of("mn3", Bytes{2, 0, 0, 0, 0, 3}));
  EXPECT_EQ(state(), "active");
  pass(1s);
  EXPECT_EQ(only_indication(), asked) << "mn2 is still to be revoked";
  EXPECT_EQ(state(), "revoking") << "the MAG cannot tell it from the others";
  acknowledge(asked);
  EXPECT_THAT(show("sessions"), IsEmpty());
}

TEST_F(RevokerTest, ARepetitionEndsNothingThatRegistersAfterIt) {
  accepted(first());
  accepted(of("mn2"));
  ASSERT_TRUE(revoke({{"mag", "mag1"}}));
  const auto asked = only_indication();
  pass(1s);
  accepted(first());
  acknowledge(asked);
  ASSERT_EQ(show("sessions").size(), 1U);
  EXPECT_EQ(state(), "active");
}

TEST_F(RevokerTest, ASessionEndsWithTheLastIndicationThatNamesIt) {
  accepted(first());
  ASSERT_TRUE(revoke({{"mn", "mn1"}}));
  const auto former = only_indication();
  ASSERT_TRUE(revoke({{"mag", "mag1"}}));
  const auto latter = only_indication();
  acknowledge(former);
  EXPECT_EQ(state(), "revoking");
  pass(1s);
  EXPECT_EQ(only_indication(), latter);
  acknowledge(latter);
  EXPECT_EQ(state(), "none");
}

TEST_F(RevokerTest, ASessionThatLeftMeanwhileIsNoTrouble) {
  accepted(first());
  ASSERT_TRUE(revoke({{"mn", "mn1"}}));
  const auto asked = only_indication();
  EXPECT_EQ(status(leave(first())), Status::Accepted);
  EXPECT_EQ(state(), "delete-wait");
  acknowledge(asked);
  EXPECT_EQ(state(), "none");
  accepted(first());
  ASSERT_TRUE(revoke({{"mn", "mn1"}}));
  pass(301s);
  EXPECT_EQ(state(), "none");
}

TEST_F(RevokerTest, ManyAreRevokedInTurn) {
  auto config = revoking();
  config.pools = {prefix("2001:db8:8000::/48")};
  config.mobile_nodes.clear();
  for (int i = 0; i < 5000; ++i)
    config.mobile_nodes.push_back({"n" + std::to_string(i), true, {}, {}, {}, {}});
  ASSERT_TRUE(lma->reconfigure(now, config));
  for (int i = 0; i < 5000; ++i) accepted(of(("n" + std::to_string(i)).c_str()));
  config.mobile_nodes.clear();
  clear();
  ASSERT_TRUE(lma->reconfigure(now, config));
  drain();
  const auto first_batch = indications().size();
  EXPECT_LT(first_batch, 5000U);
  pass(1s);
  pass(2s);
  pass(1s);
  pass(2s);
  EXPECT_EQ(show("sessions").size(), 0U);
}

TEST_F(RevokerTest, WhoIsPermittedAgainBeforeItsTurnKeepsItsSession) {
  auto config = revoking();
  config.pools = {prefix("2001:db8:8000::/48")};
  config.mobile_nodes.clear();
  for (int i = 0; i < 4200; ++i)
    config.mobile_nodes.push_back({"n" + std::to_string(i), true, {}, {}, {}, {}});
  ASSERT_TRUE(lma->reconfigure(now, config));
  for (int i = 0; i < 4200; ++i) accepted(of(("n" + std::to_string(i)).c_str()));
  auto nobody = config;
  nobody.mobile_nodes.clear();
  clear();
  ASSERT_TRUE(lma->reconfigure(now, nobody));
  drain();
  const auto asked = indications();
  ASSERT_LT(asked.size(), 4200U);
  clear();
  ASSERT_TRUE(lma->reconfigure(now, nobody));
  drain();
  EXPECT_THAT(indications(), IsEmpty()) << "nobody is asked twice";
  ASSERT_TRUE(lma->reconfigure(now, config));
  drain();
  for (const auto& [mag, one] : asked) acknowledge(one);
  EXPECT_THAT(indications(), IsEmpty());
  EXPECT_EQ(show("sessions").size(), 4200U - asked.size());
  EXPECT_EQ(state(), "active");
}

// What the policy does not permit any more.

TEST_F(RevokerTest, APolicyThatChangesEndsSessions) {
  const auto after = [&](auto change) {
    lma = std::make_unique<LocalMobilityAnchor>(revoking());
    Pbu p = first();
    p.service = "video";
    accepted(p);
    auto config = revoking();
    change(config, config.mobile_nodes[0]);
    clear();
    EXPECT_TRUE(lma->reconfigure(now, config));
    drain();
    return indications().size();
  };
  EXPECT_EQ(after([](auto&, auto&) {}), 0U);
  EXPECT_EQ(after([](auto&, auto& mn) { mn.enabled = false; }), 1U);
  EXPECT_EQ(only_indication().trigger, Trigger::Administrative);
  acknowledge(only_indication());
  EXPECT_EQ(state(), "none");
  EXPECT_EQ(after([](auto& c, auto&) { c.mobile_nodes.clear(); }), 1U);
  EXPECT_EQ(after([](auto&, auto& mn) { mn.mags = {"mag2"}; }), 1U);
  EXPECT_EQ(after([](auto&, auto& mn) { mn.link_layer = {MacAddress{{2, 0, 0, 0, 0, 9}}}; }), 1U);
  EXPECT_EQ(after([](auto&, auto& mn) { mn.services = {"internet"}; }), 1U) << "the service is withdrawn";
  EXPECT_EQ(after([](auto& c, auto& mn) { std::swap(mn.prefixes, c.mobile_nodes[1].prefixes); }), 1U)
      << "its prefix is another's";
  EXPECT_EQ(after([](auto& c, auto&) { c.mags.erase(c.mags.begin()); }), 1U);
  EXPECT_EQ(after([](auto& c, auto& mn) {
              mn.enabled = false;
              c.revocation.enabled = false;
            }),
            0U);
}

// A hold ends early.

}  // namespace
}  // namespace flowmob::core
