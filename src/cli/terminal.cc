// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "cli/table.h"

namespace flowmob::cli {

Terminal::Terminal(std::FILE* out, std::FILE* err) : out_(out), err_(err) {
  if (::isatty(::fileno(out_)) == 0) return;
  const char* kind = std::getenv("TERM");
  // https://no-color.org: any non-empty value says no.
  const char* refused = std::getenv("NO_COLOR");
  colour = (refused == nullptr || *refused == '\0') && kind != nullptr && std::string_view(kind) != "dumb";
  constexpr std::size_t kNarrowestTerminal = 40, kUsual = 100;
  ::winsize size{};
  const bool told = ::ioctl(::fileno(out_), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  width = told ? std::max<std::size_t>(size.ws_col, kNarrowestTerminal) : kUsual;
}

bool Terminal::print(std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), out_) == text.size() && std::fflush(out_) == 0;
}

bool Terminal::print_document(const Json& document) {
  return print(document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

int Terminal::fail_with(const Error& error, int status) {
  if (json) {
    print_document({{"ok", false}, {"error", Json{{"code", error.code}, {"message", error.message}}}});
    return status;
  }
  std::string lines = "flowmob: ";
  std::istringstream message(error.message);
  // Of how commands are written there is but one code.
  std::string code = status == kUsage ? "" : " [" + printable(error.code) + "]";
  for (std::string line; std::getline(message, line); code.clear()) lines += printable(line) + code + "\n";
  std::fwrite(lines.data(), 1, lines.size(), err_);
  return status;
}

int Terminal::finish(const Result<Answer>& answer) {
  if (!answer) return fail_with(answer.error());
  if (json)
    print_document(answer->document);
  else
    print(answer->text);
  return answer->status;
}

}  // namespace flowmob::cli
