// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/program.h"

namespace flowmob::cli {
namespace {

using testing::HasSubstr;

constexpr std::string_view kMn = R"([mn]
name = "mn"
[[member]]
interface = "lo"
[[member]]
interface = "no-such-if"
technology = "lte"
)";

class Check : public testing::Test {
 protected:
  Check() {
    std::filesystem::create_directories(folder_);
    std::filesystem::create_directories(folder_ / "empty");
  }
  ~Check() override { std::filesystem::remove_all(folder_); }

  /// Runs `flowmob check FILE ...` on a file of that content.
  int check(std::string_view content, std::vector<std::string> more = {}) {
    std::ofstream(file_) << content;
    std::vector<std::string> arguments{"check", file_.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    std::FILE* out = std::tmpfile();
    Terminal terminal(out, out);
    const int status = run(arguments, terminal, {folder_ / "empty", {}});
    output_.resize(static_cast<std::size_t>(std::ftell(out)));
    std::rewind(out);
    EXPECT_EQ(std::fread(output_.data(), 1, output_.size(), out), output_.size());
    std::fclose(out);
    return status;
  }

  std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / ("check-" + std::to_string(::getpid()));
  std::filesystem::path file_ = folder_ / "f.toml";
  std::string output_;
};

TEST_F(Check, ARightFile) {
  EXPECT_EQ(check(kMn), 0);
  EXPECT_EQ(output_, file_.string() +
                         ": ok (mn)\n"
                         "  interface:  vif0\n"
                         "  members:    lo (802.3), no-such-if (lte)\n");
}

TEST_F(Check, ARightFileAsJson) {
  EXPECT_EQ(check(kMn, {"--json"}), 0);
  const auto document = Json::parse(output_);
  EXPECT_EQ(document["file"], file_.string());
  EXPECT_EQ(document["kind"], "mn");
  EXPECT_EQ(document["ok"], true);
  EXPECT_EQ(document["name"], "mn");
}

TEST_F(Check, EveryMistakeHasALine) {
  EXPECT_EQ(check("[mn]\nmac = 5\ncolour = 1\n"), 1);
  const std::string file = file_.string();
  EXPECT_EQ(
      output_,
      file +
          ":1:1: [[member]] is missing in the file; expected a physical interface under the virtual one, "
          "the preferred first\n" +
          file +
          ":2:7: the integer 5 is not allowed here; expected \"member\" or a MAC address such as "
          "\"02:00:00:00:01:01\"\n" +
          file +
          ":3:1: unknown key 'colour' in [mn]; expected one of name, interface, backend, mac, decider, "
          "solicitation_interval, router_probe_interval, router_probes, control, bpf\n");
}

TEST_F(Check, MistakesAsJson) {
  EXPECT_EQ(check("[mn]\nmac = 5\n", {"--json"}), 1);
  const auto document = Json::parse(output_);
  EXPECT_EQ(document["ok"], false);
  EXPECT_EQ(document["error"]["code"], "bad-configuration");
  ASSERT_EQ(document["errors"].size(), 2u);
  const auto& mistake = document["errors"][1];
  EXPECT_EQ(mistake["file"], file_.string());
  EXPECT_EQ(mistake["line"], 2);
  EXPECT_EQ(mistake["column"], 7);
  EXPECT_EQ(mistake["message"], "the integer 5 is not allowed here");
  EXPECT_THAT(mistake["expected"].get<std::string>(), HasSubstr("MAC address"));
}

TEST_F(Check, InterfacesWhenAsked) {
  EXPECT_EQ(check(kMn, {"--interfaces"}), 1);
  EXPECT_EQ(output_,
            file_.string() + ":4:13: 'lo' leads to this host itself [is-loopback]\n" + file_.string() +
                ":6:13: there is no interface 'no-such-if' here; expected one that `ip link` shows\n");
}

TEST_F(Check, SeveralFiles) {
  EXPECT_EQ(check(kMn, {file_.string()}), 0);
  EXPECT_THAT(output_, HasSubstr(": ok (mn)\n"));
  EXPECT_EQ(check(kMn, {"no-such-file.toml", "--json"}), 1);
  const auto document = Json::parse(output_);
  EXPECT_EQ(document["ok"], false);
  ASSERT_EQ(document["files"].size(), 2u);
  EXPECT_EQ(document["files"][0]["ok"], true);
  EXPECT_EQ(document["files"][1]["file"], "no-such-file.toml");
}

TEST_F(Check, WhatComesFromTheFileCannotWriteToTheTerminal) {
  EXPECT_EQ(check("[mn]\n\"\\u001b[2J\" = 1\n"), 1);
  EXPECT_EQ(output_.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace flowmob::cli
