// SPDX-License-Identifier: Apache-2.0
#include "core/lma/revoker_fixture_for_test.h"

/// RFC 8278 at the anchor.
namespace flowmob::core {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

const Ipv6Address kSecondWay = address("2001:db8:f1:2::1");

LmaConfig two_ways() {
  auto config = test_config();
  config.mags[0].care_of_addresses = {kSecondWay};
  return config;
}

class MultipathTest : public AnchorFixture {
 protected:
  MultipathTest() : AnchorFixture(two_ways()) {}

  static wire::MagMultipathBinding binding(std::uint8_t id) { return {ATT::Eutran, 9, id, false, false}; }
  Pbu by(Pbu p, wire::MagMultipathBinding path) const {
    p.more = {path, wire::MagIdentifier{1, to_bytes("mag1")}};
    return p;
  }
  Pbu by_first() const { return by(first(), binding(1)); }
  Pbu by_second() const {
    Pbu p = by(first(), binding(2));
    p.source = kSecondWay;
    p.prefixes = {kOwn};
    return p;
  }
  std::vector<std::string> addresses() {
    std::vector<std::string> all;
    for (const auto& s : show("sessions"))
      all.push_back(s["mag_address"].get<std::string>() + " " + s["state"].get<std::string>());
    return all;
  }
  static const wire::MagMultipathBinding* echo(const wire::ProxyBindingAcknowledgement& pba) {
    return wire::find<wire::MagMultipathBinding>(pba.options);
  }
  std::string active(const Ipv6Address& way) const { return way.to_string() + " active"; }

