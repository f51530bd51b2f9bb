// SPDX-License-Identifier: Apache-2.0
#include "wire/mobility_header.h"

#include <gtest/gtest.h>

#include "wire/checksum.h"
#include "wire/hex_for_test.h"

namespace flowmob::wire {
namespace {

using namespace test;

struct MessageSample {
  const char* octets;
  Ipv6Address source, destination;
  MobilityMessage message;
};

ProxyBindingUpdate registration() {
  ProxyBindingUpdate update;
  update.sequence = 7;
  update.acknowledge = update.proxy = true;
  update.lifetime = 900;
  update.options = {HomeNetworkPrefixOption{false, 64, ip("2001:db8:100::")},
                    MobileNodeIdentifier{1, hex("6d6e31406578616d706c652e6e6574")},
                    HandoffIndicatorOption{HandoffIndicator::NewInterface},
                    AccessTechnologyTypeOption{AccessTechnology::Wlan},
                    TimestampOption{0x677485808000},
                    MnLinkLayerIdentifier{hex("020000000001")}};
  return update;
}

ProxyBindingAcknowledgement acceptance() {
  ProxyBindingAcknowledgement acknowledgement;
  acknowledgement.proxy = true;
  acknowledgement.sequence = 7;
  acknowledgement.lifetime = 900;
  acknowledgement.options = {HomeNetworkPrefixOption{true, 64, ip("2001:db8:100::")},
                             HandoffIndicatorOption{HandoffIndicator::NewInterface},
                             AccessTechnologyTypeOption{AccessTechnology::Wlan}};
  return acknowledgement;
}

/// Laid out from the RFCs' diagrams; checksums computed apart from this code, in Python.
const MessageSample kSamples[] = {
    {"3b 09 05 00 27be 0007 8200 0384"
     "1612 0040 20010db8010000000000000000000000"
     "0810 01 6d6e31406578616d706c652e6e6574 1702 0001 1802 0004"
     "1b08 0000677485808000 1908 0000 020000000001 0100",
     kMag, kLma, registration()},
    {"3b 04 06 00 6aff 00 20 0007 0384"
     "1612 8040 20010db8010000000000000000000000 1702 0001 1802 0004",
     kLma, kMag, acceptance()},
    {"3b 02 07 00 5fd1 02 00 00000000000000000000000000000000", kMag, kLma,
     BindingError{BindingErrorStatus::UnrecognizedMhType, {}, {}}},
    {"3b 01 63 00 f1c0 0001 0203040506070809", kMag, kLma, UnknownMessage{99, hex("00010203040506070809")}},
    {"3b 01 0d 00 5ad3 0000 00000005 0102 0000", kMag, kLma, Heartbeat{.sequence = 5, .options = {}}},
    {"3b 02 0d 00 3fc5 0003 fffefdfc 0100 1c04 00000007 0102 0000", kLma, kMag,
     Heartbeat{true, true, 0xfffefdfc, {RestartCounter{7}}}},
    {"3b 04 10 00 5b1d 01 04 beef 8000 1612 0040 20010db8010000000000000000000000 0804 01 6d6e31 0100", kMag,
     kLma,
     BindingRevocationIndication{
         RevocationTrigger::InterMagHandoverUnknown,
         0xbeef,
         true,
         false,
         false,
         {HomeNetworkPrefixOption{false, 64, ip("2001:db8:100::")}, MobileNodeIdentifier{1, hex("6d6e31")}}}},
    {"3b 01 10 00 b663 02 84 beef e000 0102 0000", kLma, kMag,
     BindingRevocationAcknowledgement{RevocationStatus::MobileNodeIsAttached, 0xbeef, true, true, true, {}}},
    {"3b 04 13 00 d918 beef 0008 8000 1612 8040 20010db8010000000000000000000000 0804 01 6d6e31 0100", kLma,
     kMag,
     UpdateNotification{
         0xbeef,
         NotificationReason::FlowMobility,
         true,
         false,
         {HomeNetworkPrefixOption{true, 64, ip("2001:db8:100::")}, MobileNodeIdentifier{1, hex("6d6e31")}}}},
    {"3b 01 14 00 10e8 beef 84 000000 0102 0000", kMag, kLma,
     UpdateNotificationAcknowledgement{0xbeef, NotificationStatus::MobileNodeNotAttached, {}}},
};

/// `octets` with the checksum made right.
Bytes summed(Bytes octets) {
  octets[4] = octets[5] = 0;
  const auto checksum = ipv6_checksum(kMag, kLma, kMobilityHeaderProtocol, octets);
  octets[4] = static_cast<std::uint8_t>(checksum >> 8);
  octets[5] = static_cast<std::uint8_t>(checksum);
  return octets;
}
std::string error_of(const Bytes& octets, ChecksumPolicy policy = ChecksumPolicy::Verify) {
  const auto message = decode(octets, kMag, kLma, policy);
  return message ? "" : message.error().code;
}

TEST(MobilityHeader, MessagesByHand) {
  for (const auto& v : kSamples) {
    const auto decoded = decode(hex(v.octets), v.source, v.destination);
    ASSERT_TRUE(decoded) << v.octets << ": " << decoded.error().message;
    EXPECT_EQ(*decoded, v.message) << v.octets;
    EXPECT_EQ(encode(v.message, v.source, v.destination), hex(v.octets)) << v.octets;
  }
}

TEST(MobilityHeader, TheSmallestMessagesArePaddedToEightOctets) {
  EXPECT_EQ(encode(ProxyBindingUpdate{.sequence = 0xffff, .home = true, .options = {}}, kMag, kLma),
            hex("3b 01 05 00 22d8 ffff 4000 0000 0102 0000"));
  EXPECT_EQ(encode(UnknownMessage{0, {}}, kMag, kLma).size(), 8U);
}

TEST(MobilityHeader, UpdateFlagsOneByOne) {
  bool ProxyBindingUpdate::*const flags[] = {&ProxyBindingUpdate::acknowledge,
                                             &ProxyBindingUpdate::home,
                                             &ProxyBindingUpdate::link_local_compat,
                                             &ProxyBindingUpdate::key_management,
                                             &ProxyBindingUpdate::map,
                                             &ProxyBindingUpdate::mobile_router,
                                             &ProxyBindingUpdate::proxy,
                                             &ProxyBindingUpdate::force_udp,
                                             &ProxyBindingUpdate::tlv_header,
                                             &ProxyBindingUpdate::bulk};
  unsigned mask = 0x8000;
  for (const auto flag : flags) {
    ProxyBindingUpdate update;
    update.*flag = true;
    const Bytes octets = encode(update, kMag, kLma);
    EXPECT_EQ(octets[8] << 8 | octets[9], static_cast<int>(mask));
    EXPECT_EQ(*decode(octets, kMag, kLma), MobilityMessage(update));
    mask >>= 1;
  }
  ProxyBindingUpdate update;
  update.other_flags = 0xffff;
  const Bytes octets = encode(update, kMag, kLma);
  EXPECT_EQ(octets[8] << 8 | octets[9], 0x003f) << "the flags with a name stay clear";
  EXPECT_EQ(std::get<ProxyBindingUpdate>(*decode(octets, kMag, kLma)).other_flags, 0x3f);
}

TEST(MobilityHeader, AcknowledgementFlagsAndStatus) {
  bool ProxyBindingAcknowledgement::*const flags[] = {
      &ProxyBindingAcknowledgement::key_management, &ProxyBindingAcknowledgement::mobile_router,
      &ProxyBindingAcknowledgement::proxy, &ProxyBindingAcknowledgement::tlv_header,
      &ProxyBindingAcknowledgement::bulk};
  unsigned mask = 0x80;
  for (const auto flag : flags) {
    ProxyBindingAcknowledgement acknowledgement;
    acknowledgement.*flag = true;
    EXPECT_EQ(encode(acknowledgement, kMag, kLma)[7], mask);
    EXPECT_EQ(*decode(encode(acknowledgement, kMag, kLma), kMag, kLma), MobilityMessage(acknowledgement));
    mask >>= 1;
  }
  for (unsigned status = 0; status < 256; ++status) {
    ProxyBindingAcknowledgement acknowledgement;
    acknowledgement.status = static_cast<BindingStatus>(status);
    EXPECT_EQ(encode(acknowledgement, kMag, kLma)[6], status);
    EXPECT_EQ(acknowledgement.accepted(), status < 128) << "RFC 6275 section 6.1.8";
  }
}

TEST(MobilityHeader, ErrorsInTheirOrder) {
  const Bytes good = hex(kSamples[0].octets);
  EXPECT_EQ(error_of({}), "truncated");
  EXPECT_EQ(error_of(Bytes(7, 0xff)), "truncated");
  Bytes bad = good;
  bad[0] = 17;   // Payload Proto
  bad[1] = 255;  // more than there is
  EXPECT_EQ(error_of(bad), "truncated") << "before the checksum";
  bad[1] = 0;
  EXPECT_EQ(error_of(bad), "bad-checksum") << "before Payload Proto";
  EXPECT_EQ(error_of(bad, ChecksumPolicy::Ignore), "bad-payload-proto");
  EXPECT_EQ(error_of(summed(bad)), "bad-payload-proto") << "before Header Len";
  bad[0] = 59;
  EXPECT_EQ(error_of(summed(bad)), "bad-header-length") << "too short for the type";
  bad[1] = 2;
  EXPECT_EQ(error_of(summed(bad)), "bad-header-length") << "octets behind the header's end";
  bad = good;
  bad[13] = 0xff;  // the first option's length
  EXPECT_EQ(error_of(bad), "bad-checksum");
  EXPECT_EQ(error_of(summed(bad)), "bad-option-length");
}

TEST(MobilityHeader, AnUnknownTypeComesBeforeItsPayloadProto) {  // RFC 6275 section 9.2
  Bytes octets = hex(kSamples[3].octets);
  octets[0] = 17;
  EXPECT_EQ(error_of(octets), "bad-checksum");
  EXPECT_EQ(*decode(summed(octets), kMag, kLma), kSamples[3].message);
  octets.push_back(0);
  EXPECT_EQ(error_of(summed(octets)), "bad-header-length");
}

/// A sub-option that leaves its option breaks the message; one that contradicts itself is that flow's
/// mistake.
TEST(MobilityHeader, ErrorsInsideAFlowIdentification) {
  const auto update = [](const char* sub_option) {
    return summed(hex("3b 02 05 00 0000 0000 8200 0000 2d0a 0001 000a 0000") + hex(sub_option));
  };
  EXPECT_EQ(error_of(update("0202 0001")), "");
  EXPECT_EQ(error_of(update("0203 0001")), "bad-sub-option");
  EXPECT_EQ(error_of(update("0302 0200")), "");
  EXPECT_EQ(error_of(update("0200 0000")), "");
}

TEST(MobilityHeader, TheReservedOctetIsIgnoredAndWrittenAsZero) {  // RFC 6275 section 6.1.1
  for (const auto& v : kSamples) {
    Bytes octets = hex(v.octets);
    octets[3] = 0xff;
    EXPECT_EQ(*decode(octets, {}, {}, ChecksumPolicy::Ignore), v.message);
    EXPECT_EQ(encode(v.message, kMag, kLma)[3], 0);
  }
}

TEST(MobilityHeader, HeartbeatFlagsOneByOne) {  // RFC 5847 section 3.3
  for (const int bits : {0, 1, 2, 3}) {
    const Heartbeat message{(bits & 2) != 0, (bits & 1) != 0, 1, {}};
    EXPECT_EQ(encode(message, kMag, kLma)[7], bits);
    EXPECT_EQ(*decode(encode(message, kMag, kLma), kMag, kLma), MobilityMessage(message));
  }
  const Bytes reserved = summed(hex("3b 01 0d 00 0000 fffc 00000001 0102 0000"));
  EXPECT_EQ(*decode(reserved, kMag, kLma), MobilityMessage(Heartbeat{.sequence = 1, .options = {}}));
  EXPECT_EQ(error_of(summed(hex("3b 00 0d 00 0000 0000"))), "bad-header-length");
}

TEST(MobilityHeader, RevocationFlagsOneByOne) {  // RFC 5846 sections 5.1 and 5.2
  for (const int bits : {0, 0x80, 0x40, 0x20}) {
    const BindingRevocationIndication asks{
        RevocationTrigger::PerPeerPolicy, 1, bits == 0x80, bits == 0x40, bits == 0x20, {}};
    const BindingRevocationAcknowledgement answers{
        RevocationStatus::Success, 1, bits == 0x80, bits == 0x40, bits == 0x20, {}};
    for (const MobilityMessage& message : {MobilityMessage(asks), MobilityMessage(answers)}) {
      const Bytes octets = encode(message, kMag, kLma);
      EXPECT_EQ(octets.size(), 16U) << "four octets of padding";
      EXPECT_EQ(octets[10] << 8 | octets[11], bits << 8);
      EXPECT_EQ(*decode(octets, kMag, kLma), message);
    }
  }
  const Bytes reserved = summed(hex("3b 01 10 00 0000 01 80 0001 1fff 0102 0000"));
  EXPECT_EQ(*decode(reserved, kMag, kLma),
            MobilityMessage(BindingRevocationIndication{
                .trigger = RevocationTrigger::PerPeerPolicy, .sequence = 1, .options = {}}));
  const Bytes answer = summed(hex("3b 01 10 00 0000 02 80 0001 1fff 0102 0000"));
  EXPECT_EQ(*decode(answer, kMag, kLma),
            MobilityMessage(BindingRevocationAcknowledgement{
                .status = RevocationStatus::BindingDoesNotExist, .sequence = 1, .options = {}}));
  for (unsigned status = 0; status < 256; ++status)
    EXPECT_EQ(
        (BindingRevocationAcknowledgement{.status = static_cast<RevocationStatus>(status), .options = {}}
             .accepted()),
        status < 128);
}

TEST(MobilityHeader, NotificationFlagsOneByOne) {  // RFC 7077 section 4
  for (const int bits : {0, 0x80, 0x40}) {
    const UpdateNotification asks{1, NotificationReason::ForceReregistration, bits == 0x80, bits == 0x40, {}};
    const Bytes octets = encode(asks, kMag, kLma);
    EXPECT_EQ(octets[10] << 8 | octets[11], bits << 8);
    EXPECT_EQ(*decode(octets, kMag, kLma), MobilityMessage(asks));
  }
  const Bytes reserved = summed(hex("3b 01 13 00 0000 0001 abcd 3fff 0102 0000"));
  EXPECT_EQ(*decode(reserved, kMag, kLma),
            MobilityMessage(UpdateNotification{1, static_cast<NotificationReason>(0xabcd), false, false, {}}))
      << "a reason nobody knows passes through, reserved bits do not";
  const Bytes answer = summed(hex("3b 01 14 00 0000 0001 00 ffffff 0102 0000"));
  EXPECT_EQ(*decode(answer, kMag, kLma), MobilityMessage(UpdateNotificationAcknowledgement{1, {}, {}}));
  for (unsigned status = 0; status < 256; ++status)
    EXPECT_EQ((UpdateNotificationAcknowledgement{1, static_cast<NotificationStatus>(status), {}}.accepted()),
              status < 128);
}

TEST(MobilityHeader, OptionsThatNobodyKnowsAreSkippedInEveryMessage) {
  for (const char* octets : {"3b 02 05 00 0000 0001 0000 0000 c802 ffff 1702 0001 0102 0000",
                             "3b 02 06 00 0000 00 00 0001 0000 c802 ffff 1702 0001 0102 0000",
                             "3b 02 0d 00 0000 0001 00000005 c802 ffff 1702 0001 0102 0000",
                             "3b 02 10 00 0000 01 01 0001 8000 c802 ffff 1702 0001 0102 0000",
                             "3b 02 10 00 0000 02 00 0001 8000 c802 ffff 1702 0001 0102 0000",
                             "3b 02 13 00 0000 0001 0001 8000 c802 ffff 1702 0001 0102 0000",
                             "3b 02 14 00 0000 0001 00 000000 c802 ffff 1702 0001 0102 0000"}) {
    const auto message = decode(summed(hex(octets)), kMag, kLma);
    ASSERT_TRUE(message) << octets;
    std::visit(
        []<class T>(const T& m) {
          if constexpr (!std::is_same_v<T, UnknownMessage>)
            EXPECT_EQ(find<HandoffIndicatorOption>(m.options)->indicator, HandoffIndicator::NewInterface);
          else
            ADD_FAILURE() << "type " << m.type << " is not known";
        },
        *message);
  }
}

TEST(MobilityHeader, ARevocationOfAnotherTypeIsAnUnknownMessage) {
  for (const int type : {0, 3, 255}) {
    Bytes octets = hex("3b 01 10 00 0000 0000 0001 0000 0102 0000");
    octets[6] = static_cast<std::uint8_t>(type);
    const auto message = decode(summed(octets), kMag, kLma);
    ASSERT_TRUE(message);
    ASSERT_TRUE(std::holds_alternative<UnknownMessage>(*message));
    EXPECT_EQ(type_of(*message), 16);
    EXPECT_EQ(encode(*message, kMag, kLma), summed(octets));
  }
}

TEST(MobilityHeader, OverUdpItHasNoChecksum) {  // RFC 5844 section 4.1.3
  Bytes octets = encode_for_udp(registration());
  EXPECT_EQ(octets[4] << 8 | octets[5], 0);
  EXPECT_EQ(error_of(octets), "bad-checksum");
  EXPECT_EQ(*decode(octets, {}, {}, ChecksumPolicy::Ignore), MobilityMessage(registration()));
  octets[4] = octets[5] = 0xff;
  EXPECT_EQ(*decode(octets, {}, {}, ChecksumPolicy::Ignore), MobilityMessage(registration())) << "ignored";
  EXPECT_EQ(encode_for_udp(UnknownMessage{99, Bytes(2043)}), Bytes());
}

TEST(MobilityHeader, ABindingErrorNeedsItsHomeAddress) {
  EXPECT_EQ(error_of(summed(hex("3b 01 07 00 0000 0100 0000000000000000"))), "bad-header-length");
  const Bytes octets = summed(hex("3b 02 07 00 0000 01ff 20010db8000000000000000000000001"));
  EXPECT_EQ(*decode(octets, kMag, kLma),
            MobilityMessage(BindingError{BindingErrorStatus::UnknownBinding, ip("2001:db8::1"), {}}));
}

TEST(MobilityHeader, EveryTruncationIsCaught) {
  for (const auto& v : kSamples) {
    const Bytes whole = hex(v.octets);
    for (std::size_t length = 0; length < whole.size(); ++length) {
      Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
      EXPECT_EQ(error_of(cut, ChecksumPolicy::Ignore), "truncated");
      if (length < 8) continue;
      // The same with a Header Len that owns up to it: never the whole message again, whatever it is.
      cut[1] = static_cast<std::uint8_t>(length / 8 - 1);
      const auto decoded = decode(cut, kMag, kLma, ChecksumPolicy::Ignore);
      EXPECT_FALSE(decoded && *decoded == v.message) << length;
    }
  }
}

TEST(MobilityHeader, EveryFlippedBitIsAChecksumError) {
  const Bytes whole = hex(kSamples[0].octets);
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    if (bit / 8 == 1) continue;  // Header Len: another error comes first
    Bytes flipped = whole;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_EQ(error_of(flipped), "bad-checksum") << bit;
  }
  EXPECT_EQ(decode(whole, kLma, kLma).error().code, "bad-checksum") << "the addresses count";
}

TEST(MobilityHeader, NothingOverlongIsWritten) {
  ProxyBindingUpdate update;
  // 12 octets, then options of 2 + 253: seven fill 1797 octets, and 2 + 249 reach 2048.
  for (int i = 0; i < 7; ++i) update.options.push_back(UnknownOption{200, Bytes(253)});
  update.options.push_back(UnknownOption{200, Bytes(249)});
  const Bytes longest = encode(update, kMag, kLma);
  EXPECT_EQ(longest.size(), kMaxMobilityHeader);
  EXPECT_EQ(*decode(longest, kMag, kLma), MobilityMessage(update));
  update.options.push_back(UnknownOption{200, {}});
  EXPECT_TRUE(encode(update, kMag, kLma).empty());
  update.options = {UnknownOption{200, Bytes(256)}};
  EXPECT_TRUE(encode(update, kMag, kLma).empty());
  EXPECT_EQ(encode(UnknownMessage{99, Bytes(2042)}, kMag, kLma).size(), kMaxMobilityHeader);
  EXPECT_TRUE(encode(UnknownMessage{99, Bytes(2043)}, kMag, kLma).empty());
}

TEST(MobilityHeader, KnowsItsType) {
  EXPECT_EQ(type_of(ProxyBindingUpdate{}), 5);
  EXPECT_EQ(type_of(ProxyBindingAcknowledgement{}), 6);
  EXPECT_EQ(type_of(BindingError{}), 7);
  EXPECT_EQ(type_of(Heartbeat{}), 13);
  EXPECT_EQ(type_of(BindingRevocationIndication{}), 16);
  EXPECT_EQ(type_of(BindingRevocationAcknowledgement{}), 16);
  EXPECT_EQ(type_of(UpdateNotification{}), 19);
  EXPECT_EQ(type_of(UpdateNotificationAcknowledgement{}), 20);
  EXPECT_EQ(type_of(UnknownMessage{99, {}}), 99);
}

}  // namespace
}  // namespace flowmob::wire
