#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""json_page.py check|selftest: docs/json.md names every event and every key that the daemons' sources can say, and no
event that they cannot; the command line reads no key but theirs, and `monitor --explain` has a meaning for each event and for each key of one."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "json.md"
DAEMONS = {"an LMA": "lma", "a MAG": "mag", "a mobile node": "mn"}

# notify("name", notify_limited(now, "name", session_event(how ? "name" : "other", Notify{"name"
EMISSION = re.compile(r'(?:notify(?:_limited)?|session_event|Notify)\s*[({]\s*(?:now,\s*)?(?:[^";]*\?\s*)?"([a-z-]+)"(?:\s*:\s*"([a-z-]+)")?')
# In events.cc names are made by functions that return them.
RETURNED = re.compile(r'(?:return|\?|:) "((?:binding|flow)-[a-z-]+)"')
# Given to what changes a node without being asked by its gateway.
GIVEN = re.compile(r'\b(?:in_delete_wait|without|without_ipv4)\([^;]*?"((?:binding|address)-[a-z]+)"')
# What both roles say of their peers, wherever the word stands.
OF_PEERS = re.compile(r'"((?:peer|revocation)-[a-z-]+)"')
# {"key", value}, row["key"] = value, and the columns of the kernel's counters.
KEY = re.compile(r'\{"([a-z0-9_]+)",|\["([a-z0-9_]+)"\]\s*=[^=]|"((?:rx|tx)_[a-z]+)"')
# Words in braces that are no keys of a document: tables of words, records of the state store.
KEYS_ARE_IN = ["src/core/lma/*.cc", "src/core/mag/*.cc", "src/core/mn/*.cc", "src/core/peer/*.cc", "src/core/peer/*.h", "src/core/tunnel/*.cc", "src/daemon/lma/*.cc", "src/daemon/mag/*.cc",
               "src/daemon/mn/*.cc", "src/daemon/host/*.cc", "lab/*.cc", "lab/demo/report.cc", "lab/demo/signalling.cc", "lab/demo/observations.cc", "lab/domain/domain.cc", "lab/wire/commands.cc"]
NO_DOCUMENTS = ("_test.cc", "fixture.cc", "record.cc", "records.cc", "former_settings.cc", "options.cc", "main.cc")
NO_KEYS = {"new", "sharing", "unknown",  # words for --handoff-indicator
           "auto", "exec",  # an engine, a command of the lab
           "administrative", "unspecified", "user",  # words for --reason
           "notification",  # a list of names
           "prefix_length", "valid_lifetime", "preferred_lifetime"}  # of addresses, which links_view() shows as the kernel has them
# What `monitor --explain` says: EventMeaning{"name", kLma | kMag, and KeyMeaning{"key",
MEANING = re.compile(r'EventMeaning\{\s*"([a-z-]+)",\s*(\w+),')
KEY_MEANING = re.compile(r'KeyMeaning\{\s*"([a-z0-9_]+)",')
STEP_MEANING = re.compile(r'StepMeaning\{\s*"([a-z-]+)",')
# step(handover, "name", {time, "name", note(host, "name", add_packet("name"
STEP = re.compile(r'(?:\bstep\(\*?\w+, |\bnote\(host, |\badd_packet\(|steps\.push_back\(\s*\{[^"{]*|handovers\.note\(\w+, \{[^"{]*)"([a-z-]+)"')
MEANT_BY = {"kOfLma": {"lma"}, "kOfMag": {"mag"}, "kOfMn": {"mn"}, "kOfPeers": {"lma", "mag"}, "kOfAll": {"lma", "mag", "mn"}}
# What the tables of the command line read: words("MN-ID", "mn", field(row, "selector").
READ = re.compile(r'(?:words|number|list|state|remaining|traffic|idle)\("[A-Z -]+", "([a-z_]+)"|(?:field|text_of|has)\((?:row|rows|counted), "([a-z_]+)"')


def sources(pattern):
    return [path for path in sorted(ROOT.glob(pattern)) if not path.name.endswith(NO_DOCUMENTS)]


def emitted(role):
    names = set()
    for path in sources(f"src/core/{role}/*.cc") + sources(f"src/daemon/{role}/*.cc"):
        text = path.read_text(encoding="utf-8")
        names |= {name for pair in EMISSION.findall(text) for name in pair if name}
        if path.name == "events.cc":
            names |= set(RETURNED.findall(text))
        if role == "lma":
            names |= set(GIVEN.findall(text))
    return {name for name in names if not OF_PEERS.fullmatch(f'"{name}"')}


def emitted_of_peers():
    paths = sources("src/core/peer/*.cc") + sources("src/core/lma/*.cc") + sources("src/core/mag/*.cc")
    return {name for path in paths for name in OF_PEERS.findall(path.read_text(encoding="utf-8"))}


