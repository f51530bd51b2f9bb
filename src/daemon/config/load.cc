// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/load.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>

#include "daemon/config/lma_file.h"
#include "daemon/config/mag_file.h"
#include "daemon/config/mn_file.h"

namespace flowmob::daemon::config {
namespace {

/// Room for some hundred thousand mobile nodes; more is no configuration but somebody's mistake.
constexpr std::uintmax_t kLargestFile = 32u << 20u;

template <class File>
struct Kind;
template <>
struct Kind<LmaFile> {
  static constexpr FileKind kKind = FileKind::Lma;
  static const Section<LmaFile>& section() { return lma_section(); }
  static constexpr auto check = check_lma;
};
template <>
struct Kind<MagFile> {
  static constexpr FileKind kKind = FileKind::Mag;
  static const Section<MagFile>& section() { return mag_section(); }
  static constexpr auto check = check_mag;
};
template <>
struct Kind<MnFile> {
  static constexpr FileKind kKind = FileKind::Mn;
  static const Section<MnFile>& section() { return mn_section(); }
  static constexpr auto check = check_mn;
};

/// An LMA's [[mag]] written as [mag] still is an LMA's file.
bool has_anchor_keys(const Node* lma) {
  for (const char* key : {"pools", "core_interfaces", "access_interfaces"})
    if (lma != nullptr && lma->find(key) != nullptr) return true;
  return false;
}

std::optional<FileKind> kind_of(const Node& document) {
  if (document.find("mn") != nullptr) return FileKind::Mn;
  const Node* lma = document.find("lma");
  const Node* mag = document.find("mag");
  if (mag != nullptr && mag->as<Array>() == nullptr && !has_anchor_keys(lma)) return FileKind::Mag;
  if (lma != nullptr) return FileKind::Lma;
  return std::nullopt;
}

std::string_view owner(FileKind kind) {
  return kind == FileKind::Lma ? "an LMA" : kind == FileKind::Mag ? "a MAG" : "a mobile node";
}

/// Nothing is made of a file that is refused: its rules alone may come to more selectors than fit in memory.
template <class File>
auto read(const Node& document, const LoadOptions& options, Diagnostics& diagnostics) {
  File file;
  Kind<File>::section().read(document, file, diagnostics);
  if constexpr (std::is_same_v<File, LmaFile>) load_names_of(file.policies, diagnostics);
  if constexpr (std::is_same_v<File, MnFile>) find_users_of(file.rules, options, diagnostics);
  Kind<File>::check(file, options, diagnostics);
  std::optional<decltype(assemble(std::move(file)))> settings;
  if (diagnostics.empty()) settings = assemble(std::move(file));
  return settings;
}

/// Those of an LMA's file, as they are for `anchor`, which may have other MAGs, services and nodes.
std::optional<Policies> read_for(const Node& document, const core::LmaConfig& anchor,
                                 Diagnostics& diagnostics) {
  LmaFile file;
  lma_section().read(document, file, diagnostics);
  load_names_of(file.policies, diagnostics);
  check_lma(file, {}, diagnostics);
  if (!diagnostics.empty()) return std::nullopt;
  const auto context = context_of(anchor);
  check_policies(file.policies, &context, diagnostics);
  if (!diagnostics.empty()) return std::nullopt;
  return assemble_policies(file.policies, context.mags);
}

Policies read_policies(const Node& document, const core::LmaConfig* anchor, Diagnostics& diagnostics) {
  PolicyFile file;
  policy_file_section().read(document, file, diagnostics);
  load_names_of(file.policies, diagnostics);
  const auto context = anchor == nullptr ? PolicyContext{} : context_of(*anchor);
  check_policies(file.policies, anchor == nullptr ? nullptr : &context, diagnostics);
  return diagnostics.empty() ? assemble_policies(file.policies, context.mags) : Policies{};
}

/// The document, if it is one and somebody's file.
std::optional<Node> parse(std::string_view text, FileKind* kind, Diagnostics& diagnostics) {
  auto document = parse_document(text, diagnostics);
  if (!document) return std::nullopt;
  if (const auto found = kind_of(*document)) {
    *kind = *found;
    return document;
  }
  diagnostics.add({}, "neither an LMA's, nor a MAG's, nor a mobile node's file",
                  "a table [lma], [mag] or [mn]");
  return std::nullopt;
}

template <class T>
Loaded<T> outcome(std::optional<T> value, const Diagnostics& diagnostics) {
  if (!diagnostics.empty() || !value) return tl::unexpected(diagnostics.sorted());
  return std::move(*value);
}

template <class File, class T>
Loaded<T> parse_one(std::string_view text, std::string_view file, const LoadOptions& options) {
  Diagnostics diagnostics{std::string(file)};
  FileKind kind{};
  std::optional<T> settings;
  if (const auto document = parse(text, &kind, diagnostics)) {
    if (kind == Kind<File>::kKind)
      settings = read<File>(*document, options, diagnostics);
    else
      diagnostics.add(
          {}, fmt::format("this is the file of {}", owner(kind)),
          fmt::format("the file of {}, with [{}]", owner(Kind<File>::kKind), to_string(Kind<File>::kKind)));
  }
  return outcome(std::move(settings), diagnostics);
}

tl::expected<std::string, std::string> read_text(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status))
    return tl::unexpected(std::string("cannot be read: ") +
                          (error ? error.message() : std::strerror(ENOENT)));
  // Anything else might never end, or not begin.
  if (!std::filesystem::is_regular_file(status)) return tl::unexpected(std::string("is no regular file"));
  if (std::filesystem::file_size(path, error) > kLargestFile)
    return tl::unexpected(fmt::format("is larger than {} MiB", kLargestFile >> 20u));
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(stream), {});
  if (!stream.is_open() || stream.bad())
    return tl::unexpected(std::string("cannot be read: ") + std::strerror(errno));
  return text;
}

