// SPDX-License-Identifier: Apache-2.0
// `flowmob check FILE`: a daemon's configuration, read as the daemon would.
#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/program.h"
#include "cli/table.h"
#include "daemon/config/load.h"
#include "daemon/mn/member_link.h"
#include "platform/user.h"

namespace flowmob::cli {
namespace {

namespace config = daemon::config;

std::string counted(std::size_t count, const std::string& one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : one.ends_with('s') ? "es" : "s");
}

std::string joined(const std::vector<std::string>& list) { return fmt::format("{}", fmt::join(list, ", ")); }

/// What is in the file, as label and text.
using Summary = std::vector<std::pair<std::string, std::string>>;

Summary summary(const daemon::LmaSettings& settings) {
  const auto& core = settings.core;
  std::size_t flows = 0;
  for (const auto& service : core.services) flows += service.flows.size();
  std::vector<std::string> pools;
  for (const auto& pool : core.pools) pools.push_back(pool.to_string());
  return {{"address", core.address.to_string()},
          {"interfaces", joined(settings.core_interfaces) + " (core); " + joined(settings.access_interfaces) +
                             " (towards MAGs)"},
          {"pools", pools.empty() ? "none" : joined(pools)},
          {"holds", fmt::format("{}, {} with {}, {}", counted(core.mags.size(), "MAG"),
                                counted(core.services.size(), "service"), counted(flows, "flow"),
                                counted(core.mobile_nodes.size(), "mobile node"))}};
}

Summary summary(const daemon::MagSettings& settings) {
  const auto& core = settings.core;
  std::vector<std::string> accesses;
  for (const auto& access : core.accesses)
    accesses.push_back(
        fmt::format("{} ({}, {})", access.name, access.interface, to_string(access.technology)));
  return {{"address", core.address.to_string()},
          {"LMA", core.lma.to_string()},
          {"access", joined(accesses)},
          {"holds", counted(core.mobile_nodes.size(), "mobile node")}};
}

Summary summary(const daemon::MnSettings& settings) {
  std::vector<std::string> members;
  for (const auto& member : settings.core.members)
    members.push_back(fmt::format("{} ({})", member.interface, to_string(member.technology)));
  return {{"interface", settings.core.interface}, {"members", joined(members)}};
}

Answer right(const std::string& file, const daemon::Settings& settings) {
  const auto kind = to_string(static_cast<config::FileKind>(settings.index()));
  const auto name = std::visit([](const auto& held) { return held.core.name; }, settings);
  Answer answer;
  answer.document = {{"file", file}, {"kind", kind}, {"ok", true}, {"name", name}};
  answer.text = fmt::format("{}: ok ({})\n", printable(file), kind);
  for (const auto& [label, text] : std::visit([](const auto& held) { return summary(held); }, settings)) {
    answer.document["summary"][label] = text;
    answer.text += fmt::format("  {:<12}{}\n", label + ":", printable(text));
  }
  return answer;
}

Answer wrong(const std::string& file, const std::vector<config::Diagnostic>& diagnostics) {
  Answer answer;
  const Error error{"bad-configuration", counted(diagnostics.size(), "mistake") + " in " + file};
  answer.status = kFailed;
  answer.document = {{"ok", false},
                     {"error", Json{{"code", error.code}, {"message", error.message}}},
                     {"file", file},
                     {"errors", Json::array()}};
  for (const auto& diagnostic : diagnostics) {
    answer.document["errors"].push_back(diagnostic.to_json());
    answer.text += printable(diagnostic.to_string()) + "\n";
  }
  return answer;
}

bool interface_exists(std::string_view name) { return ::if_nametoindex(std::string(name).c_str()) != 0; }

/// One after the other, as flowmob-mnd asks when it starts.
class MemberCheck {
 public:
  Result<void> operator()(const std::string& name, const std::string& interface, daemon::VifBackend backend) {
    auto netlink = platform::Netlink::open();
    if (!netlink) return tl::unexpected(netlink.error());
    const auto link = daemon::fit_link(*netlink, name, interface, backend != daemon::VifBackend::Veth);
    if (!link) return tl::unexpected(link.error());
    seen_.emplace_back().interface = name;
    daemon::identify(seen_.back(), *link);
    return daemon::check_mtu(*link).and_then([&] { return daemon::check_distinct(seen_); });
  }

