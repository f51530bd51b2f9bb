// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/document.h"

#include <gtest/gtest.h>

namespace flowmob::daemon::config {
namespace {

constexpr std::string_view kText = R"([lma]
name = "lma"   # a comment
  ports = [ 1,
            "två", 3.5 ]
[lma.timers]
short = true
[[mag]]
name = "one"
[[mag]]
when = 2024-05-01
)";

Node parse(std::string_view text) {
  Diagnostics diagnostics("x.toml");
  auto document = parse_document(text, diagnostics);
  EXPECT_TRUE(document.has_value() && diagnostics.empty())
      << (diagnostics.empty() ? "" : diagnostics.sorted()[0].to_string());
  return document.value_or(Node{});
}

TEST(Document, KeysAndValuesKnowTheirPlace) {
  const Node top = parse(kText);
  const Node* lma = top.find("lma");
  ASSERT_NE(lma, nullptr);
  EXPECT_EQ(lma->at, (Position{1, 1}));
  EXPECT_EQ(lma->find("name")->at, (Position{2, 8}));
  EXPECT_EQ(*lma->find("name")->as<std::string>(), "lma");
  const auto* ports = lma->find("ports")->as<Array>();
  ASSERT_EQ(ports->size(), 3u);
  EXPECT_EQ((*ports)[0].at, (Position{3, 13}));
  EXPECT_EQ((*ports)[1].at, (Position{4, 13}));
  EXPECT_EQ((*ports)[2].at, (Position{4, 20})) << "columns count characters, not octets";
  EXPECT_EQ(lma->find("timers")->at, (Position{5, 1}));
}

TEST(Document, TablesOfAnArrayKnowTheirHeaders) {
  const Node top = parse(kText);
  const auto* mags = top.find("mag")->as<Array>();
  ASSERT_EQ(mags->size(), 2u);
  EXPECT_EQ((*mags)[0].at, (Position{7, 1}));
  EXPECT_EQ((*mags)[1].at, (Position{9, 1}));
  EXPECT_NE((*mags)[1].find("when")->as<DateTime>(), nullptr);
}

TEST(Document, MembersStandInTheOrderOfTheFile) {
  const Node top = parse("zebra = 1\napple = 2\n");
  const auto& members = *top.as<Table>();
  EXPECT_EQ(members[0].key, "zebra");
  EXPECT_EQ(members[1].key, "apple");
  EXPECT_EQ(members[1].at, (Position{2, 1}));
}

TEST(Document, WhatStandsThereIsDescribed) {
  const Node top = parse("a = 'x'\nb = true\nc = 5\nd = 1.5\ne = []\nf = {}\ng = 12:00:00\n");
  EXPECT_EQ(top.find("a")->describe(), "the string 'x'");
  EXPECT_EQ(top.find("b")->describe(), "the boolean true");
  EXPECT_EQ(top.find("c")->describe(), "the integer 5");
  EXPECT_EQ(top.find("d")->describe(), "the number 1.5");
  EXPECT_EQ(top.find("e")->describe(), "an array");
  EXPECT_EQ(top.find("f")->describe(), "a table");
  EXPECT_EQ(top.find("g")->describe(), "a date or time");
  EXPECT_EQ(top.find("h"), nullptr);
  EXPECT_EQ(top.find("a")->find("x"), nullptr);
}

std::string syntax_error(std::string_view text) {
  Diagnostics diagnostics("x.toml");
  EXPECT_FALSE(parse_document(text, diagnostics).has_value());
  EXPECT_EQ(diagnostics.size(), 1u);
  return diagnostics.sorted().at(0).to_string();
}

TEST(Document, SyntaxErrorsHaveAPlace) {
  EXPECT_TRUE(syntax_error("a = 1\nb = [1,\n").starts_with("x.toml:")) << syntax_error("a = 1\nb = [1,\n");
  EXPECT_TRUE(syntax_error("a = 1\nb == 2\n").starts_with("x.toml:2:4: not valid TOML: "))
      << syntax_error("a = 1\nb == 2\n");
  EXPECT_TRUE(syntax_error("a = 1\na = 2\n").starts_with("x.toml:2:5: not valid TOML: "))
      << syntax_error("a = 1\na = 2\n");
  EXPECT_TRUE(syntax_error("[a]\n[a]\n").starts_with("x.toml:2:1: not valid TOML: "))
      << syntax_error("[a]\n[a]\n");
  EXPECT_TRUE(syntax_error("a = \"\xff\"\n").starts_with("x.toml:1:")) << syntax_error("a = \"\xff\"\n");
}

TEST(Document, DeepNestingIsAnErrorAndNoCrash) {
  EXPECT_TRUE(syntax_error("a = " + std::string(5000, '[')).starts_with("x.toml:1:"));
}

}  // namespace
}  // namespace flowmob::daemon::config