  void have_ipv4() {
    auto config = two_ways();
    config.ipv4_pools = {Ipv4Interface::parse("192.0.2.1/29").value()};
    lma = std::make_unique<LocalMobilityAnchor>(config);
  }
  static Pbu and_ipv4(Pbu p, Ipv4Interface asked = {}) {
    p.more.emplace_back(wire::Ipv4HomeAddressRequest{asked.length, asked.address});
    return p;
  }
  std::vector<std::string> ipv4_addresses() {
    std::vector<std::string> all;
    for (const auto& s : show("sessions"))
      all.push_back(s["ipv4_address"].is_null() ? "none" : s["ipv4_address"].get<std::string>());
    return all;
  }
};

TEST_F(MultipathTest, EachPathIsABindingWithThePrefixOfTheFirst) {  // section 3.1
  const auto first_answer = accepted(by_first());
  const auto second_answer = accepted(by_second());
  EXPECT_EQ(prefixes_in(second_answer), prefixes_in(first_answer));
  EXPECT_THAT(addresses(), ElementsAre(active(kMag1), active(kSecondWay)));
  const Json expected{{"id", 2}, {"label", 9}};
  EXPECT_EQ(show("sessions")[1]["path"], expected);
  EXPECT_EQ(mag_of("*"), "mag1");
}

TEST_F(MultipathTest, BothPathsAreTakenUplink) {
  accepted(by_first());
  accepted(by_second());
  const auto installed = all<InstallSession>();
  ASSERT_EQ(installed.size(), 1U) << "the first one stands";
  EXPECT_EQ(installed[0].mag, kSecondWay);
  EXPECT_THAT(installed[0].prefixes, ElementsAre(kOwn));
  EXPECT_THAT(rows(), Not(Contains("remove-session")));
}

TEST_F(MultipathTest, TheOptionIsEchoedWithoutTheMagsIdentifier) {  // section 4.4
  const auto pba = accepted(by_first());
  ASSERT_TRUE(echo(pba));
  EXPECT_EQ(*echo(pba), binding(1));
  EXPECT_FALSE(wire::find<wire::MagIdentifier>(pba.options));
  EXPECT_FALSE(echo(accepted(first()))) << "nobody asked";
}

TEST_F(MultipathTest, RefusedWithItsStatusAndTheOption) {  // sections 4.3 and 4.4
  Pbu p = second();
  p.more = {binding(1), wire::MagIdentifier{1, to_bytes("mag2")}};
  const auto pba = ask(p);  // of which one address is known
  ASSERT_TRUE(pba);
  EXPECT_EQ(pba->status, Status::CannotSupportMultipathBinding);
  ASSERT_TRUE(echo(*pba));
  EXPECT_EQ(*echo(*pba), binding(1));
  EXPECT_FALSE(wire::find<wire::MagIdentifier>(pba->options));
  EXPECT_THAT(show("sessions"), IsEmpty());
}

TEST_F(MultipathTest, EveryRefusalSaysWhichPathItIs) {
  Pbu p = by_first();
  p.handoff = std::nullopt;
  const auto pba = ask(p);
  ASSERT_TRUE(pba);
  EXPECT_EQ(pba->status, Status::MissingHandoffIndicatorOption);
  ASSERT_TRUE(echo(*pba));
  EXPECT_EQ(*echo(*pba), binding(1));
}

TEST_F(MultipathTest, WhatContradictsItselfIsRefused) {  // sections 4.1 and 4.4
  auto path = binding(1);
  path.bulk = path.overwrite = true;
  EXPECT_EQ(status(by(first(), path)), Status::CannotSupportMultipathBinding);
  EXPECT_EQ(status(by(first(), binding(0))), Status::CannotSupportMultipathBinding);
  EXPECT_EQ(status(by(first(), binding(255))), Status::CannotSupportMultipathBinding);
  Pbu nameless = first();
  nameless.more = {binding(1)};
  EXPECT_EQ(status(nameless), Status::CannotSupportMultipathBinding);
  EXPECT_THAT(show("sessions"), IsEmpty());

  accepted(by_first());
  path = binding(1);
  path.overwrite = true;
  EXPECT_EQ(status(by(leave(first()), path)), Status::CannotSupportMultipathBinding);
  EXPECT_THAT(addresses(), ElementsAre(active(kMag1)));
}

TEST_F(MultipathTest, APathIsExtendedAndLeftAlone) {
  accepted(by_first());
  accepted(by_second());
  Pbu again = by_second();
  again.handoff = HI::NoChange;
  accepted(again);
  EXPECT_EQ(show("sessions").size(), 2U);
  EXPECT_EQ(status(by(leave(by_second()), binding(2))), Status::Accepted);
  EXPECT_THAT(addresses(), ElementsAre(active(kMag1), kSecondWay.to_string() + " delete-wait"));
}

TEST_F(MultipathTest, FlowsFallBackToTheOtherPath) {
  accepted(by_first());
  accepted(by_second());
  ASSERT_EQ(status(by(leave(first()), binding(1))), Status::Accepted);
  const auto row = show("bindings")[0];
  EXPECT_EQ(row["mag_address"], kSecondWay.to_string());
}

TEST_F(MultipathTest, AFlowMovesToAPathByItsAddress) {
  Pbu p = by_first();
  p.service = "video";
  accepted(p);
  accepted(by_second());
  const auto moved =
      lma->handle_command(now, "flow move", {{"flow", "video"}, {"to", kSecondWay.to_string()}});
  ASSERT_TRUE(moved) << moved.error().message;
  drain();
  for (const auto& row : show("bindings"))
    EXPECT_EQ(row["mag_address"], (row["flow"] == "video" ? kSecondWay : kMag1).to_string());
}

TEST_F(MultipathTest, BulkExtendsAllPaths) {  // section 4.1
  accepted(by_first());
  accepted(by_second());
  advance(200s);
  auto path = binding(1);
  path.bulk = true;
  accepted(by(first(), path));
  EXPECT_EQ(show("sessions")[0]["remaining_seconds"], 300);
  EXPECT_EQ(show("sessions")[1]["remaining_seconds"], 300);
  advance(10s);
  accepted(by_first());
  EXPECT_EQ(show("sessions")[1]["remaining_seconds"], 289) << "without the flag it is its own";
}

TEST_F(MultipathTest, OverwriteReplacesAllPaths) {  // section 4.1
  accepted(by_first());
  accepted(by_second());
  accepted(second());  // another interface, at another MAG
  auto path = binding(3);
  path.overwrite = true;
  Pbu p = by(first(), path);
  p.prefixes = {kOwn};
  accepted(p);
  EXPECT_THAT(events(), Contains("binding-replaced"));
  ASSERT_EQ(show("sessions").size(), 2U);
  EXPECT_EQ(show("sessions")[0]["mag"], "mag2");
  EXPECT_EQ(show("sessions")[1]["path"]["id"], 3);
  EXPECT_EQ(mag_of("*"), "mag2") << "where flows go when their session is gone";
}

TEST_F(MultipathTest, AHandoffTakesAllPathsAlong) {
  accepted(by_first());
  accepted(by_second());
  Pbu p = second();
  p.link_layer_id = kIf1;
  p.technology = ATT::Wlan;
  p.handoff = HI::HandoffBetweenMags;
  accepted(p);
  EXPECT_THAT(addresses(), ElementsAre(active(kMag2)));
  EXPECT_EQ(mag_of("*"), "mag2");
}

TEST_F(MultipathTest, AHandoffToAnotherInterfaceTakesAllPathsAlong) {
  accepted(by_first());
  accepted(by_second());
  Pbu p = second();
  p.handoff = HI::HandoffBetweenInterfaces;
  p.prefixes = {kOwn};
  accepted(p);
  EXPECT_THAT(addresses(), ElementsAre(active(kMag2)));
  EXPECT_EQ(mag_of("*"), "mag2");
}

TEST_F(MultipathTest, ARefreshFromWhereTheNodeIsNoMoreTakesNoPath) {
  auto config = two_ways();
  config.mags[1].care_of_addresses = {address("2001:db8:f2:2::1")};
  lma = std::make_unique<LocalMobilityAnchor>(config);
  accepted(by_first());
  accepted(by_second());
  for (const auto id : {std::uint8_t{2}, std::uint8_t{3}}) {
    Pbu late = by(first(), binding(id));
    late.source = kMag2;
    late.handoff = HI::NoChange;
    late.prefixes = {kOwn};
    EXPECT_EQ(status(late), Status::ReasonUnspecified);
    EXPECT_THAT(addresses(), ElementsAre(active(kMag1), active(kSecondWay)));
  }
}

TEST_F(MultipathTest, AMagWithOnePathMeansTheInterface) {
  accepted(by_first());
  accepted(by_second());
  accepted(first());
  EXPECT_THAT(addresses(), ElementsAre(active(kMag1)));
  EXPECT_FALSE(show("sessions")[0].contains("path"));
}

TEST_F(MultipathTest, AnAlternateAddressHasToBeTheMags) {
  Pbu p = first();
  p.more = {wire::AlternateCareOfAddress{kSecondWay}};
  accepted(p);
  EXPECT_THAT(addresses(), ElementsAre(active(kSecondWay)));
  p.more = {wire::AlternateCareOfAddress{kMag2}};
  EXPECT_EQ(status(p), Status::MagNotAuthorizedForProxyReg);
}

TEST_F(MultipathTest, APathThatIsSpokenForIsNotHeard) {
  auto config = two_ways();
  config.heartbeat.interval = 30s;
  config.heartbeat.missing_allowed = 0;
  lma = std::make_unique<LocalMobilityAnchor>(config);
  accepted(by_first());
  accepted(by_second());
  for (int i = 0; i < 3; ++i) {
    advance(30s);
    timeout();
    for (const auto& [to, question] : sent<wire::Heartbeat>())
      if (to == kSecondWay) receive(wire::Heartbeat{false, true, question.sequence, {}}, kSecondWay);
  }
  EXPECT_THAT(addresses(), ElementsAre(kMag1.to_string() + " unreachable", active(kSecondWay)));
  Pbu p = by_first();
  p.source = kSecondWay;
  p.more.emplace_back(wire::AlternateCareOfAddress{kMag1});
  p.handoff = HI::NoChange;
  accepted(p);
  EXPECT_THAT(addresses(), ElementsAre(kMag1.to_string() + " unreachable", active(kSecondWay)));
  p.more.pop_back();
  p.source = kMag1;
  accepted(p);
  EXPECT_THAT(addresses(), ElementsAre(active(kMag1), active(kSecondWay)));
}

TEST_F(MultipathTest, EveryPathCarriesTheIpv4HomeAddress) {  // RFC 5844
  have_ipv4();
  accepted(and_ipv4(by_first()));
  accepted(and_ipv4(by_second()));
  EXPECT_THAT(ipv4_addresses(), ElementsAre("192.0.2.2/29", "192.0.2.2/29"));
  ASSERT_EQ(all<InstallSession>().size(), 1U);
  EXPECT_EQ(all<InstallSession>()[0].mag, kSecondWay);
  EXPECT_EQ(all<InstallSession>()[0].ipv4, Ipv4Address::parse("192.0.2.2").value());
}

TEST_F(MultipathTest, PathsOfIpv4AloneAreOneNodes) {
  have_ipv4();
  Pbu one = and_ipv4(by_first()), other = and_ipv4(by_second(), Ipv4Interface::parse("192.0.2.2/29").value());
  one.any_prefix = other.any_prefix = false;
  other.prefixes = {};
  accepted(one);
  accepted(other);
  EXPECT_THAT(ipv4_addresses(), ElementsAre("192.0.2.2/29", "192.0.2.2/29"));
  EXPECT_EQ(show("bindings").size(), 1U);
}

TEST_F(MultipathTest, TheIpv4HomeAddressStaysUntilTheLastPathLeavesItOut) {
  have_ipv4();
  accepted(and_ipv4(by_first()));
  accepted(and_ipv4(by_second()));
  accepted(by_first());
  EXPECT_THAT(ipv4_addresses(), ElementsAre("none", "192.0.2.2/29"));
  EXPECT_EQ(show("bindings")[0]["ipv4_address"], "192.0.2.2/29");
  accepted(by_second());
  EXPECT_TRUE(show("bindings")[0]["ipv4_address"].is_null());
  EXPECT_THAT(all<RemoveIpv4Route>(), testing::SizeIs(1));
}

TEST_F(MultipathTest, AReplacedPathKeepsNoIpv4HomeAddress) {
  have_ipv4();
  accepted(and_ipv4(by_first()));
  accepted(and_ipv4(by_second()));
  auto path = binding(1);
  path.overwrite = true;
  accepted(by(first(), path));
  EXPECT_THAT(ipv4_addresses(), ElementsAre("none"));
  EXPECT_TRUE(show("bindings")[0]["ipv4_address"].is_null());
}

TEST_F(MultipathTest, TheMagRevokesTheIpv4HomeAddressOfAllPathsOrOfTheOneItNames) {  // RFC 5846
  const auto revoke = [&](std::optional<Ipv6Address> way, std::uint16_t number) {
    wire::BindingRevocationIndication asked;
    asked.trigger = wire::RevocationTrigger::UserInitiatedTermination;
    asked.sequence = number;
    asked.proxy = asked.ipv4_only = true;
    asked.options = {wire::MobileNodeIdentifier{1, to_bytes("mn1")},
                     wire::Ipv4HomeAddressRequest{29, Ipv4Address::parse("192.0.2.2").value()}};
    if (way) asked.options.emplace_back(wire::AlternateCareOfAddress{*way});
    receive(asked, kMag1);
  };
  have_ipv4();
  accepted(and_ipv4(by_first()));
  accepted(and_ipv4(by_second()));
  revoke(kSecondWay, 1);
  EXPECT_THAT(ipv4_addresses(), ElementsAre("192.0.2.2/29", "none"));
  accepted(and_ipv4(by_second()));
  revoke({}, 2);
  EXPECT_THAT(ipv4_addresses(), ElementsAre("none", "none"));
  EXPECT_TRUE(show("bindings")[0]["ipv4_address"].is_null());
}

TEST_F(MultipathTest, SurvivesARestart) {
  accepted(by_first());
  accepted(by_second());
  const auto text = all<PersistNode>().back().record.to_json().dump();
  lma = std::make_unique<LocalMobilityAnchor>(two_ways());
  lma->restore(now, {NodeRecord::from_json(Json::parse(text)).value()});
  drain();
  EXPECT_THAT(addresses(), ElementsAre(active(kMag1), active(kSecondWay)));
  EXPECT_EQ(show("sessions")[1]["path"]["id"], 2);
  accepted(by_second());
  EXPECT_EQ(show("sessions").size(), 2U);
}

/// RFC 5846: a MAG that is told of one path ends them all.
class RevokedPathsTest : public RevokerTest {
 protected:
  RevokedPathsTest() { lma = std::make_unique<LocalMobilityAnchor>(revoking_paths()); }

