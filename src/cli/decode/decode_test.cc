// SPDX-License-Identifier: Apache-2.0
#include "cli/decode/decode.h"

#include <gtest/gtest.h>

#include <sstream>

#include "base/address.h"
#include "cli/decode/message_json.h"
#include "cli/decode/names.h"
#include "wire/flow_options.h"

namespace flowmob::cli::decode {
namespace {

Bytes hex(std::string_view text) { return from_hex(text).value(); }
Ipv6Address ip(std::string_view text) { return Ipv6Address::parse(text).value(); }
const Ipv6Address kMag = ip("2001:db8:a::1"), kLma = ip("2001:db8:f::1");

wire::ProxyBindingUpdate update() {
  wire::ProxyBindingUpdate m;
  m.sequence = 7;
  m.acknowledge = m.proxy = true;
  m.lifetime = 900;
  wire::TrafficSelector6 video;
  video.source = {ip("2001:db8::1"), ip("2001:db8::ff")};
  video.destination_port = {5000, 5000};
  video.next_header = {17, 17};
  const Bytes nai = hex("6d6e31406578616d706c652e6f7267");
  m.options = {wire::MobileNodeIdentifier{1, nai},
               wire::HomeNetworkPrefixOption{false, 64, ip("2001:db8:100::")},
               wire::HandoffIndicatorOption{wire::HandoffIndicator::NewInterface},
               wire::AccessTechnologyTypeOption{static_cast<wire::AccessTechnology>(200)},
               wire::MnLinkLayerIdentifier{hex("020000000001")},
               wire::TimestampOption{std::uint64_t{1735689600} << 16},
               wire::ServiceSelection{hex("766964656f")},
               wire::FlowIdentification{
                   1, 10, 0, {wire::BindingReference{{7}}, wire::TrafficSelectorSubOption{video}}},
               wire::UnknownOption{58, hex("0100")}};
  return m;
}

Bytes packet(std::uint8_t next, const Bytes& payload) {
  Bytes out = hex("60000000");
  out.insert(out.end(), {static_cast<std::uint8_t>(payload.size() >> 8),
                         static_cast<std::uint8_t>(payload.size()), next, 255});
  out.insert(out.end(), kMag.octets.begin(), kMag.octets.end());
  out.insert(out.end(), kLma.octets.begin(), kLma.octets.end());
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}
Bytes update_packet() { return packet(135, wire::encode(update(), kMag, kLma)); }
Json only(const Result<Json>& document) {
  EXPECT_TRUE(document && (*document)["messages"].size() == 1);
  return (*document)["messages"][0];
}
const Json& option(const Json& message, std::string_view name) {
  for (const Json& o : message["options"])
    if (o["option"] == name) return o;
  throw std::runtime_error("no option " + std::string(name));
}

TEST(Decode, EveryFieldHasItsNameInJson) {
  const Json m = only(decode_octets(update_packet()));
  EXPECT_EQ(m["type"], "proxy-binding-update");
  EXPECT_EQ(m["checksum"], "right");
  EXPECT_EQ(m["source"], "2001:db8:a::1");
  EXPECT_EQ(m["sequence"], 7);
  EXPECT_EQ(m["flags"], (Json{"A", "P"}));
  EXPECT_EQ(m["lifetime_s"], 3600);
  EXPECT_EQ(option(m, "mn-identifier")["text"], "mn1@example.org");
  EXPECT_EQ(option(m, "home-network-prefix")["prefix_length"], 64);
  EXPECT_EQ(option(m, "handoff-indicator")["indicator_name"], "new-interface");
  EXPECT_EQ(option(m, "access-technology-type")["type"], 200);
  EXPECT_EQ(option(m, "mn-link-layer-identifier")["text"], "02:00:00:00:00:01");
  EXPECT_EQ(option(m, "timestamp")["time"], "2025-01-01T00:00:00.000000000Z");
  EXPECT_EQ(option(m, "service-selection")["text"], "video");
  EXPECT_EQ(option(m, "quality-of-service")["data"], "0100");
  const Json& subs = option(m, "flow-identification")["sub_options"];
  EXPECT_EQ(subs[0]["binding_ids"], Json{7});
  EXPECT_EQ(subs[1]["selector"]["destination_port"], (Json{{"first", 5000}, {"last", 5000}}));
  EXPECT_EQ(subs[1]["selector"]["source"]["last"], "2001:db8::ff");
}

TEST(Decode, TextIsReadableAndNoWiderThanThePage) {
  const std::string text = to_text(decode_octets(update_packet()).value(), {100, false});
  for (const char* part : {"proxy-binding-update", "mn1@example.org", "indicator new-interface (1)",
                           "ipv6  source 2001:db8::1-2001:db8::ff  destination port 5000", "next header udp",
                           "binding ids 7", "lifetime 3600 s", "flags A P", "type 200"})
    EXPECT_NE(text.find(part), std::string::npos) << part << " is not in\n" << text;
  Json document = decode_octets(update_packet()).value();
  document["messages"][0]["options"].push_back(
      {{"option", "unknown"}, {"option_number", 99}, {"data", std::string(400, 'a')}});
  std::istringstream lines(to_text(document, {100, false}));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
}

TEST(Decode, MessagesBetweenPeersAndTheirOptions) {
  const auto shown = [](const wire::MobilityMessage& m) {
    return only(decode_octets(packet(135, wire::encode(m, kMag, kLma))));
  };
  const Json beat = shown(wire::Heartbeat{true, true, 7, {wire::RestartCounter{3}}});
  EXPECT_EQ(beat["type"], "heartbeat");
  EXPECT_EQ(beat["flags"], (Json{"U", "R"}));
  EXPECT_EQ(option(beat, "restart-counter")["counter"], 3);
  const Json revoked = shown(
      wire::BindingRevocationIndication{wire::RevocationTrigger::Administrative, 9, true, false, true, {}});
  EXPECT_EQ(revoked["type"], "binding-revocation-indication");
  EXPECT_EQ(revoked["trigger_name"], "administrative");
  EXPECT_EQ(revoked["flags"], (Json{"P", "G"}));
  wire::AccessNetworkIdentifier network{
      {wire::NetworkIdentifier{true, hex("63616665"), hex("6170")}, wire::GeoLocation{45 << 15, -(90 << 15)},
       wire::OperatorIdentifier{1, hex("28af")}, wire::OperatorIdentifier{2, hex("6f7067")}}};
  const wire::MobilityMessage notified = wire::UpdateNotification{
      5,
      wire::NotificationReason::FlowMobility,
      true,
      false,
      {network, wire::MagIdentifier{1, hex("6d6167")},
       wire::DelegatedMobileNetworkPrefix{24, Ipv4Address{{192, 0, 2, 0}}}, wire::GreKey{}, wire::GreKey{7}}};
  const Json said = shown(notified);
  EXPECT_EQ(said["reason_name"], "flow-mobility");
  EXPECT_EQ(option(said, "mag-identifier")["text"], "mag");
  EXPECT_EQ(option(said, "delegated-mobile-network-prefix")["prefix"], "192.0.2.0");
  EXPECT_FALSE(option(said, "gre-key").contains("key"));
  const Json& subs = option(said, "access-network-identifier")["sub_options"];
  EXPECT_EQ(subs[0]["network_text"], "cafe");
  EXPECT_EQ(subs[1]["longitude"], -90.0);
  EXPECT_EQ(subs[2]["text"], "10415");
  EXPECT_EQ(subs[3]["text"], "opg");
  const std::string text =
      to_text(*decode_octets(packet(135, wire::encode(notified, kMag, kLma))), {100, false});
  EXPECT_NE(text.find("network cafe  access point ap"), std::string::npos) << text;
}

TEST(Decode, ABareHeaderIsUnverified) {
  const Json m = only(decode_octets(wire::encode(update(), kMag, kLma)));
  EXPECT_EQ(m["checksum"], "unverified");
  EXPECT_EQ(m["type"], "proxy-binding-update");
  EXPECT_FALSE(m.contains("source"));
  EXPECT_EQ(only(decode_octets(hex("85000000 00000000")))["type"], "router-solicitation");
  EXPECT_EQ(only(decode_octets(hex("85000000 00000000")))["checksum"], "unverified");
}

TEST(Decode, AWrongChecksumIsShownWithWhatTheMessageSays) {
  Bytes wrong = update_packet();
  wrong[40 + 4] ^= 1;
  const Json m = only(decode_octets(wrong));
  EXPECT_EQ(m["checksum"], "wrong");
  EXPECT_EQ(m["sequence"], 7);
  const Json nd = only(decode_octets(packet(58, hex("85000000 00000000 0101 020000000001"))));
  EXPECT_EQ(nd["checksum"], "wrong");
  EXPECT_EQ(nd["options"][0]["address"], "02:00:00:00:00:01");
}

TEST(Decode, BadMessagesKeepTheirPlaceAndTheirError) {
  Bytes bad = update_packet();
  bad[40 + 13] = 0xff;
  const Json m = only(decode_octets(bad));
  EXPECT_EQ(m["error"]["code"], "bad-option-length");
  EXPECT_EQ(m["type"], "binding-update");
  EXPECT_NE(to_text(*decode_octets(bad), {100, false}).find("error: bad-option-length"), std::string::npos);
  const Bytes whole = update_packet();
  const Json cut = only(decode_octets(ByteView(whole).first(90)));
  EXPECT_EQ(cut["error"]["code"], "cut-short");
  EXPECT_EQ(cut["checksum"], "unverified");
}

TEST(Decode, EveryTruncationAndEveryFlippedBitIsSurvived) {
  const Bytes whole = update_packet();
  for (std::size_t length = 1; length < whole.size(); ++length) {
    const auto document = decode_octets(ByteView(whole).first(length));
    EXPECT_FALSE(document && to_text(*document, {100, false}).empty());
  }
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes flipped = whole;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    const auto document = decode_octets(flipped);
    EXPECT_FALSE(document && to_text(*document, {100, false}).empty());
  }
}

TEST(Decode, TerminalCodesFromTheWireAreNotPrinted) {
  wire::ProxyBindingUpdate m;
  m.options = {wire::MobileNodeIdentifier{1, hex("1b5b324a 0a ff")}};
  const auto document = decode_octets(packet(135, wire::encode(m, kMag, kLma))).value();
  const std::string text = to_text(document, {100, false});
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("\\x1b[2J"), std::string::npos) << text;
}

