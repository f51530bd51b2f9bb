// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/reference.h"

#include <fmt/format.h>

#include <string_view>

#include "daemon/config/lma_file.h"
#include "daemon/config/mag_file.h"
#include "daemon/config/mn_file.h"
#include "examples.h"

namespace flowmob::daemon::config {
namespace {

constexpr std::string_view kOpening = R"(<!-- Made by scripts/docs from the key tables; do not edit. -->
# Configuration

Each daemon reads one [TOML](https://toml.io) file. `flowmob check FILE` says whose file it is and whether it is
right, or everything that is wrong with it, each with line and column; a daemon refuses a file in which anything
is wrong. On SIGHUP, or `flowmob reload`, a daemon reads its file again: if anything is wrong with it, all stays as
it was; so it does where something has changed that needs a restart, which the answer names: addresses, interfaces,
paths. How packets are carried (`gre`, `force_ipv4_udp`) holds for a session from its next registration on.

- A *duration* is a string with a unit: `"300ms"`, `"1.5s"`, `"10min"`, `"1h"`, `"7d"` (also `us`, `ns`).
- *NAME* in a default stands for the daemon's `name`.
- A key without a default and not required may simply be absent.
- Unknown keys are errors: a misspelt one would otherwise go unnoticed.
)";

struct Daemon {
  std::string_view program, title, opening;
  const SectionDoc& file;
  std::string_view example, example_path;
};

std::string code(const std::string& value) {
  // Defaults are written as in the file, or described: "those of the access".
  constexpr std::string_view kLiteral = "\"[0123456789";
  const bool literal =
      value == "true" || value == "false" || (!value.empty() && kLiteral.find(value[0]) != kLiteral.npos);
  return literal ? fmt::format("`{}`", value) : value;
}

std::string row(const KeyDoc& key) {
  const std::string standard = key.required               ? "required"
                               : key.default_value == "-" ? ""
                                                          : code(key.default_value);
  return fmt::format("| `{}` | {} | {} | {} | {} |\n", key.name, key.type, standard, key.range, key.help);
}

std::string section(const SectionDoc& doc, const std::string& what, bool required) {
  std::string page = fmt::format(
      "\n### `{}`\n\n{}.{}\n\n| key | type | default | allowed | what it is |\n"
      "|---|---|---|---|---|\n",
      doc.title, what, required ? " Required." : "");
  std::string inner;
  for (const KeyDoc& key : doc.keys) {
    if (key.section == nullptr)
      page += row(key);
    else
      inner += section(*key.section, key.help, key.required);
  }
  return page + inner;
}

std::string chapter(const Daemon& daemon) {
  std::string page = fmt::format("\n## {}: `{}`\n\n{}\n", daemon.title, daemon.program, daemon.opening);
  for (const KeyDoc& key : daemon.file.keys) page += section(*key.section, key.help, key.required);
  return page + fmt::format("\n### Example\n\n[{0}]({0}):\n\n```toml\n{1}```\n", daemon.example_path,
                            daemon.example);
}

}  // namespace

std::string configuration_reference() {
  return std::string(kOpening) +
         chapter(
             {"flowmob-lmad", "The local mobility anchor",
              "A mobile node's own prefix may lie in a pool: the pool then gives it to nobody else. Pools do "
              "not\noverlap each other, own prefixes neither; addresses of LMA and MAGs lie outside of both.",
              *lma_section().doc, kLmaExample, "examples/lma.toml"}) +
         chapter({"flowmob-magd", "The mobile access gateway",
                  "Where `attach_on` has `\"carrier\"`, one node is meant: the one whose `access` names the "
                  "link, or\nthe only [[mobile_node]] there is, if it names none.",
                  *mag_section().doc, kMagExample, "examples/mag.toml"}) +
         chapter({"flowmob-mnd", "The mobile node",
                  "The virtual interface is the only one with a global address. It keeps no state.",
                  *mn_section().doc, kMnExample, "examples/mn.toml"});
}

}  // namespace flowmob::daemon::config
