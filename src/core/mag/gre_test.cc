// SPDX-License-Identifier: Apache-2.0
#include "core/mag/mag_fixture.h"

/// RFC 5845 at the gateway.
namespace flowmob::core {
namespace {

using namespace std::chrono_literals;

class GatewayGre : public MagFixture {
 protected:
  static MagConfig with(GreWish wish) {
    auto config = default_config();
    config.gre = wish;
    config.accesses[0].services = {};
    return config;
  }
  GatewayGre() { start(with(GreWish::Keys)); }

  static const wire::GreKey* key_in(const wire::ProxyBindingUpdate& update) {
    return wire::find<wire::GreKey>(update.options);
  }
  /// As an LMA that agrees; none: to GRE without keys.
  void agree(std::optional<std::uint32_t> uplink) {
    answer([uplink](auto& ack) {
      for (auto& o : ack.options)
        if (auto* gre = std::get_if<wire::GreKey>(&o)) gre->key = uplink;
    });
  }
  void answer_without_key(wire::BindingStatus status) {
    answer([status](auto& ack) {
      ack.status = status;
      std::erase_if(ack.options, [](const auto& o) { return std::holds_alternative<wire::GreKey>(o); });
    });
  }
};

TEST_F(GatewayGre, KeysAreExchanged) {  // sections 3.3.1 and 4.2
  solicit();
  ASSERT_TRUE(key_in(last_update));
  const auto own = key_in(last_update)->key;
  ASSERT_TRUE(own);
  agree(0xfffffffe);
  ASSERT_EQ(hosts.size(), 1U);
  EXPECT_EQ(hosts[0].tunnelling, (Tunnelling{Encapsulation::GreWithKeys, *own, 0xfffffffe}));
  EXPECT_EQ(hosts[0].mtu, 1452);
  EXPECT_EQ(only_binding().at("encapsulation"), "gre-with-keys");
  EXPECT_EQ(only_binding().at("uplink_key"), 0xfffffffe);
  EXPECT_EQ(only_binding().at("downlink_key"), *own);
}

TEST_F(GatewayGre, TheNodeIsToldWhatFitsTheTunnel) {
  solicit();
  agree(5);
  ASSERT_FALSE(advertisements.empty());
  const auto message = decode(advertisements.back());
  std::vector<std::uint32_t> told;
  for (const auto& o : message.options)
    if (const auto* mtu = std::get_if<wire::Mtu>(&o)) told.push_back(mtu->mtu);
  EXPECT_EQ(told, std::vector<std::uint32_t>{1452});
}

TEST_F(GatewayGre, GreAloneIsAskedForWithoutAKey) {  // sections 3.2 and 4.2
  start(with(GreWish::Gre));
  solicit();
  ASSERT_TRUE(key_in(last_update));
  EXPECT_FALSE(key_in(last_update)->key);
  agree(std::nullopt);
  EXPECT_EQ(hosts.at(0).tunnelling, (Tunnelling{Encapsulation::Gre, 0, 0}));
}

TEST_F(GatewayGre, AnAnchorMayLeaveTheKeysOut) {  // section 4.2
  solicit();
  agree(std::nullopt);
  EXPECT_EQ(hosts.at(0).tunnelling, (Tunnelling{Encapsulation::Gre, 0, 0}));
}

TEST_F(GatewayGre, NodesHaveKeysOfTheirOwn) {
  solicit();
  const auto first = key_in(last_update)->key;
  solicit(kSecondNode, address("fe80::ff:fe00:11"));
  EXPECT_NE(first, key_in(last_update)->key);
}

TEST_F(GatewayGre, RefreshesCarryTheSameKeyAndDeregistrationsNone) {  // sections 3.3.2 and 4.2
  solicit();
  const auto own = *key_in(last_update)->key;
  agree(5);
  advance(300s);
  ASSERT_EQ(updates.size(), 2U);
  ASSERT_TRUE(key_in(last_update));
  EXPECT_EQ(key_in(last_update)->key, own);
  agree(5);
  EXPECT_EQ(hosts.size(), 1U) << "nothing has changed";
  link(false);
  ASSERT_EQ(last_update.lifetime, 0);
  EXPECT_FALSE(key_in(last_update));
}

TEST_F(GatewayGre, ANewUplinkKeyIsUsed) {  // section 3.3.2: after an LMA's restart
  solicit();
  agree(5);
  advance(300s);
  agree(6);
  ASSERT_EQ(hosts.size(), 2U);
  EXPECT_EQ(hosts[1].tunnelling.uplink_key, 6U);
}

TEST_F(GatewayGre, AnAnchorThatDoesNotKnowItIsAskedNoMore) {  // section 4.2
  solicit();
  answer_without_key(wire::BindingStatus::Accepted);
  EXPECT_EQ(hosts.at(0).tunnelling, Tunnelling{});
  EXPECT_EQ(notified("gre-not-supported"), 1U);
  solicit(kSecondNode, address("fe80::ff:fe00:11"));
  EXPECT_FALSE(key_in(last_update));
}

TEST_F(GatewayGre, WhereItIsNotRequiredItIsNotAskedForAgain) {  // section 4.2
  solicit();
  answer_without_key(wire::BindingStatus::GreKeyOptionNotRequired);
  EXPECT_EQ(only_binding().at("state"), "registered");
  EXPECT_EQ(hosts.at(0).tunnelling, Tunnelling{});
  advance(300s);
  EXPECT_FALSE(key_in(last_update));
  solicit(kSecondNode, address("fe80::ff:fe00:11"));
  EXPECT_TRUE(key_in(last_update)) << "of another session nothing was said";
}

TEST_F(GatewayGre, WhereItIsRequiredItIsAskedForWithAKey) {  // section 4.2
  start(with(GreWish::None));
  solicit();
  EXPECT_FALSE(key_in(last_update));
  reject(wire::BindingStatus::GreKeyOptionRequired);
  ASSERT_EQ(updates.size(), 2U);
  ASSERT_TRUE(key_in(last_update));
  EXPECT_TRUE(key_in(last_update)->key);
  agree(5);
  EXPECT_EQ(only_binding().at("encapsulation"), "gre-with-keys");
  start(with(GreWish::Keys));
  solicit();
  reject(wire::BindingStatus::GreKeyOptionRequired);
  EXPECT_EQ(updates.size(), 1U) << "it was there";
  EXPECT_EQ(only_binding().at("state"), "refused");
}

TEST_F(GatewayGre, NobodyAskedForAKey) {
  start(with(GreWish::None));
  solicit();
  answer([](auto& ack) { ack.options.emplace_back(wire::GreKey{5}); });
  EXPECT_EQ(hosts.at(0).tunnelling, Tunnelling{});
}

TEST_F(GatewayGre, UdpIsNeverAskedFor) {  // sections 7.2 and 7.3
  solicit();
  EXPECT_FALSE(last_update.tlv_header);
  EXPECT_FALSE(last_update.force_udp);
  answer([](auto& ack) {
    ack.status = wire::BindingStatus::GreTunnelingButTlvHeaderNotSupported;
    ack.tlv_header = true;
  });
  EXPECT_EQ(only_binding().at("encapsulation"), "gre-with-keys");
}

TEST_F(GatewayGre, KeysSurviveARestart) {
  solicit();
  const auto own = *key_in(last_update)->key;
  agree(5);
  const auto text = records.back().to_json().dump();
  start(with(GreWish::Keys));
  gateway->restore(now, {AttachmentRecord::from_json(Json::parse(text)).value()});
  drain();
  EXPECT_EQ(hosts.at(0).tunnelling, (Tunnelling{Encapsulation::GreWithKeys, own, 5}));
}

}  // namespace
}  // namespace flowmob::core