TEST(Decode, CapturesWithOtherTrafficInThem) {
  Bytes file = hex("d4c3b2a1 0200 0400 00000000 00000000 00000400 65000000");
  const auto add = [&](const Bytes& frame) {
    const auto size = static_cast<std::uint8_t>(frame.size());
    const Bytes record = hex("00a87467 40420f00");  // 1735698432, and a second in the fraction
    file.insert(file.end(), record.begin(), record.end());
    file.insert(file.end(), {size, 0, 0, 0, size, 0, 0, 0});
    file.insert(file.end(), frame.begin(), frame.end());
  };
  add(packet(17, hex("0102030405060708")));
  add(update_packet());
  const Json document = decode_capture(file).value();
  EXPECT_EQ(document["frames"], 2);
  ASSERT_EQ(document["messages"].size(), 1U);
  EXPECT_EQ(document["messages"][0]["frame"], 2);
  EXPECT_FALSE(document.contains("error"));
  file.push_back(0);
  EXPECT_EQ(decode_capture(file).value()["error"]["code"], "truncated-capture");
  EXPECT_EQ(decode_capture(hex("00")).error().code, "not-a-capture");
}

TEST(Decode, WhatIsNoInput) {
  EXPECT_EQ(decode_argument("/nowhere/x.pcap").error().code, "no-such-file");
  EXPECT_EQ(decode_argument("/").error().code, "no-such-file");
  EXPECT_EQ(decode_argument("").error().code, "no-input");
  EXPECT_EQ(decode_octets(packet(17, hex("0102030405060708"))).error().code, "no-message");
}

TEST(Names, ReadableIdentifiers) {  // RFC 8371 section 4
  EXPECT_EQ(readable_identifier(3, hex("123456123456789f")), "123456123456789");
  EXPECT_EQ(readable_identifier(3, hex("12ab")), std::nullopt);
  EXPECT_EQ(readable_identifier(2, Bytes(16)), "::");
  EXPECT_EQ(readable_identifier(2, Bytes(15)), std::nullopt);
  EXPECT_EQ(readable_identifier(5, hex("020000000001")), "02:00:00:00:00:01");
  EXPECT_EQ(readable_identifier(8, hex("00")), std::nullopt);
  EXPECT_EQ(identifier_kind(8), "duid");
  EXPECT_EQ(identifier_kind(99), "99");
}

}  // namespace
}  // namespace flowmob::cli::decode
