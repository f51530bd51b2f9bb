// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace flowmob::cli {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kNarrowest = 8;  ///< what a shrinking column keeps

bool is_continuation(char octet) { return (static_cast<unsigned char>(octet) & 0xc0) == 0x80; }

/// Octets of the UTF-8 character at the front of `text`; 0 if there is none.
std::size_t character_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t length = first < 0x80                     ? 1
                             : first >= 0xc2 && first <= 0xdf ? 2
                             : first >= 0xe0 && first <= 0xef ? 3
                             : first >= 0xf0 && first <= 0xf4 ? 4
                                                              : 0;
  if (length == 0 || length > text.size()) return 0;
  const auto rest = text.substr(1, length - 1);
  return std::ranges::all_of(rest, is_continuation) ? length : 0;
}

bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  const bool c1 = character.size() == 2 && first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
  return first < 0x20 || first == 0x7f || c1;
}

std::string cut(const std::string& text, std::size_t width) {
  if (display_width(text) <= width) return text;
  std::size_t octets = 0;
  for (std::size_t characters = 0; characters + 1 < width; ++characters) {
    ++octets;
    while (octets < text.size() && is_continuation(text[octets])) ++octets;
  }
  return text.substr(0, octets) + "…";
}

std::size_t line_width(const std::vector<std::size_t>& widths) {
  return std::accumulate(widths.begin(), widths.end(), widths.empty() ? 0 : kGap * (widths.size() - 1));
}

}  // namespace

std::string paint(std::string_view text, Style style, bool colour) {
  if (!colour || style == Style::Plain || text.empty()) return std::string(text);
  const char* code = style == Style::Bold   ? "1"
                     : style == Style::Good ? "32"
                     : style == Style::Bad  ? "31"
                                            : "2";
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::string printable(std::string_view text) {
  std::string safe;
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    const auto taken = text.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0 || is_control(taken)) {
      for (const char octet : taken) safe += fmt::format("\\x{:02x}", static_cast<unsigned char>(octet));
    } else {
      safe += taken;
    }
    text.remove_prefix(taken.size());
  }
  return safe;
}

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char octet) { return !is_continuation(octet); }));
}

void TextTable::add(std::vector<Cell> row) {
  row.resize(columns_.size());
  for (Cell& cell : row) cell.text = printable(cell.text);
  rows_.push_back(std::move(row));
}

std::vector<std::size_t> TextTable::natural_widths() const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    widths.push_back(display_width(columns_[i].title));
    for (const auto& row : rows_) widths[i] = std::max(widths[i], display_width(row[i].text));
  }
  return widths;
}

bool TextTable::fits(std::size_t width) const { return line_width(natural_widths()) <= width; }

std::vector<std::size_t> TextTable::widths(std::size_t limit) const {
  auto widths = natural_widths();
  std::size_t total = line_width(widths);
  while (total > limit) {
    std::size_t* widest = nullptr;
    for (std::size_t i = 0; i < columns_.size(); ++i)
      if (columns_[i].shrinks && widths[i] > kNarrowest && (widest == nullptr || widths[i] > *widest))
        widest = &widths[i];
    if (widest == nullptr) break;
    --*widest;
    --total;
  }
  return widths;
}

std::string TextTable::line(const std::vector<Cell>& cells, const std::vector<std::size_t>& widths,
                            bool colour) const {
  std::string text;
  std::size_t owed = 0;  // spaces are written only when something follows: no line ends in one
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const std::string content = cut(cells[i].text, widths[i]);
    const std::size_t slack = widths[i] - std::min(widths[i], display_width(content));
    owed += columns_[i].right ? slack : 0;
    if (!content.empty()) {
      text += std::string(owed, ' ') + paint(content, cells[i].style, colour);
      owed = 0;
    }
    owed += kGap + (columns_[i].right ? 0 : slack);
  }
  return text + "\n";
}

std::string TextTable::render(std::size_t width, bool colour) const {
  const auto fitted = widths(width);
  std::vector<Cell> header;
  for (const Column& column : columns_) header.emplace_back(column.title, Style::Bold);
  std::string text = line(header, fitted, colour);
  for (const auto& row : rows_) text += line(row, fitted, colour);
  return text;
}

}  // namespace flowmob::cli
