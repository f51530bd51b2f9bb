// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/drop_monitor.h"

#include <gtest/gtest.h>

#include "base/address.h"

namespace flowmob::daemon {
namespace {

using dataplane::DropSample;
using platform::Json;

const std::string kDropped =
    "600000000008114020010db8000c0000000000000000001020010db801000000000000000000001013880fa000080000";

Json described(const std::string& octets, std::uint16_t protocol) {
  const Bytes frame = from_hex(octets).value();
  DropSample sample;
  sample.reason = "malformed";
  sample.came_in = true;
  sample.length = 999;
  sample.packets = 2;
  sample.protocol = protocol;
  sample.octets = frame;
  return describe_drop(sample);
}

TEST(DescribeDrop, SaysWhatCanBeRead) {
  const auto octets = "02000000000102000000000286dd" + kDropped;
  EXPECT_EQ(described(octets, 0x86dd), (Json{{"reason", "malformed"},
                                             {"way", "in"},
                                             {"length", 999},
                                             {"packets", 2},
                                             {"ethertype", "0x86dd"},
                                             {"protocol", "udp"},
                                             {"source", "2001:db8:c::10"},
                                             {"source_port", 5000},
                                             {"destination", "2001:db8:100::10"},
                                             {"destination_port", 4000},
                                             {"octets", octets}}));
}

TEST(DescribeDrop, ReadsWhatHasNoLinkLayerHeader) {
  EXPECT_EQ(described(kDropped, 0x86dd)["source"], "2001:db8:c::10");
}

TEST(DescribeDrop, LooksIntoTunnels) {
  const std::string outer =
      "600000000030294020010db8000a0000000000000000000120010db8000f00000000000000000001";
  const auto event = described("02000000000102000000000286dd" + outer + kDropped, 0x86dd);
  EXPECT_EQ(event["protocol"], "ipv6");
  EXPECT_TRUE(event["source_port"].is_null());
  EXPECT_EQ(event["inner"]["source"], "2001:db8:c::10");
  EXPECT_EQ(event["inner"]["source_port"], 5000);
}

TEST(DescribeDrop, SaysNothingOfWhatItCannotRead) {
  for (const auto& [octets, protocol] : {std::pair<std::string, std::uint16_t>{"", 0x86dd},
                                         {"02000000000102000000000286dd60", 0x86dd},
                                         {"020000000001020000000002080045000014", 0x0800},
                                         {"02000000000102000000000288b5" + kDropped, 0x88b5}}) {
    const auto event = described(octets, protocol);
    EXPECT_FALSE(event.contains("source")) << octets;
    EXPECT_EQ(event["octets"], octets);
  }
}

}  // namespace
}  // namespace flowmob::daemon