def documented_events(page):
    rows = re.findall(r"^\| (an LMA|a MAG|a mobile node|peers|all) \| (.*) \|$", page, re.M)
    return {DAEMONS.get(who, who): set(re.findall(r"`([a-z-]+)`", names)) for who, names in rows}


def documented_words(page):
    in_blocks = set(re.findall(r'"([a-z0-9_]+)":', page))
    return in_blocks | set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", page, flags=re.S)))


def keys():
    return {key for pattern in KEYS_ARE_IN for path in sources(pattern)
            for found in KEY.findall(path.read_text(encoding="utf-8")) for key in found if key} - NO_KEYS


def meanings():
    return (ROOT / "src" / "platform" / "control_events.cc").read_text(encoding="utf-8")


def explained_events():
    return {(name, role) for name, who in MEANING.findall(meanings()) for role in MEANT_BY[who]}


def events_by_role(page):
    roles = {"peers": {"lma", "mag"}, "all": {"lma", "mag", "mn"}}
    return {(name, role) for who, names in documented_events(page).items() for name in names for role in roles.get(who, {who})}


def keys_of_events(page):
    """Words of the section's paragraph that are keys: one at a time, not those of values and of other sections."""
    section = page.split("\n## monitor\n")[1].split("\n## ")[0].split("Further keys")[1].split("With `--explain`")[0]
    return set(re.findall(r"`([a-z0-9_]+)`", section)) & keys() - {"unreachable"}  # a kind


def read_by_the_command_line():
    texts = (ROOT / "src" / "cli" / name for name in ("render.cc", "row_table.cc"))
    return {key for text in texts for pair in READ.findall(text.read_text(encoding="utf-8")) for key in pair if key}


def problems(page):
    events = documented_events(page)
    for role in [*DAEMONS.values(), "peers"]:
        said = emitted_of_peers() if role == "peers" else emitted(role)
        yield from (f"an event of {role} that docs/json.md lacks: {name}" for name in sorted(said - events.get(role, set())))
        yield from (f"docs/json.md: no {role} says {name}" for name in sorted(events.get(role, set()) - said))
    yield from (f"a key that docs/json.md lacks: {key}" for key in sorted(keys() - documented_words(page)))
    explained, said = explained_events(), events_by_role(page)
    yield from (f"an event of {role} that control_events.cc lacks: {name}" for name, role in sorted(said - explained))
    yield from (f"control_events.cc: no {role} says {name}" for name, role in sorted(explained - said))
    known = set(KEY_MEANING.findall(meanings()))
    yield from (f"a key of an event that control_events.cc lacks: {key}" for key in sorted(keys_of_events(page) - known))
    yield from (f"control_events.cc has a key that docs/json.md lacks: {key}" for key in sorted(known - documented_words(page)))
    steps = {name for path in sources("src/core/lma/*.cc") for name in STEP.findall(path.read_text(encoding="utf-8"))}
    explained_steps = set(STEP_MEANING.findall(meanings()))
    yield from (f"a step that control_events.cc lacks: {name}" for name in sorted(steps - explained_steps))
    yield from (f"control_events.cc: no record has the step {name}" for name in sorted(explained_steps - steps))
    yield from (f"a step that docs/json.md lacks: {name}" for name in sorted(steps - documented_words(page)))
    yield from (f"flowmob reads a key that no daemon says: {key}" for key in sorted(read_by_the_command_line() - keys()))


def selftest(page):
    """What was wrong once would be seen."""
    for right, wrong, seen in (("`binding-rejected`", "`registration-refused`", "lacks: binding-rejected"),
                               ("`peer-lost`", "`peer-gone`", "lacks: peer-lost"),
                               ("`binding-lost`", "`binding-gone`", "lacks: binding-lost"),
                               ("`member-up`", "`member-risen`", "no mn says member-risen"),
                               ("`default-member`", "`default-link`", "control_events.cc: no mn says default-member"),
                               ("`configuration-refused`", "`configuration-rejected`", "control_events.cc lacks: configuration-rejected"),
                               ("`attempt` counts", "`attempt` and `priority` count", "control_events.cc lacks: priority"),
                               ("`upa-received`", "`upa-heard`", "a step that docs/json.md lacks: upa-received"),
                               ("`idle_ms`", "`idle_seconds`", "lacks: idle_ms")):
        assert right in page, right
        assert any(seen in problem for problem in problems(page.replace(right, wrong))), seen


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    if sys.argv[1:] == ["selftest"]:
        selftest(text)
        sys.exit()
    found = list(problems(text))
    print("\n".join(found) or "docs/json.md names every event and key")
    sys.exit(bool(found))
