// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor/doctor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/magic.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <fstream>

#include "cli/doctor/scratch_namespace.h"

namespace flowmob::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

Result<std::string> there() { return "found"; }
Result<std::string> gone() { return fail("absent", "not in this kernel"); }
Result<std::string> refused() { return fail(std::string(kNotAllowed), "needs root to look"); }

Answer diagnose(std::initializer_list<Probe> probes, const NodeFinding& node = {}) {
  std::FILE* out = std::tmpfile();
  const Answer answer = report(examine(std::span(probes.begin(), probes.size())), node, Terminal(out));
  std::fclose(out);
  return answer;
}

TEST(Doctor, WhatItMayNotLookForIsUnknownAndNotMissing) {
  const Answer answer = diagnose({{"here", Need::Daemons, "use", "Get it.", there},
                                  {"closed", Need::Daemons, "use", "modprobe closed", refused}});
  const Json& finding = answer.document["findings"][1];
  EXPECT_EQ(finding["status"], "unknown");
  EXPECT_TRUE(finding["present"].is_null());
  EXPECT_THAT(finding["remedy"], HasSubstr("sudo"));
  EXPECT_EQ(answer.document["daemons_can_run"], false);
  EXPECT_EQ(answer.status, kFailed);
  EXPECT_THAT(answer.text, HasSubstr("Only root can look for closed."));
  EXPECT_THAT(answer.text, Not(HasSubstr("MISSING")));
  EXPECT_THAT(answer.text, Not(HasSubstr("modprobe")));
}

TEST(Doctor, WhatIsMissingHasItsRemedy) {
  const Answer answer = diagnose({{"here", Need::Daemons, "use", "Get it.", there},
                                  {"missing", Need::Lab, "use", "modprobe missing", gone}});
  EXPECT_EQ(answer.document["findings"][0]["status"], "present");
  EXPECT_EQ(answer.document["findings"][0]["present"], true);
  EXPECT_EQ(answer.document["findings"][0]["remedy"], "");
  EXPECT_EQ(answer.document["findings"][1]["status"], "missing");
  EXPECT_EQ(answer.document["findings"][1]["present"], false);
  EXPECT_EQ(answer.document["daemons_can_run"], true);
  EXPECT_EQ(answer.document["lab_can_run"], false);
  EXPECT_THAT(answer.text, HasSubstr("modprobe missing"));
  EXPECT_EQ(answer.status, 0);
}

TEST(Doctor, WhoElseManagesAnInterfaceIsSaidAndCostsNothing) {
  const NodeFinding node{
      "mn.toml", {"wlan0", "vif0"}, {{"networkd", "wlan0", "/run/x: y", "Unmanaged=yes"}}, ""};
  const Answer answer = diagnose({{"here", Need::Daemons, "use", "Get it.", there}}, node);
  EXPECT_EQ(answer.status, 0);
  EXPECT_EQ(answer.document["mobile_node"]["managers"][0]["manager"], "networkd");
  EXPECT_THAT(answer.text, HasSubstr("wlan0 is managed by networkd (/run/x: y)"));
  EXPECT_THAT(answer.text, HasSubstr("Unmanaged=yes"));
}

TEST(Doctor, NobodyIsSaidToManageWhatNobodyManages) {
  const Probe here{"here", Need::Daemons, "use", "Get it.", there};
  EXPECT_THAT(diagnose({here}, {"mn.toml", {"wlan0", "vif0"}, {}, ""}).text,
              HasSubstr("Nobody else was seen to manage wlan0, vif0."));
  const Answer none = diagnose({here});
  EXPECT_TRUE(none.document["mobile_node"].is_null());
  EXPECT_THAT(none.text, Not(HasSubstr("manage")));
}

TEST(Doctor, MembersThatDoNotExistAreSaid) {
  const NodeFinding node{"mn.toml", {"wlan0", "wwan0", "vif0"}, {}, "", {"wwan0"}};
  const Answer answer = diagnose({{"here", Need::Daemons, "use", "Get it.", there}}, node);
  EXPECT_EQ(answer.document["mobile_node"]["missing"], Json({"wwan0"}));
  EXPECT_THAT(answer.text,
              HasSubstr("No such interface here, and flowmob-mnd does not start without: wwan0.\n"));
  EXPECT_THAT(answer.text, HasSubstr("Nobody else was seen to manage wlan0, vif0."));
}

TEST(Doctor, WhatHidesTheBpfFileSystemIsSaid) {
  struct ::statfs info {};
  if (::statfs("/sys/fs/bpf", &info) != 0 || info.f_type != BPF_FS_MAGIC) GTEST_SKIP() << "none is mounted";
  EXPECT_EQ(bpf_folder("/", "/nowhere"), "/sys/fs/bpf");
  EXPECT_EQ(bpf_folder("/nowhere", "/"), "/sys/fs/bpf; `ip netns exec` hides it, --netns does not");
  EXPECT_EQ(bpf_folder("/nowhere", "/nowhere").error().code, "absent");
}

TEST(Doctor, AFileThatIsNoneIsSaid) {
  const NodeFinding node = examine_node("/nowhere/mn.toml");
  EXPECT_THAT(node.problem, HasSubstr("/nowhere/mn.toml"));
  const Answer answer = diagnose({{"here", Need::Daemons, "use", "Get it.", there}}, node);
  EXPECT_THAT(answer.text, HasSubstr("is not known: "));
}

TEST(Doctor, WhatForwardsAtAnAnchorsInterfacesIsSaid) {
  const auto file =
      std::filesystem::temp_directory_path() / ("doctor-" + std::to_string(::getpid()) + ".toml");
  std::ofstream(file) << R"([lma]
address = "2001:db8:f::1"
core_interfaces = ["lo"]
access_interfaces = ["gone0", "lo1"]
datapath = "xdp"
[[interface]]
name = "lo"
datapath = "auto"
[[interface]]
name = "lo1"
datapath = "tc"
)";
  const AnchorFinding anchor = examine_anchor(file);
  std::filesystem::remove(file);
  ASSERT_EQ(anchor.problem, "");
  const Json shown = to_json(anchor);
  EXPECT_EQ(shown["interfaces"][0]["interface"], "lo");
  EXPECT_EQ(shown["interfaces"][0]["wanted"], "auto");
  EXPECT_EQ(shown["interfaces"][0]["datapath"], "tc");
  EXPECT_THAT(shown["interfaces"][0]["datapath_reason"].get<std::string>(), HasSubstr("no network card"));
  EXPECT_EQ(shown["interfaces"][1]["datapath_reason"], "there is no such interface");
  EXPECT_EQ(shown["interfaces"][2]["datapath_reason"], "as configured");
  EXPECT_THAT(text_of(anchor), HasSubstr("gone0 has tc: there is no such interface\n"));
  EXPECT_THAT(text_of(examine_anchor("/nowhere/lma.toml")), HasSubstr("/nowhere/lma.toml"));
  EXPECT_TRUE(to_json(AnchorFinding{}).is_null());
  EXPECT_EQ(text_of(AnchorFinding{}), "");
}

TEST(ScratchNamespace, ARefusalStaysARefusal) {
  EXPECT_EQ(in_scratch_namespace(refused).error().code, kNotAllowed) << "of the probe, or of the namespace";
}

}  // namespace
}  // namespace flowmob::cli
