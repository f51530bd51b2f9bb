// SPDX-License-Identifier: Apache-2.0
// `datapath`, of an LMA's interfaces.
#include "daemon/config/load_fixture_for_test.h"

namespace flowmob::daemon::config::testing {
namespace {

using dataplane::Datapath;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

/// `rows` stand behind the table [lma], `keys` in it.
Loaded<LmaSettings> with_datapath(std::string_view keys, std::string_view rows = "") {
  std::string text(kLma);
  text.insert(text.find("pools"), keys);
  text.append(rows);
  return parse_lma(text, "f");
}

TEST(LoadDatapath, IsTheMachinesToDecideUnlessTheFileDoes) {
  const auto silent = with_datapath("");
  ASSERT_THAT(errors_of(silent), IsEmpty());
  EXPECT_EQ(silent->datapath, Datapath::Auto);
  EXPECT_THAT(silent->datapaths, IsEmpty());
  EXPECT_EQ(with_datapath("datapath = \"tc\"\n")->datapath, Datapath::Tc);
  EXPECT_EQ(with_datapath("datapath = \"xdp\"\n")->datapath, Datapath::Xdp);
}

TEST(LoadDatapath, AnInterfaceMayHaveItsOwn) {
  const auto loaded = with_datapath("datapath = \"xdp\"\n",
                                    "[[interface]]\nname = \"acc2\"\ndatapath = \"tc\"\n"
                                    "[[interface]]\nname = \"core0\"\ndatapath = \"auto\"\n");
  ASSERT_THAT(errors_of(loaded), IsEmpty());
  EXPECT_THAT(loaded->datapaths, ElementsAre(Pair("acc2", Datapath::Tc), Pair("core0", Datapath::Auto)));
}

TEST(LoadDatapath, AnotherWordIsNone) {
  EXPECT_THAT(
      errors_of(with_datapath("datapath = \"ebpf\"\n")),
      ElementsAre("f:6:12: the string 'ebpf' is not allowed here; expected \"auto\", \"tc\" or \"xdp\""));
}

TEST(LoadDatapath, OnlyTheLmasInterfacesHaveOneAndOnce) {
  EXPECT_THAT(
      errors_of(with_datapath("", "[[interface]]\nname = \"acc3\"\ndatapath = \"tc\"\n")),
      ElementsAre("f:39:8: unknown interface of the LMA 'acc3'; expected 'acc1' (did you mean that?)"));
  EXPECT_THAT(
      errors_of(with_datapath("",
                              "[[interface]]\nname = \"acc1\"\ndatapath = \"tc\"\n"
                              "[[interface]]\nname = \"acc1\"\ndatapath = \"xdp\"\n")),
      ElementsAre("f:42:8: [[interface]] 'acc1' is already used at line 39; expected each [[interface]] "
                  "once"));
  EXPECT_THAT(
      errors_of(with_datapath("", "[[interface]]\nname = \"acc1\"\n")),
      ElementsAre(
          "f:38:1: 'datapath' is missing in [[interface]]; expected what forwards there, as in [lma]"));
}

}  // namespace
}  // namespace flowmob::daemon::config::testing
