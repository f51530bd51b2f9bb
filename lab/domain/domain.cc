// SPDX-License-Identifier: Apache-2.0
#include "lab/domain/domain.h"

#include <fmt/format.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/vfs.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "lab/domain/logs.h"
#include "lab/domain/wait.h"
#include "lab/host/netns.h"
#include "lab/host/process.h"
#include "lab/host/programs.h"
#include "platform/control_client.h"
#include "platform/errno_error.h"

namespace flowmob::lab {
namespace {

using platform::Json;
using namespace std::chrono_literals;

Result<void> discard_output(Result<std::string> result) {
  return result.map([](const std::string&) {});
}

Result<void> mount_bpffs() {
  struct ::statfs info {};
  if (::statfs("/sys/fs/bpf", &info) == 0 && info.f_type == BPF_FS_MAGIC) return {};
  if (::mount("bpf", "/sys/fs/bpf", "bpf", 0, nullptr) != 0)
    return platform::fail_errno("mount-failed", "/sys/fs/bpf");
  return {};
}

Result<Json> call_socket(const std::filesystem::path& socket, std::string_view command,
                         const Json& arguments) {
  return platform::ControlClient::connect(socket).and_then(
      [&](platform::ControlClient client) { return client.call(command, arguments); });
}

/// Addresses are configured by hand here, and nobody else uses them: no waiting for duplicates.
Result<void> set_sysctls(const Plan& plan, const std::string& node) {
  std::vector<std::string> argv{"sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0"};
  if (node == "wire") argv.push_back("net.ipv6.conf.default.disable_ipv6=1");
  // BBR, where it is the default, pauses every ten seconds to measure the path: that would look like our
  // doing. A window that is not full must not shrink: a paced sender fills it only when a link fails. And its
  // segments leave one by one, not in twos.
  if (node == "cn")
    static_cast<void>(run({.argv = {"sysctl", "-qw", "net.ipv4.tcp_congestion_control=cubic",
                                    "net.ipv4.tcp_slow_start_after_idle=0", "net.ipv4.tcp_min_tso_segs=1"},
                           .netns = plan.namespace_of(node)}));
  if (node == "lma" || node.starts_with("mag")) argv.push_back("net.ipv6.conf.all.forwarding=1");
  return discard_output(run({.argv = argv, .netns = plan.namespace_of(node)}));
}

/// A rate is a rate per frame, and a capture shows what a wire carries, only if frames are cut before they
/// leave.
Result<void> turn_offloads_off(const Plan& plan, const LinkEnd& end) {
  return discard_output(
      run({.argv = {"ethtool", "-K", end.interface, "tso", "off", "gso", "off", "gro", "off", "tx", "off"},
           .netns = plan.namespace_of(end.node)}));
}

bool flows_are_settled(const Domain& domain) {
  const auto shown = domain.call("lma", "show bindings");
  if (!shown || !shown->contains("bindings")) return false;
  const Json& rows = (*shown)["bindings"];
  return !rows.empty() &&
         std::ranges::all_of(rows, [](const Json& row) { return row.value("state", "") == "active"; });
}

std::string global_address(const Plan& plan) {
  const auto text = run({.argv = {"ip", "-json", "-6", "address", "show", "dev",
                                  std::string(kVirtualInterface), "scope", "global"},
                         .netns = plan.namespace_of("mn")});
  const Json shown = text ? Json::parse(*text, nullptr, false) : Json();
  if (!shown.is_array()) return {};
  for (const Json& interface : shown) {
    for (const Json& entry : interface.value("addr_info", Json::array())) {
      if (entry.contains("local") && !entry.value("tentative", false)) return entry["local"];
    }
  }
  return {};
}

}  // namespace

Result<Domain> Domain::up(const Plan& plan, const UpOptions& options) {
  if (auto can = need_programs(
          {"ip", "sysctl", "ethtool", "flowmob-wire", "flowmob-lmad", "flowmob-magd", "flowmob-mnd"});
      !can)
    return tl::unexpected(can.error());
  if (auto running = open(plan); running && running->healthy(options.daemons)) {
    options.say(fmt::format("lab \"{}\" was up already", plan.name()));
    return running;
  }
  down(plan);
  Domain domain(plan);
  domain.state_.demo = options.demo;
  auto built = domain.build(options);
  if (built) return domain;
  // What the daemons said is worth more than what we know; it goes with the directory.
  const std::string logs = log_tails(plan, 20);
  down(plan);
  return fail(built.error().code, built.error().message + (logs.empty() ? "" : "\n" + logs));
}

Result<Domain> Domain::open(const Plan& plan) {
  return load_state(plan.file("state.json")).map([&](LabState state) {
    Domain domain(plan);
    domain.state_ = std::move(state);
    return domain;
  });
}

bool Domain::anything_of(const Plan& plan) {
  std::error_code error;
  return std::filesystem::exists(plan.directory(), error) ||
         std::ranges::any_of(plan.nodes(), [&](const std::string& node) {
           return namespace_exists(plan.namespace_of(node));
         });
}

void Domain::down(const Plan& plan) {
  if (const auto state = load_state(plan.file("state.json"))) {
    std::vector<ProcessRecord> records;
    for (const auto& [name, process] : state->processes) records.push_back(process);
    end_recorded(records);
  }
  for (const std::string& node : plan.nodes()) {
    if (namespace_exists(plan.namespace_of(node))) remove_namespace(plan.namespace_of(node));
  }
  std::error_code error;
  std::filesystem::remove_all(plan.directory(), error);
  std::filesystem::remove_all(plan.bpf_directory(), error);
}

Result<void> Domain::build(const UpOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(plan_.directory(), error);
  if (error) return fail("write-failed", plan_.directory().string() + ": " + error.message());
  for (const DaemonPlan& daemon : plan_.daemons()) {
    std::ofstream(plan_.file(daemon.node + ".toml")) << configuration_of(plan_, daemon.node);
  }
  options.say("namespaces and links");
  auto done = mount_bpffs().and_then([&] { return add_nodes(); }).and_then([&] { return add_links(); });
  for (const LinkPlan& link : plan_.links()) {
    if (done && link.emulated()) done = start_wire(link, options.engine);
  }
  if (done && options.daemons) done = start_daemons(options);
  return done;
}

Result<void> Domain::add_nodes() {
  for (const std::string& node : plan_.nodes()) {
    auto done = add_namespace(plan_.namespace_of(node)).and_then([&] { return set_sysctls(plan_, node); });
    if (!done) return done;
  }
  return {};
}

Result<void> Domain::add_links() {
  Result<void> done;
  for (const LinkPlan& link : plan_.links()) {
    const std::string where = plan_.namespace_of(link.emulated() ? "wire" : link.a.node);
    if (done) done = ip(where, plan_.link_lines(link));
  }
  for (const LinkEnd& end : plan_.emulated_ends()) {
    if (done) done = turn_offloads_off(plan_, end);
  }
  for (const std::string& node : plan_.nodes()) {
    if (done) done = ip(plan_.namespace_of(node), plan_.node_lines(node));
  }
  return done;
}

Result<void> Domain::start_wire(const LinkPlan& link, const std::string& engine) {
  const auto socket = plan_.wire_socket(link);
  auto started =
      Process::start({.argv = {program_path("flowmob-wire"), "--netns", plan_.namespace_of("wire"), "--a",
                               plan_.wire_interface(link, true), "--b", plan_.wire_interface(link, false),
                               "--both", link.parameters, "--engine", engine, "--control", socket},
                      .log = plan_.file(link.name + ".wire.log"),
                      .detached = true});
  if (!started) return tl::unexpected(started.error());
  auto recorded = record("wire " + link.name, started->release());
  if (!recorded) return recorded;
  return answers_or_ended("wire " + link.name, "flowmob-wire of " + link.name,
                          [&] { return link_status(link).has_value(); });
}

Result<void> Domain::start_daemons(const UpOptions& options) {
  for (const DaemonPlan& daemon : plan_.daemons()) {
    options.say("starting " + daemon.program + " (" + daemon.node + ")");
    auto started = start_daemon(daemon).and_then([&] { return wait_for_control(daemon.node); });
    if (!started) return started;
  }
  options.say("waiting for both links to attach");
  return wait_for_attachment();
}

Result<void> Domain::start_daemon(const DaemonPlan& daemon) {
  auto started =
      Process::start({.argv = {program_path(daemon.program), "--config", plan_.file(daemon.node + ".toml"),
                               "--netns", plan_.namespace_of(daemon.node)},
                      .log = plan_.file(daemon.node + ".log"),
                      .detached = true});
  if (!started) return tl::unexpected(started.error());
  return record(daemon.node, started->release());
}

Result<void> Domain::kill_daemon(std::string_view name) {
  const auto found = state_.processes.find(std::string(name));
  if (found == state_.processes.end() || !found->second.alive()) {
    return fail("not-running", fmt::format("{} does not run", name));
  }
  ::kill(found->second.pid, SIGKILL);
  return wait_until(fmt::format("the end of {}", name), [&] { return !found->second.alive(); });
}

Result<void> Domain::wait_for_control(std::string_view daemon) const {
  return answers_or_ended(std::string(daemon), fmt::format("the control socket of {}", daemon),
                          [&] { return call(daemon, "status").has_value(); });
}

Result<void> Domain::answers_or_ended(const std::string& process, const std::string& what,
                                      const std::function<bool()>& answers) const {
  const auto& record = state_.processes.at(process);
  auto answered = wait_until(what, [&] { return !record.alive() || answers(); });
  if (answered && !record.alive()) return fail("daemon-ended", fmt::format("{} ended at once", process));
  return answered;
}

Result<void> Domain::wait_for_attachment() {
  auto attached = wait_until("both links to attach", [&] {
    const auto sessions = call("lma", "show sessions");
    const Json* list = !sessions ? nullptr : sessions->is_array() ? &*sessions : &(*sessions)["sessions"];
    return list != nullptr && list->size() >= 2;
  });
  if (!attached) return attached;
  // A flow waits a moment for the link that it is meant for.
  auto settled = wait_until("every flow to be on its own link", [&] { return flows_are_settled(*this); });
  if (!settled) return settled;
  auto addressed = wait_until("the mobile node's address", [&] {
    state_.virtual_address = global_address(plan_);
    return !state_.virtual_address.empty();
  });
  if (!addressed) return addressed;
  return save_state(plan_.file("state.json"), state_);
}

Result<void> Domain::record(const std::string& name, pid_t pid) {
  state_.processes[name] = ProcessRecord::of(pid);
  return save_state(plan_.file("state.json"), state_);
}

bool Domain::healthy(bool daemons) const {
  const auto runs = [&](const std::string& name) {
    const auto found = state_.processes.find(name);
    return found != state_.processes.end() && found->second.alive();
  };
  const bool linked = std::ranges::all_of(
      plan_.links(), [&](const LinkPlan& link) { return !link.emulated() || runs("wire " + link.name); });
  const bool peopled =
      std::ranges::all_of(plan_.daemons(), [&](const DaemonPlan& daemon) { return runs(daemon.node); });
  if (daemons) return linked && peopled && !state_.virtual_address.empty();
  return linked && (peopled || !has_daemons());
}

bool Domain::has_daemons() const {
  return std::ranges::any_of(
      plan_.daemons(), [&](const DaemonPlan& daemon) { return state_.processes.contains(daemon.node); });
}

bool Domain::in_use() const {
  return !state_.demo &&
         std::ranges::any_of(state_.processes, [](const auto& entry) { return entry.second.alive(); });
}

Result<Json> Domain::call(std::string_view daemon, std::string_view command, const Json& arguments) const {
  return call_socket(plan_.control_socket(daemon), command, arguments);
}

Result<void> Domain::change_file(std::string_view daemon,
                                 const std::function<std::string(std::string)>& change) const {
  const auto path = plan_.file(fmt::format("{}.toml", daemon));
  std::ifstream before(path);
  if (!before) return fail("read-failed", "cannot read " + path.string());
  const std::string text(std::istreambuf_iterator<char>(before), {});
  std::ofstream after(path, std::ios::trunc);
  after << change(text);
  after.close();
  if (!after) return fail("write-failed", "cannot change " + path.string());
  return {};
}

Result<Json> Domain::link_status(const LinkPlan& link) const {
  return call_socket(plan_.wire_socket(link), "status", Json::object());
}

Result<Domain::LinkChange> Domain::set_link(std::string_view name, const std::string& state) const {
  const LinkPlan* link = plan_.link(name);
  if (link == nullptr || !link->emulated())
    return fail("no-such-link", fmt::format("no link '{}' that can fail; there are {}", name,
                                            fmt::join(plan_.emulated_links(), ", ")));
  return call_socket(plan_.wire_socket(*link), state, Json::object()).map([](const Json& answer) {
    return LinkChange{answer.value("begun_ns", Nanoseconds{}), answer.value("done_ns", Nanoseconds{})};
  });
}

Json Domain::status() const {
  Json namespaces, addresses, control, links = Json::array(), processes = Json::object();
  for (const std::string& node : plan_.nodes()) namespaces[node] = plan_.namespace_of(node);
  addresses = {{"vif", state_.virtual_address}, {"cn", address::kCn},     {"lma", address::kLma},
               {"mag1", address::kMag1},        {"mag2", address::kMag2}, {"mn", state_.virtual_address}};
  for (const DaemonPlan& daemon : plan_.daemons())
    control[daemon.node] = plan_.control_socket(daemon.node).string();
  for (const LinkPlan& link : plan_.links()) {
    Json entry{{"name", link.name},
               {"ends", {link.a.node + "/" + link.a.interface, link.b.node + "/" + link.b.interface}}};
    if (!link.technology.empty()) entry["technology"] = link.technology;
    if (link.emulated()) {
      entry["control"] = plan_.wire_socket(link).string();
      entry.update(link_status(link).value_or(Json::object()));
    }
    links.push_back(entry);
  }
  for (const auto& [name, process] : state_.processes) {
    processes[name] = {{"pid", process.pid}, {"running", process.alive()}};
  }
  return {{"name", plan_.name()},     {"directory", plan_.directory().string()},
          {"namespaces", namespaces}, {"addresses", addresses},
          {"control", control},       {"links", links},
          {"processes", processes}};
}

}  // namespace flowmob::lab
