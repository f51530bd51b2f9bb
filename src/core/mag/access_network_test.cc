// SPDX-License-Identifier: Apache-2.0
#include "core/mag/mag_fixture.h"

/// RFC 6757 and RFC 5094 at the gateway.
namespace flowmob::core {
namespace {

class GatewayAccessNetwork : public MagFixture {
 protected:
  static MagConfig config_with(AccessNetwork network) {
    auto config = default_config();
    config.accesses[0].services = {};
    config.accesses[0].network = std::move(network);
    return config;
  }
  static AccessNetwork everything() {
    return {"eduroam", "ap-7", "example.edu", wire::GeoLocation{-32768, 16384}};
  }
};

TEST_F(GatewayAccessNetwork, EveryUpdateSaysIt) {  // section 4.1: refreshes and de-registrations too
  start(config_with(everything()));
  register_node();
  advance(std::chrono::seconds(300));
  accept();
  link(false);
  ASSERT_EQ(updates.size(), 3U);
  for (const auto& update : updates) {
    const auto& said = option<wire::AccessNetworkIdentifier>(update);
    ASSERT_EQ(said.sub_options.size(), 3U);
    const auto& name = std::get<wire::NetworkIdentifier>(said.sub_options[0]);
    EXPECT_TRUE(name.utf8);
    EXPECT_EQ(name.network, (Bytes{'e', 'd', 'u', 'r', 'o', 'a', 'm'}));
    EXPECT_EQ(name.access_point, (Bytes{'a', 'p', '-', '7'}));
    EXPECT_EQ(std::get<wire::GeoLocation>(said.sub_options[1]), (wire::GeoLocation{-32768, 16384}));
    EXPECT_EQ(std::get<wire::OperatorIdentifier>(said.sub_options[2]).kind, wire::OperatorIdentifier::kRealm);
  }
  EXPECT_EQ(updates[2].lifetime, 0);
}

TEST_F(GatewayAccessNetwork, OnlyWhatIsKnownIsSaid) {
  start(config_with({"", "", "10415", {}}));
  solicit();
  const auto& said = option<wire::AccessNetworkIdentifier>(last_update);
  ASSERT_EQ(said.sub_options.size(), 1U);
  EXPECT_EQ(std::get<wire::OperatorIdentifier>(said.sub_options[0]),
            (wire::OperatorIdentifier{wire::OperatorIdentifier::kEnterpriseNumber, Bytes{0x28, 0xaf}}));
  start(config_with({}));
  solicit();
  EXPECT_FALSE(wire::find<wire::AccessNetworkIdentifier>(last_update.options));
}

TEST_F(GatewayAccessNetwork, IsShown) {
  start(config_with(everything()));
  register_node();
  const Json expected{{"network", "eduroam"},
                      {"access_point", "ap-7"},
                      {"location", "-1.00000,0.50000"},
                      {"operator", "example.edu"}};
  EXPECT_EQ(only_binding().at("access_network"), expected);
  EXPECT_EQ(notified("access-network-ignored"), 0U);
}

TEST_F(GatewayAccessNetwork, AnAnchorThatDoesNotRepeatItIsNoted) {  // section 4.1
  start(config_with(everything()));
  solicit();
  answer([](auto& ack) {
    std::erase_if(ack.options,
                  [](const auto& o) { return std::holds_alternative<wire::AccessNetworkIdentifier>(o); });
  });
  EXPECT_EQ(notified("access-network-ignored"), 1U);
  EXPECT_EQ(only_binding().at("state"), "registered") << "that ends nothing";
}

TEST_F(GatewayAccessNetwork, VendorOptionsOfAnswersAreToldAndShown) {  // RFC 5094
  const Json expected = Json::array({{{"vendor_id", 10415}, {"subtype", 7}, {"data", "cafe"}}});
  const auto say = [](auto& ack) { ack.options.emplace_back(wire::VendorSpecific{10415, 7, {0xca, 0xfe}}); };
  start(config_with({}));
  solicit();
  answer(say);
  EXPECT_EQ(last_notice("registered").at("vendor_options"), expected);
  EXPECT_EQ(only_binding().at("vendor_options"), expected);
  advance(std::chrono::seconds(300));
  answer([&](auto& ack) {
    ack.status = wire::BindingStatus::ProxyRegNotEnabled;
    say(ack);
  });
  EXPECT_EQ(last_notice("registration-refused").at("vendor_options"), expected);
}

}  // namespace
}  // namespace flowmob::core
