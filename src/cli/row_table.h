// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/render.h"
#include "cli/table.h"

namespace flowmob::cli {

/// A column of a table of objects: its heading, and what of an object stands in it.
struct RowColumn {
  Column column;
  std::function<Cell(const Json& row)> cell;
};

/// `rows` as a table; the sentence `nothing` where there are none.
std::string row_table(const Json& rows, const std::vector<RowColumn>& columns, const std::string& nothing,
                      const Look& look);

/// Packets and octets of a counter, {"packets", "bytes"}: "980/53kB"; "-" if it is none.
std::string counter_text(const Json& counter);

/// Columns. What is absent is "-".
RowColumn words(std::string title, std::string key, bool shrinks = false);
RowColumn number(std::string title, std::string key);
RowColumn list(std::string title, std::string key);       ///< separated by spaces
RowColumn state(std::string title, std::string key);      ///< green where all is well, red where it is not
RowColumn remaining(std::string title, std::string key);  ///< seconds, as in "9m58s"
RowColumn idle(std::string title, std::string key);       ///< milliseconds, as in "340ms", "12s"
/// Packets and octets of `traffic`'s `direction`: "980/53kB".
RowColumn traffic(std::string title, std::string direction);

}  // namespace flowmob::cli
