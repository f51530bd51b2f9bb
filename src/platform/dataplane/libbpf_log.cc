// SPDX-License-Identifier: Apache-2.0
#include "platform/dataplane/libbpf_log.h"

#include <bpf/libbpf.h>

#include <array>
#include <cstdarg>
#include <cstdio>

namespace flowmob::dataplane {
namespace {

constexpr std::size_t kKept = 4000;
thread_local std::string* current = nullptr;

int keep(libbpf_print_level level, const char* format, va_list arguments) {
  if (current == nullptr || level == LIBBPF_DEBUG) return 0;
  std::array<char, kKept> line{};
  const int length = std::vsnprintf(line.data(), line.size(), format, arguments);
  current->append(line.data());
  if (current->size() > 2 * kKept) current->erase(0, current->size() - kKept);
  return length;
}

}  // namespace

LibbpfLog::LibbpfLog() : outer_(current) {
  current = &text_;
  libbpf_set_print(keep);
}

LibbpfLog::~LibbpfLog() { current = outer_; }

std::string LibbpfLog::tail() const {
  std::string text = text_.size() > kKept ? text_.substr(text_.size() - kKept) : text_;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace flowmob::dataplane
