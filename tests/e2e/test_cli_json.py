# SPDX-License-Identifier: Apache-2.0
"""Every command's answer: one JSON document with --json, errors included; without it, text that fits a terminal."""
import contextlib
import fcntl
import itertools
import json
import os
import pathlib
import pty
import select
import struct
import subprocess
import termios

import pytest

from conftest import FLOWMOB, ROOT, eventually, run

SHOWN = {"lma": ["status", "show bindings", "show sessions", "show flows", "show tunnels", "show links", "show statistics"],
         "mag1": ["status", "show bindings", "show tunnels", "show links", "show statistics"],
         "mn": ["status", "show flows", "show links", "show statistics"]}
ASKED = [(node, command) for node, commands in SHOWN.items() for command in commands]


def ask(lab, node, *words):
    return run(FLOWMOB, "--control", lab.status["control"][node], *words, check=False)


def on_terminal(columns, *words):
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=theirs) as child:
        os.close(theirs)
        text = b""
        with contextlib.suppress(OSError):  # how a terminal ends
            while chunk := os.read(ours, 4096):
                text += chunk
    os.close(ours)
    assert child.returncode == 0
    return text.decode()


def one_document(text):
    document, end = json.JSONDecoder().raw_decode(text)
    assert not text[end:].strip(), "more than one document"
    return document


@pytest.mark.parametrize("node,command", ASKED)
def test_one_document(lab, node, command):
    done = ask(lab, node, *command.split(), "--json")
    assert done.returncode == 0 and done.stderr == ""
    assert isinstance(one_document(done.stdout), dict)


@pytest.mark.parametrize("node,command", ASKED)
def test_text_fits_the_terminal_and_is_whole_in_a_pipe(lab, node, command):
    done = ask(lab, node, *command.split())
    assert done.returncode == 0 and done.stdout.strip()
    assert "…" not in done.stdout and "\x1b" not in done.stdout, "cut, or colours, in a pipe"
    text = on_terminal(100, FLOWMOB, "--no-color", "--control", lab.status["control"][node], *command.split())
    assert text.strip() and max(map(len, text.splitlines())) <= 100, text


ERRORS = [("lma", ["flow", "move", "nothing", "--to", "mag1"], "no-such-flow", 1),
          ("lma", ["flow", "move", "video", "--to", "nowhere"], "no-such-mag", 1),
          ("mn", ["flow", "move", "video", "--to", "if1"], "lma-decides", 1),
          ("mag1", ["show", "flows"], None, 1),
          ("mag1", ["attach", "no-such-link", "--mac", "02:00:00:00:01:01"], "no-such-access", 1),
          ("lma", ["flow", "move", "video"], "usage", 2),
          ("lma", ["show", "nothing"], "usage", 2)]


@pytest.mark.parametrize("node,words,code,status", ERRORS)
def test_errors_are_documents_too(lab, node, words, code, status):
    done = ask(lab, node, *words, "--json")
    document = one_document(done.stdout)
    assert done.returncode == status, done.stdout
    assert document["ok"] is False and document["error"]["message"]
    assert code is None or document["error"]["code"] == code


@pytest.mark.parametrize("node,words,code,status", ERRORS)
def test_errors_as_text_go_to_standard_error(lab, node, words, code, status):
    done = ask(lab, node, *words)
    assert done.returncode == status and done.stdout == "" and done.stderr.strip()
    assert code in (None, "usage") or f"[{code}]" in done.stderr.splitlines()[0], done.stderr


def test_nobody_there():
    done = run(FLOWMOB, "--control", "/run/flowmob/no-such-daemon.sock", "status", "--json", check=False)
    assert done.returncode == 1 and one_document(done.stdout)["ok"] is False


@pytest.mark.parametrize("words", [["doctor"], ["doctor", "--node", ROOT / "docs/examples/mn.toml"], ["doctor", "--lma", ROOT / "docs/examples/lma.toml"], ["version"]])
def test_commands_that_ask_no_daemon(words):
    assert isinstance(one_document(run(FLOWMOB, *words, "--json", check=False).stdout), dict)


@pytest.fixture(name="monitored")
def events_of_moves(lab):
    """Moves a flow until the monitor tells of it; then its events, one at a time."""
    started = []

    def begin(*options):
        monitor = subprocess.Popen([FLOWMOB, "--control", lab.status["control"]["lma"], "monitor", *options], stdout=subprocess.PIPE, text=True)
        started.append(monitor)
        mags = itertools.cycle(["mag2", "mag1"])

        def told_of_a_move():  # until it listens, moves go by untold
            lab.ask("lma", "flow", "move", "video", "--to", next(mags))
            return select.select([monitor.stdout], [], [], 0.2)[0]

        eventually(told_of_a_move, seconds=30)
        return monitor.stdout

    yield begin
    for monitor in started:
        monitor.terminate()
        monitor.communicate()
    lab.ask("lma", "flow", "move", "video", "--to", "mag1")


def next_event(lines, name):
    return next(event for event in map(json.loads, lines) if event["event"] == name)


def test_the_monitor_tells_of_a_move_as_one_object_a_line(monitored):
    event = next_event(monitored("--json"), "flow-moved")
    assert event["flow"] == "video" and event["to"] in ("mag1", "mag2")


def test_the_monitor_explains_each_event_and_each_of_its_keys(monitored):
    lines = monitored("--json", "--explain")
    moved, handover = next_event(lines, "flow-moved"), next_event(lines, "handover")
    for event in (moved, handover):
        explanation = event.pop("explanation")
        assert explanation["reference"].startswith("RFC 7864 section") and explanation["meaning"]
        assert explanation["keys"].keys() == event.keys() - {"time", "event"}
        assert [step["step"] for step in explanation.get("steps", [])] == [step["step"] for step in event.get("timeline", [])]
        assert all(step["meaning"] for step in explanation.get("steps", []))
    assert [step["step"] for step in handover["timeline"]].count("switched") == 1


def test_the_monitor_explains_in_words(monitored):
    lines = monitored("--explain")
    while " flow-moved " not in next(lines):
        pass
    assert next(lines).startswith("    RFC 7864 section 3.2: a flow goes by the link")
    assert next(lines) == "      mn: the mobile node's identifier (MN-ID)\n"


def test_status_of_the_lab_names_what_scripts_need(lab):
    status = lab.status
    assert {"cn", "lma", "mag1", "mag2", "mn"} <= status["namespaces"].keys()
    assert status["addresses"]["vif"].startswith("2001:db8:100:")
    assert all(pathlib.Path(socket).is_socket() for socket in status["control"].values())