template <class T, class Parse>
Loaded<T> load(const std::filesystem::path& path, const LoadOptions& options, Parse parse_text) {
  const auto text = read_text(path);
  if (text) return parse_text(*text, path.string(), options);
  return tl::unexpected(
      std::vector{Diagnostic{path.string(), {}, "the file " + text.error(), "a readable TOML file"}});
}

}  // namespace

std::string_view to_string(FileKind kind) {
  return kind == FileKind::Lma ? "lma" : kind == FileKind::Mag ? "mag" : "mn";
}

Loaded<LmaSettings> parse_lma(std::string_view text, std::string_view file, const LoadOptions& options) {
  return parse_one<LmaFile, LmaSettings>(text, file, options);
}
Loaded<MagSettings> parse_mag(std::string_view text, std::string_view file, const LoadOptions& options) {
  return parse_one<MagFile, MagSettings>(text, file, options);
}
Loaded<MnSettings> parse_mn(std::string_view text, std::string_view file, const LoadOptions& options) {
  return parse_one<MnFile, MnSettings>(text, file, options);
}

Loaded<Settings> parse_any(std::string_view text, std::string_view file, const LoadOptions& options) {
  Diagnostics diagnostics{std::string(file)};
  FileKind kind{};
  std::optional<Settings> settings;
  if (const auto document = parse(text, &kind, diagnostics)) {
    const auto take = [&](auto read) {
      if (read) settings = std::move(*read);
    };
    if (kind == FileKind::Lma) take(read<LmaFile>(*document, options, diagnostics));
    if (kind == FileKind::Mag) take(read<MagFile>(*document, options, diagnostics));
    if (kind == FileKind::Mn) take(read<MnFile>(*document, options, diagnostics));
  }
  return outcome(std::move(settings), diagnostics);
}

Loaded<LmaSettings> load_lma(const std::filesystem::path& path, const LoadOptions& options) {
  return load<LmaSettings>(path, options, parse_lma);
}
Loaded<MagSettings> load_mag(const std::filesystem::path& path, const LoadOptions& options) {
  return load<MagSettings>(path, options, parse_mag);
}
Loaded<MnSettings> load_mn(const std::filesystem::path& path, const LoadOptions& options) {
  return load<MnSettings>(path, options, parse_mn);
}
Loaded<Settings> load_any(const std::filesystem::path& path, const LoadOptions& options) {
  return load<Settings>(path, options, parse_any);
}

Loaded<Policies> parse_policies(std::string_view text, std::string_view file, const core::LmaConfig* anchor) {
  Diagnostics diagnostics{std::string(file)};
  std::optional<Policies> policies;
  if (const auto document = parse_document(text, diagnostics)) {
    if (document->find("lma") != nullptr && anchor != nullptr) {
      policies = read_for(*document, *anchor, diagnostics);
    } else if (document->find("lma") != nullptr) {
      if (auto settings = read<LmaFile>(*document, {}, diagnostics))
        policies = std::move(settings->core.flow_policies);
    } else {
      policies = read_policies(*document, anchor, diagnostics);
    }
  }
  return outcome(std::move(policies), diagnostics);
}

Loaded<Policies> load_policies(const std::filesystem::path& path, const core::LmaConfig* anchor) {
  const auto text = read_text(path);
  if (text) return parse_policies(*text, path.string(), anchor);
  return tl::unexpected(
      std::vector{Diagnostic{path.string(), {}, "the file " + text.error(), "a readable TOML file"}});
}

Error to_error(const std::vector<Diagnostic>& diagnostics) {
  std::string lines;
  for (const Diagnostic& diagnostic : diagnostics)
    lines += (lines.empty() ? "" : "\n") + diagnostic.to_string();
  return {"bad-configuration", lines};
}

}  // namespace flowmob::daemon::config
