// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor/doctor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "cli/program.h"
#include "cli/table.h"
#include "daemon/config/load.h"

namespace flowmob::cli {
namespace {

constexpr std::string_view kBecomeRoot = "Run as root: sudo flowmob doctor.";

bool is_present(const Finding& finding) { return finding.presence == Presence::Present; }

Json to_json(const Finding& finding) {
  return {{"name", finding.name},
          {"status", to_string(finding.presence)},
          {"present", finding.presence == Presence::Unknown ? Json() : Json(is_present(finding))},
          {"needed_by", to_string(finding.need)},
          {"detail", finding.detail},
          {"purpose", finding.purpose},
          {"remedy", is_present(finding) ? "" : finding.remedy}};
}

constexpr const char* kNodeFile = "/etc/flowmob/mn.toml";
constexpr const char* kAnchorFile = "/etc/flowmob/lma.toml";

Json to_json(const NodeFinding& node) {
  Json claims = Json::array();
  for (const Claim& claim : node.claims)
    claims.push_back({{"manager", claim.manager},
                      {"interface", claim.interface},
                      {"evidence", claim.evidence},
                      {"remedy", claim.remedy}});
  return {{"file", node.file},
          {"interfaces", node.interfaces},
          {"missing", node.missing},
          {"problem", node.problem},
          {"managers", std::move(claims)}};
}

std::string text_of(const NodeFinding& node) {
  if (node.file.empty()) return "";
  if (!node.problem.empty())
    return fmt::format("\nWho else manages the mobile node's interfaces is not known: {}\n",
                       printable(node.problem));
  const auto listed = [](const std::vector<std::string>& names) {
    return printable(fmt::format("{}", fmt::join(names, ", ")));
  };
  std::string text;
  if (!node.missing.empty())
    text += fmt::format("\nNo such interface here, and flowmob-mnd does not start without: {}.\n",
                        listed(node.missing));
  for (const Claim& claim : node.claims)
    text += fmt::format(
        "\n{} is managed by {} ({}), which flowmob-mnd cannot share it with. To end that:\n  {}\n",
        printable(claim.interface), printable(claim.manager), printable(claim.evidence),
        printable(claim.remedy));
  std::vector<std::string> present = node.interfaces;
  std::erase_if(present, [&](const auto& name) { return std::ranges::count(node.missing, name) != 0; });
  if (node.claims.empty()) text += fmt::format("\nNobody else was seen to manage {}.\n", listed(present));
  return text;
}

Cell verdict(const Finding& finding) {
  if (is_present(finding)) return {"ok", Style::Good};
  if (finding.presence == Presence::Unknown) return {"unknown", Style::Faint};
  if (finding.need == Need::Comfort) return {"absent", Style::Faint};
  return {"MISSING", Style::Bad};
}

std::string names_of_unknown(const std::vector<Finding>& findings) {
  std::string names;
  for (const Finding& finding : findings)
    if (finding.presence == Presence::Unknown) names += (names.empty() ? "" : ", ") + finding.name;
  return names;
}

std::string remedies(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings)
    if (finding.presence == Presence::Missing)
      text += fmt::format("\n{} ({}): {}\n  {}\n", finding.name, to_string(finding.need),
                          printable(finding.detail), finding.remedy);
  if (const std::string unseen = names_of_unknown(findings); !unseen.empty())
    text += fmt::format("\nOnly root can look for {}.\n  {}\n", unseen, kBecomeRoot);
  return text;
}

}  // namespace

tl::unexpected<Error> absent(std::string why) { return fail("absent", std::move(why)); }

tl::unexpected<Error> absent_errno(std::string_view what, int number) {
  // A refusal says nothing about the feature.
  if (number == EPERM || number == EACCES) return fail(std::string(kNotAllowed), "needs root to look");
  return absent(fmt::format("{}: {}", what, std::strerror(number)));
}

std::string_view to_string(Presence presence) {
  return presence == Presence::Present ? "present" : presence == Presence::Missing ? "missing" : "unknown";
}

std::string_view to_string(Need need) {
  switch (need) {
    case Need::Daemons:
      return "daemons";
    case Need::Lab:
      return "lab";
    case Need::Demo:
      return "demo";
    case Need::Comfort:
      return "comfort";
  }
  return "?";
}

