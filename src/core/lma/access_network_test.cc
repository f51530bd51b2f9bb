// SPDX-License-Identifier: Apache-2.0
#include "core/lma/anchor_fixture_for_test.h"

/// RFC 6757 and RFC 5094 at the anchor.
namespace flowmob::core {
namespace {

using testing::Contains;
using testing::IsEmpty;

wire::AccessNetworkIdentifier campus() {
  return {{wire::NetworkIdentifier{true, to_bytes("eduroam"), to_bytes("ap-7")},
           wire::GeoLocation{48 * 32768, -11 * 32768 - 16384},
           wire::OperatorIdentifier{wire::OperatorIdentifier::kRealm, to_bytes("example.edu")}}};
}
wire::AccessNetworkIdentifier mobile() {
  return {{wire::NetworkIdentifier{true, to_bytes("262001"), {}},
           wire::OperatorIdentifier{wire::OperatorIdentifier::kEnterpriseNumber, Bytes{0x28, 0xaf}}}};
}
const wire::VendorSpecific kVendor{10415, 7, Bytes{0xca, 0xfe}};
const Json kVendorJson = Json::array({{{"vendor_id", 10415}, {"subtype", 7}, {"data", "cafe"}}});

class AccessNetworkTest : public AnchorFixture {
 protected:
  Pbu from(Pbu p, wire::MobilityOption option) const {
    p.more = {std::move(option)};
    return p;
  }
  void restart_with(const LmaConfig& config) { lma = std::make_unique<LocalMobilityAnchor>(config); }
  Json event(const char* name) const {
    for (const auto& n : all<Notify>())
      if (n.event == name) return n.fields;
    return {};
  }
};

TEST_F(AccessNetworkTest, IsKeptShownToldAndEchoed) {
  const auto pba = accepted(from(first(), campus()));
  const auto* echoed = wire::find<wire::AccessNetworkIdentifier>(pba.options);
  ASSERT_TRUE(echoed);
  EXPECT_EQ(*echoed, campus());
  const Json expected{{"network", "eduroam"},
                      {"access_point", "ap-7"},
                      {"location", "48.00000,-11.50000"},
                      {"operator", "example.edu"}};
  EXPECT_EQ(show("sessions")[0]["access_network"], expected);
  EXPECT_EQ(show("bindings")[0]["access_network"], expected);
  EXPECT_EQ(event("binding-registered")["access_network"], expected);
}

TEST_F(AccessNetworkTest, AnEnterpriseNumberIsShownInDigits) {
  accepted(from(first(), mobile()));
  const Json expected{{"network", "262001"}, {"operator", "10415"}};
  EXPECT_EQ(show("sessions")[0]["access_network"], expected);
}

TEST_F(AccessNetworkTest, IsForgottenWhenItIsNotSaidAnyMore) {  // section 4.2
  accepted(from(first(), campus()));
  const auto pba = accepted(first());
  EXPECT_FALSE(wire::find<wire::AccessNetworkIdentifier>(pba.options));
  EXPECT_FALSE(show("sessions")[0].contains("access_network"));
}

TEST_F(AccessNetworkTest, SurvivesARestartWithTheVendorsWord) {
  Pbu p = from(first(), campus());
  p.more.emplace_back(kVendor);
  accepted(p);
  const auto text = all<PersistNode>().back().record.to_json().dump();
  const Json shown = show("sessions")[0];
  restart_with(test_config());
  lma->restore(now, {NodeRecord::from_json(Json::parse(text)).value()});
  drain();
  EXPECT_EQ(show("sessions")[0]["access_network"], shown["access_network"]);
  EXPECT_EQ(show("sessions")[0]["vendor_options"], kVendorJson);
}

TEST_F(AccessNetworkTest, ANodeMayBeConfinedToNetworksAndOperators) {
  auto config = test_config();
  config.mobile_nodes[0].access = {{"eduroam", "guest"}, {"example.edu"}};
  restart_with(config);
  EXPECT_EQ(status(first()), Status::AdministrativelyProhibited) << "its MAG does not say where it is";
  EXPECT_EQ(status(from(first(), mobile())), Status::AdministrativelyProhibited);
  auto elsewhere = campus();
  elsewhere.sub_options.pop_back();
  EXPECT_EQ(status(from(first(), elsewhere)), Status::AdministrativelyProhibited) << "whose network is it?";
  EXPECT_EQ(status(from(first(), campus())), Status::Accepted);
  EXPECT_EQ(status(leave(first())), Status::Accepted) << "whoever leaves needs no permission";
}

TEST_F(AccessNetworkTest, AnOperatorIsEnoughWhereNoNetworkIsNamed) {
  auto config = test_config();
  config.mobile_nodes[0].access.operators = {"10415"};
  restart_with(config);
  EXPECT_EQ(status(from(first(), campus())), Status::AdministrativelyProhibited);
  EXPECT_EQ(status(from(first(), mobile())), Status::Accepted);
}

TEST_F(AccessNetworkTest, AServiceMayBeConfinedToo) {
  auto config = test_config();
  config.services[0].access.networks = {"eduroam"};
  restart_with(config);
  Pbu p = from(first(), mobile());
  p.service = "video";
  EXPECT_EQ(status(p), Status::ServiceAuthorizationFailed);
  p.service = "voice";
  EXPECT_EQ(status(p), Status::Accepted);
  p = from(second(), campus());
  p.service = "video";
  EXPECT_EQ(status(p), Status::Accepted);
}

TEST_F(AccessNetworkTest, WhatANewPolicyDoesNotPermitIsRevoked) {
  auto config = test_config();
  config.revocation.enabled = true;
  restart_with(config);
  accepted(from(first(), mobile()));
  config.mobile_nodes[0].access.networks = {"eduroam"};
  clear();
  ASSERT_TRUE(lma->reconfigure(now, config));
  drain();
  EXPECT_THAT(events(), Contains("revocation-sent"));
}

TEST_F(AccessNetworkTest, VendorOptionsAreToldAndShownAndNotEchoed) {  // RFC 5094
  const auto pba = accepted(from(first(), kVendor));
  EXPECT_FALSE(wire::find<wire::VendorSpecific>(pba.options));
  EXPECT_EQ(event("binding-registered")["vendor_options"], kVendorJson);
  EXPECT_EQ(show("bindings")[0]["vendor_options"], kVendorJson);
}

TEST_F(AccessNetworkTest, VendorOptionsOfARefusedRequestAreTold) {
  Pbu p = from(first(), kVendor);
  p.mn = "nobody";
  EXPECT_EQ(status(p), Status::NotLmaForThisMobileNode);
  EXPECT_EQ(event("binding-rejected")["vendor_options"], kVendorJson);
  EXPECT_THAT(show("sessions"), IsEmpty());
}

}  // namespace
}  // namespace flowmob::core
