// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/config/lma_file.h"
#include "daemon/config/mag_file.h"
#include "daemon/config/mn_file.h"
#include "examples.h"

namespace flowmob::daemon::config {
namespace {

using testing::HasSubstr;

struct Example {
  std::string_view text;
  FileKind kind;
  std::shared_ptr<const SectionDoc> doc;
};

std::vector<Example> examples() {
  return {{kLmaExample, FileKind::Lma, lma_section().doc},
          {kMagExample, FileKind::Mag, mag_section().doc},
          {kMnExample, FileKind::Mn, mn_section().doc}};
}

template <class Visit>
void each_key(const SectionDoc& section, Visit visit) {
  for (const KeyDoc& key : section.keys) {
    visit(section, key);
    if (key.section) each_key(*key.section, visit);
  }
}

/// "# key = value" is a default shown; other comments are prose.
std::string with_defaults(std::string_view example) {
  std::string text(example);
  for (auto at = text.find("\n# "); at != text.npos; at = text.find("\n# ", at + 1)) {
    const std::string line = text.substr(at + 3, text.find('\n', at + 1) - at - 3);
    const auto space = line.find(' ');
    if (space != line.npos && line.substr(space).starts_with(" = ")) text.erase(at + 1, 2);
  }
  return text;
}

TEST(Examples, AreRightAsTheyStandAndWithTheirComments) {
  for (const Example& example : examples()) {
    for (const std::string& text : {std::string(example.text), with_defaults(example.text)}) {
      const auto loaded = parse_any(text, "example");
      ASSERT_TRUE(loaded) << to_error(loaded.error()).message;
      EXPECT_EQ(loaded->index(), static_cast<std::size_t>(example.kind));
    }
  }
}

TEST(Examples, TheShownDefaultsAreTheDefaults) {
  const auto core = [](std::string_view text) { return parse_lma(text, "f").value().core; };
  auto shown = core(with_defaults(kLmaExample));
  auto absent = core(kLmaExample);
  shown.services = absent.services = {};  // selectors have no defaults: those comments are examples
  EXPECT_EQ(shown.holds_unknown_handoff(), absent.holds_unknown_handoff());
  shown.hold_unknown_handoff.reset();  // its default depends on another key
  EXPECT_EQ(shown, absent);
  EXPECT_EQ(parse_mag(with_defaults(kMagExample), "f").value().core,
            parse_mag(kMagExample, "f").value().core);
  EXPECT_EQ(parse_mn(with_defaults(kMnExample), "f").value().core, parse_mn(kMnExample, "f").value().core);
  EXPECT_EQ(parse_mag(with_defaults(kMagExample), "f").value().paths,
            parse_mag(kMagExample, "f").value().paths);
}

TEST(Examples, HaveEveryKey) {
  for (const Example& example : examples())
    each_key(*example.doc, [&](const SectionDoc& section, const KeyDoc& key) {
      const std::string written = key.section ? "\n" + key.section->title : key.name + " = ";
      EXPECT_THAT(std::string(example.text), HasSubstr(written)) << section.title;
    });
}

TEST(Reference, HasEveryKeyWithItsHelp) {
  const std::string page = configuration_reference();
  for (const Example& example : examples())
    each_key(*example.doc, [&](const SectionDoc&, const KeyDoc& key) {
      EXPECT_FALSE(key.help.empty()) << key.name;
      EXPECT_THAT(page, HasSubstr(key.help));
      EXPECT_EQ(key.help.find('|'), std::string::npos) << key.name;
    });
}

TEST(Reference, ARowOfEachSort) {
  const std::string page = configuration_reference();
  EXPECT_THAT(page,
              HasSubstr("| `address` | IPv6 address | required | a unicast address that is not link-local "
                        "| the LMA's address (LMAA), of the same family as the MAG's |\n"));
  EXPECT_THAT(page, HasSubstr("| `max_lifetime` | duration | `\"1h\"` | \"4s\" to \"4369min\" | "));
  EXPECT_THAT(page, HasSubstr("| `protocol` | protocol |  | \"tcp\", "));
  EXPECT_THAT(page, HasSubstr("| `control` | absolute path | `\"/run/flowmob/NAME.sock\"` | "));
  EXPECT_THAT(page, HasSubstr("| `security` | security | required | \"ipsec\" or \"none\" | "));
  EXPECT_THAT(page, HasSubstr("| `attach_on` | list of trigger | `[\"router-solicitation\"]` | \"router-"));
  EXPECT_THAT(page, HasSubstr("\n### `[[service.flow]]`\n"));
}

}  // namespace
}  // namespace flowmob::daemon::config