std::vector<Finding> examine(std::span<const Probe> probes) {
  std::vector<Finding> findings;
  for (const Probe& probe : probes) {
    const auto seen = probe.look();
    const auto presence = seen                               ? Presence::Present
                          : seen.error().code == kNotAllowed ? Presence::Unknown
                                                             : Presence::Missing;
    findings.push_back({std::string(probe.name), probe.need, presence, seen ? *seen : seen.error().message,
                        std::string(probe.purpose),
                        std::string(presence == Presence::Unknown ? kBecomeRoot : probe.remedy)});
  }
  return findings;
}

NodeFinding examine_node(const std::filesystem::path& file, const std::filesystem::path& root) {
  NodeFinding node{file.string(), {}, {}, ""};
  const auto settings = daemon::config::load_mn(file);
  if (!settings) {
    node.problem = daemon::config::to_error(settings.error()).message;
    return node;
  }
  for (const auto& member : settings->core.members) {
    node.interfaces.push_back(member.interface);
    if (!has_interface(root, member.interface)) node.missing.push_back(member.interface);
  }
  node.claims = find_claims(root, node.interfaces, settings->core.interface);
  node.interfaces.push_back(settings->core.interface);
  return node;
}

Answer report(const std::vector<Finding>& findings, const NodeFinding& node, const Terminal& terminal,
              const AnchorFinding& anchor) {
  const auto lacks = [&](Need need) {
    return std::ranges::any_of(findings, [&](const Finding& f) { return !is_present(f) && f.need == need; });
  };
  Answer answer;
  const bool daemons = !lacks(Need::Daemons);
  const bool lab = daemons && !lacks(Need::Lab);
  const bool demo = lab && !lacks(Need::Demo);
  answer.document = {{"daemons_can_run", daemons},
                     {"lab_can_run", lab},
                     {"demo_can_run", demo},
                     {"findings", Json::array()},
                     {"mobile_node", node.file.empty() ? Json() : to_json(node)},
                     {"anchor", to_json(anchor)}};
  TextTable table({{"FEATURE"}, {""}, {"DETAIL", false, true}, {"USED FOR", false, true}});
  for (const Finding& finding : findings) {
    answer.document["findings"].push_back(to_json(finding));
    table.add({finding.name, verdict(finding), finding.detail, finding.purpose});
  }
  answer.text = table.render(terminal.width, terminal.colour) + remedies(findings) + text_of(anchor) +
                text_of(node) +
                fmt::format("\n{}\n", demo      ? "flowmob runs here, the lab and the demo too."
                                      : lab     ? "flowmob runs here, the lab too, but not the demo."
                                      : daemons ? "flowmob runs here, but not the lab."
                                                : "flowmob does not run here yet.");
  answer.status = daemons ? 0 : kFailed;
  return answer;
}

void add_doctor_command(Program& program) {
  auto file = std::make_shared<std::string>(), anchor_file = std::make_shared<std::string>();
  CLI::App* command = program.add(
      nullptr, "doctor", "says what flowmob needs of this machine, what is missing and how to get it",
      [file, anchor_file](Terminal& terminal) {
        const auto chosen = [](const std::string& given, const char* usual) -> std::string {
          std::error_code error;
          return !given.empty() ? given : std::filesystem::exists(usual, error) ? usual : "";
        };
        const std::string node = chosen(*file, kNodeFile), anchor = chosen(*anchor_file, kAnchorFile);
        return terminal.finish(report(examine(doctor_probes()),
                                      node.empty() ? NodeFinding{} : examine_node(node), terminal,
                                      anchor.empty() ? AnchorFinding{} : examine_anchor(anchor)));
      });
  command
      ->add_option(
          "--node", *file,
          fmt::format("a mobile node's file, to see who else manages its interfaces; {} if it is there",
                      kNodeFile))
      ->type_name("FILE");
  command
      ->add_option("--lma", *anchor_file,
                   fmt::format("an LMA's file, to see what forwards at its interfaces; {} if it is there",
                               kAnchorFile))
      ->type_name("FILE");
}

}  // namespace flowmob::cli
