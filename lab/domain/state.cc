// SPDX-License-Identifier: Apache-2.0
#include "lab/domain/state.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "lab/host/process.h"

namespace flowmob::lab {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

ProcessRecord ProcessRecord::of(pid_t pid) { return {pid, process_start_time(pid)}; }
bool ProcessRecord::alive() const { return started != 0 && process_start_time(pid) == started; }

Result<LabState> load_state(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) return fail("no-lab", "no lab of this name is up (" + path.string() + " is not there)");
  const Json json = Json::parse(file, nullptr, false);
  if (!json.is_object()) return fail("bad-state", path.string() + " cannot be read");
  LabState state;
  state.virtual_address = json.value("virtual_address", "");
  state.demo = json.value("demo", false);
  const Json processes = json.value("processes", Json::object());
  for (const auto& [name, record] : processes.items()) {
    state.processes[name] = {record.value("pid", 0), record.value("started", std::uint64_t{0})};
  }
  return state;
}

Result<void> save_state(const std::filesystem::path& path, const LabState& state) {
  Json json{{"virtual_address", state.virtual_address}, {"demo", state.demo}, {"processes", Json::object()}};
  for (const auto& [name, record] : state.processes) {
    json["processes"][name] = {{"pid", record.pid}, {"started", record.started}};
  }
  const std::filesystem::path draft = path.string() + ".new";
  std::ofstream(draft) << json.dump(2) << '\n';
  std::error_code error;
  std::filesystem::rename(draft, path, error);
  if (error) return fail("write-failed", path.string() + ": " + error.message());
  return {};
}

void end_recorded(const std::vector<ProcessRecord>& records) {
  std::vector<pid_t> pids;
  for (const ProcessRecord& record : records) {
    if (record.alive()) pids.push_back(record.pid);
  }
  end_processes(pids, std::chrono::seconds(3));
}

}  // namespace flowmob::lab
