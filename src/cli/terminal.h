// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdio>
#include <limits>
#include <string_view>

#include "base/error.h"
#include "platform/control_message.h"

namespace flowmob::cli {

using platform::Json;

/// What a command has to say: the document that --json prints, the text that it prints otherwise.
struct Answer {
  Json document;
  std::string text;
  int status = 0;  ///< exit status
};

/// Exit statuses, also in docs/json.md.
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;

inline constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();

/// Where a command's words go. Everything for a program to read goes to `out`, errors included with --json.
class Terminal {
 public:
  explicit Terminal(std::FILE* out = stdout, std::FILE* err = stderr);

  bool json = false;
  bool colour = false;             ///< standard output is a terminal that knows colours
  std::size_t width = kUnlimited;  ///< no line of a table is longer; not a terminal: nothing is cut

  /// Writes and flushes. False: nobody reads any more (EPIPE), so there is no sense in going on.
  bool print(std::string_view text);
  /// For people alone, who may not read what goes to `out`.
  void note(std::string_view text) { std::fwrite(text.data(), 1, text.size(), err_); }
  /// One document, indented for people who look.
  bool print_document(const Json& document);
  /// {"ok":false,"error":{...}} with --json, "flowmob: message [code]" on standard error without (of
  /// misuse the message alone). Gives `status`.
  int fail_with(const Error& error, int status = kFailed);
  /// Prints the answer or the error; gives the exit status.
  int finish(const Result<Answer>& answer);

 private:
  std::FILE* out_;
  std::FILE* err_;
};

}  // namespace flowmob::cli
