// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/schema.h"

#include <gtest/gtest.h>

namespace flowmob::daemon::config {
namespace {

using namespace std::chrono_literals;

struct Peer {
  std::string name;
  Ipv6Address address;
};
struct File {
  std::string name = "default";
  Duration wait = 10s;
  std::vector<Ipv6Prefix> pools;
  Element<Peer> first;
  std::vector<Element<Peer>> peers;
};

Section<Peer> peer_section(std::string title) {
  using K = Keys<Peer>;
  return {std::move(title),
          {K::required("name", &Peer::name, "what it is called"),
           K::required("address", &Peer::address, "where it is")}};
}

Section<File> file_section() {
  using K = Keys<File>;
  return {"the file",
          {K::optional("name", &File::name, "a name"),
           K::optional(
               "wait", [](File& f) -> Duration& { return f.wait; }, "how long", between<Duration>(1s, 1h)),
           K::optional("pools", &File::pools, "prefixes",
                       {"a prefix of at most 64 bits", [](const Ipv6Prefix& p) { return p.length <= 64; }}),
           K::table("first", &File::first, peer_section("[first]"), false, "the first"),
           K::tables("peer", &File::peers, peer_section("[[peer]]"), false, "the others")}};
}

struct Outcome {
  File file;
  std::vector<std::string> errors;
};

Outcome read(std::string_view text) {
  Outcome outcome;
  Diagnostics diagnostics("f");
  const auto document = parse_document(text, diagnostics);
  if (document) file_section().read(*document, outcome.file, diagnostics);
  for (const auto& diagnostic : diagnostics.sorted()) outcome.errors.push_back(diagnostic.to_string());
  return outcome;
}

using Errors = std::vector<std::string>;

TEST(Schema, FillsTheStructAndKeepsDefaults) {
  const auto [file, errors] =
      read("wait = '20s'\npools = ['2001:db8::/48']\n[[peer]]\nname='a'\naddress='::2'\n");
  EXPECT_EQ(errors, Errors{});
  EXPECT_EQ(file.name, "default");
  EXPECT_EQ(file.wait, 20s);
  ASSERT_EQ(file.pools.size(), 1u);
  ASSERT_EQ(file.peers.size(), 1u);
  EXPECT_EQ(file.peers[0].value.name, "a");
}

TEST(Schema, ReportsEverythingAtOnceInTheOrderOfTheFile) {
  const auto [file, errors] = read(R"(nmae = "x"
wait = 5
pools = ["2001:db8::/48", "2001:db8::/96"]
[first]
name = "one"
[[peer]]
name = 1
address = "::1"
colour = "red"
)");
  EXPECT_EQ(
      errors,
      (Errors{
          "f:1:1: unknown key 'nmae' in the file; expected 'name' (did you mean that?)",
          "f:2:8: the integer 5 is not allowed here; expected a duration such as \"300ms\"",
          "f:3:27: the string '2001:db8::/96' is not allowed here; expected a prefix of at most 64 bits",
          "f:4:1: 'address' is missing in [first]; expected where it is",
          "f:7:8: the integer 1 is not allowed here; expected a string",
          "f:9:1: unknown key 'colour' in [[peer]]; expected one of name, address",
      }));
}

TEST(Schema, ATableInTheWrongPlace) {
  EXPECT_EQ(read("first = 5\n").errors,
            Errors{"f:1:9: the integer 5 is not allowed here; expected the table [first]"});
  EXPECT_EQ(read("[peer]\nname='x'\naddress='::1'\n").errors,
            Errors{"f:1:1: a table is not allowed here; expected tables headed [[peer]]"});
  EXPECT_EQ(read("peer = [5]\n").errors,
            Errors{"f:1:9: the integer 5 is not allowed here; expected the table [[peer]]"});
}

TEST(Schema, ElementsKnowWhereTheirValuesStand) {
  const Node table{{4, 1}, Table{{"tags", {5, 1}, {{5, 8}, Array{{{5, 9}, "a"}, {{5, 14}, "b"}}}}}};
  const Element<Peer> element{{}, &table};
  EXPECT_EQ(element.at("tags"), (Position{5, 8}));
  EXPECT_EQ(element.at("tags", 1), (Position{5, 14}));
  EXPECT_EQ(element.at("tags", 2), (Position{5, 8}));
  EXPECT_EQ(element.at("name"), (Position{4, 1}));
}

TEST(Schema, RowsDescribeThemselves) {
  const auto section = file_section();
  const auto& keys = section.doc->keys;
  EXPECT_EQ(keys[0].default_value, "\"default\"");
  EXPECT_EQ(keys[1].type, "duration");
  EXPECT_EQ(keys[1].default_value, "\"10s\"");
  EXPECT_EQ(keys[1].range, "\"1s\" to \"1h\"");
  EXPECT_EQ(keys[2].type, "list of IPv6 prefix");
  EXPECT_EQ(keys[2].default_value, "[]");
  EXPECT_EQ(keys[4].section->title, "[[peer]]");
  EXPECT_TRUE(keys[4].section->keys[1].required);
}

}  // namespace
}  // namespace flowmob::daemon::config
