# SPDX-License-Identifier: Apache-2.0
"""What flowmob is for when things break: links fail, daemons die and come back, configurations are changed under them."""
import os
import pathlib
import signal
import subprocess
import time

import pytest

import mobility as m
from conftest import BIN, eventually, run

VIDEO_PORT, OTHER_PORT, RATE = 5004, 6004, 100
MAC1 = "02:00:00:00:01:01"
NOT_AUTHORISED = 153  # RFC 5213 section 8.9
PROGRAMS = {"lma": "flowmob-lmad", "mag1": "flowmob-magd", "mag2": "flowmob-magd", "mn": "flowmob-mnd"}


class Revived:
    """A daemon of the lab that this test has ended, started again as `flowmob lab` does; ends with the module."""

    def __init__(self):
        self.processes = {}

    def pid(self, lab, node):
        return self.processes[node].pid if node in self.processes else lab.pid(node)

    def signal(self, lab, node, number):
        os.kill(self.pid(lab, node), number)

    def kill(self, lab, node):
        self.signal(lab, node, signal.SIGKILL)
        if node in self.processes:
            self.processes[node].wait(5)
        eventually(lambda: not self.answers(lab, node), what=f"the end of {node}")

    def start(self, lab, node):
        directory = pathlib.Path(lab.status["directory"])
        with open(directory / f"{node}.log", "a", encoding="utf-8") as log:
            self.processes[node] = subprocess.Popen(
                [BIN / PROGRAMS[node], "--config", directory / f"{node}.toml", "--netns", lab.status["namespaces"][node]],
                stdout=log, stderr=log)
        eventually(lambda: self.answers(lab, node), what=f"{node} again: {(directory / f'{node}.log').read_text()[-2000:]}")

    def answers(self, lab, node):
        return "error" not in lab.ask(node, "status", check=False)

    def end(self):
        for process in self.processes.values():
            process.kill()
            process.wait()


@pytest.fixture(scope="module", name="revived")
def daemons():
    started = Revived()
    yield started
    started.end()


def state_of(lab):
    """Who is bound where, without lifetimes and counters."""
    rows = lab.ask("lma", "show", "bindings")["bindings"]
    return [(row["mn"], row["address"], row["flow"], row["mag"], row["session"], row["state"]) for row in rows]


def anchor_decides(lab):
    for mag in ("mag2", "mag1"):
        lab.ask("lma", "flow", "move", "video", "--to", mag)
        assert lab.bindings()["video"] == mag


def gateway_registers(lab):
    """It knows what its predecessor registered, and what it says to the anchor counts."""
    before = lab.bindings()
    lab.ask("mag1", "detach", "wimax", "--mac", MAC1)
    eventually(lambda: set(lab.bindings().values()) == {"mag2"}, what="all flows away from mag1")
    lab.ask("mag1", "attach", "wimax", "--mac", MAC1)
    eventually(lambda: lab.bindings() == before, what="the flows of mag1 back")


def node_chooses(lab):
    """It sees what becomes of its links, and packets go where it says."""
    before = lab.bindings()
    default = lambda: [link["interface"] for link in lab.ask("mn", "show", "links")["links"] if link["default"]]
    (first,) = default()
    second = {"if1": "if2", "if2": "if1"}[first]
    lab.inside("mn", "ip", "link", "set", first, "down")
    eventually(lambda: default() == [second], what=f"{second} as the way for new flows")
    assert lab.inside("mn", "ping", "-c", "2", "-i", "0.2", "-W", "5", lab.address("cn")).returncode == 0
    lab.inside("mn", "ip", "link", "set", first, "up")
    eventually(lambda: default() == [first] and lab.bindings() == before, what=f"{first} again")


IN_CHARGE = {"lma": anchor_decides, "mag1": gateway_registers, "mn": node_chooses}


@pytest.mark.parametrize("node", IN_CHARGE)
def test_a_daemon_that_dies_takes_no_packet_with_it(lab, revived, node, stream):
    before = state_of(lab)
    video, other = stream(VIDEO_PORT), stream(OTHER_PORT)
    revived.kill(lab, node)
    video.run_for(2)
    revived.start(lab, node)
    video.run_for(2)
    assert state_of(lab) == before
    video.assert_lossless()
    other.assert_lossless()
    IN_CHARGE[node](lab)


