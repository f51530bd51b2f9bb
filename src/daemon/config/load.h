// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "base/error.h"
#include "daemon/config/diagnostic.h"
#include "daemon/config/settings.h"

namespace flowmob::daemon::config {

/// Whose file it is: a mobile node's has [mn], a MAG's has [mag], an LMA's has [lma] and no [mag].
enum class FileKind { Lma, Mag, Mn };
std::string_view to_string(FileKind kind);  ///< "lma", "mag", "mn"

struct LoadOptions {
  /// Whether an interface exists, if that is to be checked: at the start of a daemon, not while writing a
  /// file for another machine.
  std::function<bool(std::string_view)> interface_exists;
  /// The uid of a user, likewise, but no daemon asks: the name service may take its time. None: nobody has
  /// that name. An error: the name service cannot say.
  std::function<Result<std::optional<std::uint32_t>>(std::string_view)> find_user = {};
  /// Why a mobile node's daemon would refuse that member of a virtual interface, likewise; it looks itself.
  std::function<Result<void>(const std::string& member, const std::string& interface, VifBackend backend)>
      check_member = {};
};

/// The settings, or everything that is wrong with the file.
template <class T>
using Loaded = tl::expected<T, std::vector<Diagnostic>>;

/// `file` is only the name that diagnostics give.
Loaded<LmaSettings> parse_lma(std::string_view text, std::string_view file, const LoadOptions& options = {});
Loaded<MagSettings> parse_mag(std::string_view text, std::string_view file, const LoadOptions& options = {});
Loaded<MnSettings> parse_mn(std::string_view text, std::string_view file, const LoadOptions& options = {});
/// Of whatever kind it is.
Loaded<Settings> parse_any(std::string_view text, std::string_view file, const LoadOptions& options = {});

/// The same, from a file. A file that cannot be read is one diagnostic.
Loaded<LmaSettings> load_lma(const std::filesystem::path& path, const LoadOptions& options = {});
Loaded<MagSettings> load_mag(const std::filesystem::path& path, const LoadOptions& options = {});
Loaded<MnSettings> load_mn(const std::filesystem::path& path, const LoadOptions& options = {});
Loaded<Settings> load_any(const std::filesystem::path& path, const LoadOptions& options = {});

/// The policies of an LMA's file, or of one that has nothing else. What they refer to is what `anchor` has;
/// without one it is what the LMA's file has, and of the latter is not checked.
using Policies = std::vector<Shared<core::FlowPolicy>>;
Loaded<Policies> parse_policies(std::string_view text, std::string_view file,
                                const core::LmaConfig* anchor = nullptr);
Loaded<Policies> load_policies(const std::filesystem::path& path, const core::LmaConfig* anchor = nullptr);

/// All diagnostics as one error, a line each: "bad-configuration".
Error to_error(const std::vector<Diagnostic>& diagnostics);

}  // namespace flowmob::daemon::config