 private:
  std::vector<core::MemberConfig> seen_;
};

struct Arguments {
  std::vector<std::string> files;
  bool interfaces = false;
};

Answer check_file(const std::string& file, bool interfaces) {
  config::LoadOptions options;
  if (interfaces)
    options = {.interface_exists = interface_exists,
               .find_user = [](std::string_view name) { return platform::find_user(name); },
               .check_member = MemberCheck()};
  const auto loaded = config::load_any(file, options);
  return loaded ? right(file, *loaded) : wrong(file, loaded.error());
}

/// Of one file its own document.
Answer check(const Arguments& arguments) {
  if (arguments.files.size() == 1) return check_file(arguments.files.front(), arguments.interfaces);
  Answer all;
  all.document = {{"ok", true}, {"files", Json::array()}};
  for (const std::string& file : arguments.files) {
    Answer one = check_file(file, arguments.interfaces);
    all.status = std::max(all.status, one.status);
    all.text += one.text;
    all.document["files"].push_back(std::move(one.document));
  }
  all.document["ok"] = all.status == 0;
  return all;
}

std::string links(const core::FlowRule& rule) {
  std::vector<std::string> all;
  for (const auto& pattern : rule.prefer)
    all.push_back(pattern.technology ? wire::to_string(*pattern.technology) : pattern.mag);
  return fmt::format("{}", fmt::join(all, ", "));
}

std::string packets(const core::FlowRule& rule) {
  if (!rule.service.empty()) return "the service " + rule.service;
  return rule.flow ? counted(1 + rule.flow->alternatives.size(), "selector") : "what no other matches";
}

Answer right_policies(const std::string& file, const config::Policies& policies) {
  Answer answer;
  answer.document = {{"file", file}, {"ok", true}, {"policies", Json::array()}};
  answer.text = fmt::format("{}: ok ({})\n", printable(file),
                            policies.size() == 1 ? "1 policy" : fmt::format("{} policies", policies.size()));
  for (const auto& policy : policies) {
    Json rules = Json::array();
    answer.text += fmt::format("  {}{}\n", policy->name, policy->is_default ? " (default)" : "");
    for (const auto& rule : policy->rules) {
      rules.push_back({{"rule", rule->name}, {"packets", packets(*rule)}, {"prefer", links(*rule)}});
      answer.text +=
          fmt::format("    {:<16}{}: {}\n", rule->name, printable(packets(*rule)), printable(links(*rule)));
    }
    answer.document["policies"].push_back({{"policy", policy->name}, {"rules", std::move(rules)}});
  }
  return answer;
}

Answer check_policies(const std::string& file) {
  const auto loaded = config::load_policies(file);
  return loaded ? right_policies(file, *loaded) : wrong(file, loaded.error());
}

}  // namespace

void add_policy_check_command(Program& program) {
  auto file = std::make_shared<std::string>();
  auto* added = program.add(program.group("policy", kPolicyHelp), "check",
                            "says what is wrong with the policies of a file",
                            [file](Terminal& terminal) { return terminal.finish(check_policies(*file)); });
  added->add_option("file", *file, "an LMA's file, or one that has nothing but policies")
      ->required()
      ->type_name("FILE");
}

void add_check_command(Program& program) {
  auto arguments = std::make_shared<Arguments>();
  auto* added = program.add(nullptr, "check", "says what is wrong with daemons' configuration files",
                            [arguments](Terminal& terminal) { return terminal.finish(check(*arguments)); });
  added->add_option("file", arguments->files, "the file, of any daemon, or several")
      ->required()
      ->type_name("FILE");
  added->add_flag("--interfaces", arguments->interfaces,
                  "also look whether the interfaces exist here and may be members, as the daemon does when "
                  "it starts, and users of rules");
}

}  // namespace flowmob::cli
