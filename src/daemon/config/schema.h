// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/config/document.h"
#include "daemon/config/value.h"

namespace flowmob::daemon::config {

struct SectionDoc;

/// One row of a key table, without the C++ type that it fills: what docs and messages need.
struct KeyDoc {
  std::string name;
  std::string type;
  bool required = false;
  std::string default_value;  ///< as one would write it; empty: the key may simply be absent
  std::string range;          ///< what is allowed beyond the type; empty: everything
  std::string help;
  std::shared_ptr<const SectionDoc> section;  ///< of a table or array of tables
};

struct SectionDoc {
  std::string title;  ///< "[lma]", "[[service.flow]]", or "the file"
  std::vector<KeyDoc> keys;
};

/// Says which member of `table` no key is for, and which of the required ones is not there.
void check_members(const Node& table, const SectionDoc& section, Diagnostics& diagnostics);

/// One row: how a key is described and how it fills its place in a T.
template <class T>
struct Key {
  KeyDoc doc;
  std::function<void(const Node&, T&, Diagnostics&)> read;
};

/// The key table of one TOML table.
template <class T>
struct Section {
  std::shared_ptr<const SectionDoc> doc;
  std::vector<Key<T>> keys;

  Section(std::string title, std::vector<Key<T>> rows) : keys(std::move(rows)) {
    auto described = std::make_shared<SectionDoc>();
    described->title = std::move(title);
    for (const Key<T>& key : keys) described->keys.push_back(key.doc);
    doc = std::move(described);
  }

  /// Fills `target` with what stands in `table`; what is wrong there leaves the default in place.
  void read(const Node& table, T& target, Diagnostics& diagnostics) const {
    if (table.as<Table>() == nullptr) {
      diagnostics.add(table.at, table.describe() + " is not allowed here", "the table " + doc->title);
      return;
    }
    check_members(table, *doc, diagnostics);
    for (const Key<T>& key : keys)
      if (const Node* node = table.find(key.doc.name)) key.read(*node, target, diagnostics);
  }
};

/// A table that was read, with its place in the document, so that later checks can say where something
/// stands.
template <class T>
struct Element {
  T value{};
  const Node* node = nullptr;  ///< absent from the file: null

  /// Where `key`'s value stands, or its item `index`; else where the table does.
  Position at(std::string_view key) const {
    const Node* found = node == nullptr ? nullptr : node->find(key);
    return found != nullptr ? found->at : node != nullptr ? node->at : Position{};
  }
  Position at(std::string_view key, std::size_t index) const {
    const Node* found = node == nullptr ? nullptr : node->find(key);
    const auto* items = found == nullptr ? nullptr : found->as<Array>();
    return items != nullptr && index < items->size() ? (*items)[index].at : at(key);
  }
};

/// The place of a member's member, for Keys: via<&LmaSettings::core, &core::LmaConfig::name>.
template <auto Outer, auto Inner>
inline constexpr auto via = [](auto& target) -> auto& {
  return target.*Outer.*Inner;
};

/// Makes the rows of a T's table. `where` leads from a T to the place that the key fills: a pointer to a
/// member or a function T& -> V&; V's ValueType reads it, and a fresh T's V is the default.
template <class T>
struct Keys {
  template <class Where>
  using At = std::remove_cvref_t<std::invoke_result_t<Where, T&>>;

  template <class Where>
  static Key<T> required(std::string name, Where where, std::string help, RuleOf<At<Where>> rule = {}) {
    auto key = make(std::move(name), where, std::move(help), std::move(rule));
    key.doc.required = true;
    return key;
  }

  template <class Where>
  static Key<T> optional(std::string name, Where where, std::string help, RuleOf<At<Where>> rule = {}) {
    auto key = make(std::move(name), where, std::move(help), std::move(rule));
    T fresh{};
    key.doc.default_value = print(std::invoke(where, fresh));
    return key;
  }

  /// As optional(), where what holds in the key's absence depends on other keys: `absent` says how.
  template <class Where>
  static Key<T> derived(std::string name, Where where, std::string help, const std::string& absent,
                        RuleOf<At<Where>> rule = {}) {
    auto key = make(std::move(name), where, std::move(help), std::move(rule));
    key.doc.default_value = absent;
    return key;
  }

  /// A table [name] inside, read into an Element<U>.
  template <class Where, class U>
  static Key<T> table(std::string name, Where where, const Section<U>& section, bool is_required,
                      std::string help) {
    return {{std::move(name), "table", is_required, {}, {}, std::move(help), section.doc},
            [where, section](const Node& node, T& target, Diagnostics& diagnostics) {
              Element<U>& element = std::invoke(where, target);
              element.node = &node;
              section.read(node, element.value, diagnostics);
            }};
  }

  /// Tables [[name]] inside, read into a std::vector<Element<U>>.
  template <class Where, class U>
  static Key<T> tables(std::string name, Where where, const Section<U>& section, bool is_required,
                       std::string help) {
    return {{std::move(name), "tables", is_required, {}, {}, std::move(help), section.doc},
            [where, section](const Node& node, T& target, Diagnostics& diagnostics) {
              const auto append = [&](const Node& item) {
                auto& element = std::invoke(where, target).emplace_back();
                element.node = &item;
                section.read(item, element.value, diagnostics);
              };
              const auto* items = node.as<Array>();
              if (items != nullptr) {
                for (const Node& item : *items) append(item);
                return;
              }
              diagnostics.add(node.at, node.describe() + " is not allowed here",
                              "tables headed " + section.doc->title);
              // Meant as one of them, surely: what refers to it is no mistake.
              if (node.as<Table>() != nullptr) append(node);
            }};
  }

 private:
  template <class V>
  static std::string print(const V& value) {
    return ValueType<V>::print(value);
  }
  template <class V>
  static std::string print(const std::vector<V>& values) {
    std::string list;
    for (const V& value : values) list += (list.empty() ? "" : ", ") + ValueType<V>::print(value);
    return "[" + list + "]";
  }

  template <class Where>
  static Key<T> make(std::string name, Where where, std::string help, RuleOf<At<Where>> rule) {
    using V = At<Where>;
    using Item = typename ItemOf<V>::Type;
    constexpr bool is_list = !std::is_same_v<V, Item>;
    std::string allowed = rule.text;
    if constexpr (requires { Words<Item>::all(); })
      if (allowed.empty()) allowed = ValueType<Item>::expected();
    KeyDoc doc{std::move(name),
               (is_list ? "list of " : "") + ValueType<Item>::name(),
               false,
               {},
               std::move(allowed),
               std::move(help),
               nullptr};
    return {std::move(doc), [where, rule](const Node& node, T& target, Diagnostics& diagnostics) {
              if constexpr (is_list) {
                if (auto list = read_list<Item>(node, rule, diagnostics))
                  std::invoke(where, target) = std::move(*list);
              } else if (auto value = read_value<V>(node, rule, diagnostics)) {
                std::invoke(where, target) = std::move(*value);
              }
            }};
  }
};

}  // namespace flowmob::daemon::config