def test_flows_of_a_dead_link_go_on_and_return(lab, stream):
    before = lab.bindings()
    default = next(name for name in before if name != "video")
    video, other = stream(VIDEO_PORT), stream(OTHER_PORT)
    begin = time.monotonic()
    lab.link("mag2-mn", "down")
    eventually(lambda: lab.bindings()[default] == "mag1", what="the default flow on the other link")
    outage = time.monotonic() - begin
    other.run_for(2)
    missing = other.progress["missing"]
    lab.link("mag2-mn", "up")
    eventually(lambda: lab.bindings() == before, what="the default flow back")
    other.run_for(2)
    video.assert_lossless()
    report = other.end()
    assert report["incoming"]["lost"] == missing, "packets were lost after the binding had moved, or on the way back"
    for way in ("outgoing", "incoming"):
        assert report[way]["sent"] > 300 and report[way]["duplicated"] == 0, report[way]
        # Under way on the dead link, and sent into it until the binding moved; 20 for a sender that catches up.
        assert report[way]["lost"] <= RATE * outage + 20, (outage, report[way])


def test_policy_is_reloaded_under_live_bindings(lab, revived, stream):
    """By command and by SIGHUP: who may register changes, who is registered stays."""
    before = state_of(lab)
    video = stream(VIDEO_PORT)
    ends = lab.address("mag1"), lab.address("lma")

    def status(lifetime=150):
        update = m.proxy_binding_update(*ends, m.complete("newcomer@lab.example"), lifetime=lifetime)
        return [m.status_of(answer) for answer in m.exchange(lab, "mag1", *ends, update)]

    restore = lab.edit("lma", "[lma]\n", '[lma]\ntimestamp_validity_window = "30s"\nmin_delay_before_bce_delete = "0s"\n', reload=False)
    try:
        assert lab.ask("lma", "reload")["reloaded"]
        assert status() == [NOT_AUTHORISED]
        remove = lab.edit("lma", "[[mobile_node]]\n", '[[mobile_node]]\nid = "newcomer@lab.example"\n\n[[mobile_node]]\n', reload=False)
        revived.signal(lab, "lma", signal.SIGHUP)
        eventually(lambda: status() == [0], what="the newcomer registered")
        assert status(lifetime=0) == [0]
        eventually(lambda: state_of(lab) == before, what="the newcomer gone")
        remove()
        assert lab.ask("lma", "reload")["reloaded"]
        assert status() == [NOT_AUTHORISED]
    finally:
        restore()
    assert state_of(lab) == before
    video.assert_lossless()


def test_a_bad_file_is_refused_and_the_old_one_stays(lab):
    before = state_of(lab)
    restore = lab.edit("lma", "tunnel_mtu = 1460", "tunnel_mtu = 12", reload=False)
    try:
        answer = lab.ask("lma", "reload", check=False)
        assert answer["exit"] == 1 and "lma.toml:" in answer["error"]["message"]
    finally:
        restore()
    assert state_of(lab) == before
    assert lab.ask("lma", "reload")["reloaded"]


def test_a_daemon_told_to_stop_stops_at_once_and_cleanly(lab, revived):
    for node in ("lma", "mag1", "mn"):
        if node not in revived.processes:
            revived.kill(lab, node)
            revived.start(lab, node)
        revived.signal(lab, node, signal.SIGTERM)
        assert revived.processes[node].wait(5) == 0
        assert not os.path.exists(lab.status["control"][node])
        revived.start(lab, node)
    assert lab.inside("mn", "ping", "-c", "2", "-i", "0.2", "-W", "5", lab.address("cn")).returncode == 0


def test_two_daemons_of_one_name_do_not_share_a_socket(lab):
    directory = pathlib.Path(lab.status["directory"])
    done = run(BIN / "flowmob-lmad", "--config", directory / "lma.toml", "--netns", lab.status["namespaces"]["lma"], check=False)
    assert done.returncode != 0
    assert "error" not in lab.ask("lma", "status", check=False)
