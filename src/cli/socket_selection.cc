// SPDX-License-Identifier: Apache-2.0
#include "cli/socket_selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <vector>

#include "cli/fields.h"
#include "platform/control_client.h"

namespace flowmob::cli {
namespace {

namespace fs = std::filesystem;
using platform::DaemonRole;

constexpr std::array kPreference{DaemonRole::Lma, DaemonRole::Mag, DaemonRole::Mn};

std::vector<fs::path> children(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    found.push_back(it->path());
  std::ranges::sort(found);
  return found;
}

std::vector<fs::path> sockets_in(const fs::path& folder) {
  auto found = children(folder);
  std::erase_if(found, [](const fs::path& path) { return path.extension() != ".sock"; });
  return found;
}

std::vector<fs::path> labs_in(const fs::path& folder) {
  auto found = children(folder);
  std::error_code error;
  std::erase_if(found, [&](const fs::path& path) { return !fs::is_directory(path, error); });
  return found;
}

std::string list(const std::vector<fs::path>& paths) {
  std::string text;
  for (const fs::path& path : paths) text += (text.empty() ? "" : ", ") + path.string();
  return text;
}

/// The name that --control takes for a socket: "lma", "mylab/mag1".
std::string short_name(const fs::path& socket, const fs::path& run_folder) {
  return fs::path(socket).replace_extension().lexically_relative(run_folder).string();
}

tl::unexpected<Error> ambiguous(const std::vector<fs::path>& sockets, const fs::path& run_folder) {
  std::string names;
  for (const fs::path& socket : sockets)
    names += (names.empty() ? "" : ", ") + short_name(socket, run_folder);
  return fail("ambiguous-daemon", fmt::format("several daemons know this command: say which with --control "
                                              "(one of {})",
                                              names));
}

Result<fs::path> find_named(const std::string& name, const fs::path& run_folder) {
  std::error_code error;
  if (name.starts_with('/') || name.starts_with('.')) return fs::path(name);
  std::vector<fs::path> tried{run_folder / (name + ".sock")};
  if (fs::exists(tried.front(), error)) return tried.front();
  std::vector<fs::path> found;
  for (const fs::path& lab : labs_in(run_folder)) {
    tried.push_back(lab / (name + ".sock"));
    if (fs::exists(tried.back(), error)) found.push_back(tried.back());
  }
  if (found.size() == 1) return found.front();
  if (found.size() > 1) return ambiguous(found, run_folder);
  tried.emplace_back(name);
  if (fs::exists(name, error)) return fs::path(name);
  return fail("no-daemon", fmt::format("no control socket of the name '{}'; tried {}", name, list(tried)));
}

/// Looks at one folder's daemons.
class Search {
 public:
  Search(const SocketQuery& query, const RoleProbe& probe) : query_(query), probe_(probe) {}

  void look_at(const fs::path& socket) {
    const auto role = probe_(socket);
    if (!role) {
      tried_ += fmt::format("\n  {}: {}", socket.string(), role.error().message);
    } else if (!query_.roles.has(*role)) {
      tried_ += fmt::format("\n  {}: a {}, which does not know this command", socket.string(),
                            platform::to_string(*role));
    } else {
      fitting_[static_cast<std::size_t>(std::ranges::find(kPreference, *role) - kPreference.begin())]
          .push_back(socket);
    }
  }

  /// Nothing yet: none fits.
  std::optional<Result<fs::path>> choice() const {
    std::vector<fs::path> all;
    for (const auto& of_role : fitting_) {
      if (!query_.changes && !of_role.empty()) {
        all = of_role;
        break;
      }
      all.insert(all.end(), of_role.begin(), of_role.end());
    }
    if (all.empty()) return std::nullopt;
    if (all.size() > 1) return Result<fs::path>(ambiguous(all, query_.run_folder));
    return Result<fs::path>(all.front());
  }

  const std::string& tried() const { return tried_; }

 private:
  const SocketQuery& query_;
  const RoleProbe& probe_;
  std::array<std::vector<fs::path>, kPreference.size()> fitting_;
  std::string tried_;
};

}  // namespace

Result<fs::path> select_socket(const SocketQuery& query, const RoleProbe& probe) {
  if (query.control) return find_named(*query.control, query.run_folder);
  Search search(query, probe);
  for (const fs::path& socket : sockets_in(query.run_folder)) search.look_at(socket);
  if (const auto choice = search.choice()) return *choice;
  for (const fs::path& lab : labs_in(query.run_folder))
    for (const fs::path& socket : sockets_in(lab)) search.look_at(socket);
  if (const auto choice = search.choice()) return *choice;
  const std::string tried =
      search.tried().empty()
          ? fmt::format("; there is no socket in {} or in a folder inside", query.run_folder.string())
          : "; tried:" + search.tried();
  return fail("no-daemon",
              "no daemon found for this command" + tried +
                  "\nStart one, bring a lab up (flowmob lab up), or name a socket with --control.");
}

Result<DaemonRole> ask_role(const fs::path& socket) {
  auto client = platform::ControlClient::connect(socket, std::chrono::seconds(2));
  if (!client) return tl::unexpected(client.error());
  const auto status = client->call("status");
  if (!status) return tl::unexpected(status.error());
  const std::string role = text_of(*status, "role");
  for (const DaemonRole known : kPreference)
    if (platform::to_string(known) == role) return known;
  return fail("bad-response", fmt::format("it does not say which daemon it is (role '{}')", role));
}

}  // namespace flowmob::cli