  static LmaConfig revoking_paths() {
    auto config = revoking();
    config.mags[0].care_of_addresses = {kSecondWay};
    return config;
  }
  Pbu by(std::uint8_t id) const {
    Pbu p = first();
    p.more = {wire::MagMultipathBinding{ATT::Eutran, 9, id, false, false},
              wire::MagIdentifier{1, to_bytes("mag1")}};
    if (id == 1) return p;
    p.source = kSecondWay;
    p.prefixes = {kOwn};
    return p;
  }
  void adopt(const LmaConfig& config) {
    clear();
    ASSERT_TRUE(lma->reconfigure(now, config));
    drain();
  }
  std::vector<std::string> addresses() {
    std::vector<std::string> all;
    for (const auto& s : show("sessions")) all.push_back(s["mag_address"]);
    return all;
  }
};

TEST_F(RevokedPathsTest, APathThatIsNotPermittedEndsWithoutTheOthers) {
  accepted(by(1));
  accepted(by(2));
  adopt(revoking());
  EXPECT_THAT(indications(), IsEmpty());
  EXPECT_THAT(events(), Contains("binding-revoked"));
  EXPECT_THAT(addresses(), ElementsAre(kMag1.to_string()));
}

TEST_F(RevokedPathsTest, WhereNoneIsPermittedOneIndicationEndsAll) {
  accepted(by(1));
  accepted(by(2));
  auto config = revoking_paths();
  config.mobile_nodes[0].enabled = false;
  adopt(config);
  acknowledge(only_indication());
  EXPECT_THAT(addresses(), IsEmpty());
}

TEST_F(RevokedPathsTest, AServiceThatIsWithdrawnEndsAllPaths) {
  accepted(by(1));
  Pbu p = by(2);
  p.service = "video";
  accepted(p);
  auto config = revoking_paths();
  config.mobile_nodes[0].services = {"voice", "internet"};
  adopt(config);
  acknowledge(only_indication());
  EXPECT_THAT(addresses(), IsEmpty());
}

TEST_F(RevokedPathsTest, ACommandEndsAllPathsByOneIndication) {
  accepted(by(1));
  accepted(by(2));
  const auto answer = revoke({{"mn", "mn1"}});
  ASSERT_TRUE(answer);
  EXPECT_EQ((*answer)["revocations"][0]["sessions"].size(), 2U);
  acknowledge(only_indication());
  EXPECT_THAT(addresses(), IsEmpty());
}

TEST_F(RevokedPathsTest, AfterARestartAPathThatIsNotPermittedIsDroppedWithoutAWord) {
  accepted(by(1));
  accepted(by(2));
  const auto record = all<PersistNode>().back().record;
  lma = std::make_unique<LocalMobilityAnchor>(revoking());
  clear();
  lma->restore(now, {record});
  drain();
  lma->handle_timeout(now);
  drain();
  EXPECT_THAT(indications(), IsEmpty());
  EXPECT_THAT(addresses(), ElementsAre(kMag1.to_string()));
}

TEST_F(RevokedPathsTest, AHoldAsksAMagOfSeveralPathsOnce) {  // section 8.1
  accepted(by(1));
  accepted(by(2));
  EXPECT_EQ(ask(unknown()), std::nullopt);
  const auto asked = only_indication();
  EXPECT_EQ(asked.trigger, Trigger::InterMagHandoverUnknown);
  acknowledge(asked);
  ASSERT_TRUE(acknowledgement()) << "at once";
  EXPECT_EQ(prefixes_in(*acknowledgement()), std::vector{kOwn});
  pass(11s);
  EXPECT_THAT(addresses(), ElementsAre(kMag2.to_string()));
}

}  // namespace
}  // namespace flowmob::core
