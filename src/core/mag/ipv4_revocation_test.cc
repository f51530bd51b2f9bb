// SPDX-License-Identifier: Apache-2.0
// An IPv4 home address that the LMA revokes (RFC 5846 section 9.1).
#include "core/mag/ipv4_fixture_for_test.h"

namespace flowmob::core {
namespace {

using RS = wire::RevocationStatus;
using Trigger = wire::RevocationTrigger;

class Ipv4Revocation : public Ipv4Gateway {
 protected:
  std::optional<RS> revoke(const char* ipv4, Trigger trigger = Trigger::Administrative) {
    const std::string_view mn = "mn1@example.com";
    wire::BindingRevocationIndication asked;
    asked.trigger = trigger;
    asked.sequence = ++number_;
    asked.proxy = asked.ipv4_only = true;
    asked.options = {wire::MobileNodeIdentifier{1, Bytes(mn.begin(), mn.end())},
                     wire::Ipv4HomeAddressRequest{24, ip(ipv4)}};
    clear();
    deliver(asked);
    for (const auto& one : messages) {
      const auto decoded = wire::decode(one.mobility_header, one.source, one.destination);
      const auto* answer = std::get_if<wire::BindingRevocationAcknowledgement>(&*decoded);
      if (answer) return answer->status;
    }
    return std::nullopt;
  }

 private:
  std::uint16_t number_ = 0;
};

TEST_F(Ipv4Revocation, TheAddressGoesAndThePrefixesStay) {
  register_with_ipv4();
  EXPECT_EQ(revoke("192.0.2.2"), RS::Success);
  ASSERT_EQ(hosts.size(), 1U);
  EXPECT_FALSE(hosts[0].ipv4);
  EXPECT_EQ(hosts[0].prefixes, std::vector{kHomePrefix});
  EXPECT_EQ(only_binding().at("state"), "registered");
  EXPECT_TRUE(only_binding().at("ipv4_address").is_null());
  EXPECT_TRUE(updates.empty());  // the LMA knows
  advance(std::chrono::minutes(5));
  EXPECT_FALSE(asks_for_ipv4());
  EXPECT_TRUE(asks_for_prefixes());
}

TEST_F(Ipv4Revocation, AnotherAddressIsNotKnown) {
  register_with_ipv4();
  EXPECT_EQ(revoke("192.0.2.3"), RS::BindingDoesNotExist);
  EXPECT_EQ(only_binding().at("ipv4_address"), "192.0.2.2/24");
}

TEST_F(Ipv4Revocation, ANodeOfNothingElseIsDetached) {
  start(ipv4_alone());
  register_with_ipv4();
  EXPECT_EQ(revoke("192.0.2.2"), RS::Success);
  EXPECT_TRUE(bindings().empty());
}

}  // namespace
}  // namespace flowmob::core
