// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace flowmob::cli {

enum class Style { Plain, Bold, Good, Bad, Faint };

/// `text` with the terminal's codes for `style`; unchanged where there is no colour.
std::string paint(std::string_view text, Style style, bool colour);

/// Printable text: identifiers come from the wire and may hold anything; control characters and what is no
/// UTF-8 become \xNN.
std::string printable(std::string_view text);
/// Columns that printable text takes: one a character.
std::size_t display_width(std::string_view text);

struct Cell {
  std::string text;
  Style style = Style::Plain;
  Cell(std::string content = {}, Style how = Style::Plain) : text(std::move(content)), style(how) {}
  Cell(const char* content) : text(content) {}
};

struct Column {
  std::string title;
  bool right = false;    ///< numbers
  bool shrinks = false;  ///< may be cut short with "…" when the table is too wide
};

/// A text table: a header, two spaces between columns, no line longer than asked for.
class TextTable {
 public:
  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

  void add(std::vector<Cell> row);  ///< missing cells are empty
  bool empty() const { return rows_.empty(); }
  std::string render(std::size_t width, bool colour) const;
  /// Whether nothing has to be cut to keep within `width`.
  bool fits(std::size_t width) const;

 private:
  std::vector<std::size_t> natural_widths() const;
  std::vector<std::size_t> widths(std::size_t limit) const;
  std::string line(const std::vector<Cell>& cells, const std::vector<std::size_t>& widths, bool colour) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace flowmob::cli
