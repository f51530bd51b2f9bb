# SPDX-License-Identifier: Apache-2.0
"""A flow moves to a faster link and back, again and again: with order "gap" nothing overtakes anything, and of a bulk transfer next to
nothing does of what "now" reorders."""
import json
import pathlib
import statistics
import sys

import pytest

from conftest import eventually
from moves import FAST, SLOW, home, last_move, move, there_and_back

BURSTS = pathlib.Path(__file__).with_name("bursts.py")
VIDEO_PORT, BULK_PORT = 5004, 7777
SINK = """
import socket, sys
s = socket.socket(socket.AF_INET6)
s.bind((sys.argv[1], int(sys.argv[2])))
s.listen()
c = s.accept()[0]
while c.recv(1 << 16): pass
"""
SOURCE = """
import socket, sys
s = socket.socket(socket.AF_INET6)
s.connect((sys.argv[1], int(sys.argv[2])))
while True: s.sendall(bytes(1 << 16))
"""


class Bursts:
    """From the correspondent to the node and back."""

    def __init__(self, lab, kind, port):
        node = home(lab)
        self.processes = [lab.spawn("mn", sys.executable, BURSTS, "answer", node, port)]
        assert self.processes[0].stdout.readline() == "ready\n"
        self.processes.append(lab.spawn("cn", sys.executable, BURSTS, kind, lab.address("cn"), VIDEO_PORT, node, port))
        assert self.processes[1].stdout.readline() == "ready\n"

    def end(self):
        """What came at the node, and of its answers at the correspondent."""
        reports = []
        for process in reversed(self.processes):
            process.terminate()
            out, err = process.communicate(timeout=30)
            assert process.returncode == 0, err
            reports.append(json.loads(out))
        up, down = reports
        down["lost"] = up["sent"] - down["sent"]
        return down, up

    def kill(self):
        for process in self.processes:
            process.kill()
            process.communicate()


@pytest.fixture
def started():
    everything = []
    yield everything
    for one in everything:
        one.kill()


@pytest.mark.parametrize("kind", ["bursts", "requests"])
def test_where_there_are_pauses_nothing_is_reordered(lab, started, kind):
    move(lab, "video", SLOW, "--order", "now") if lab.bindings()["video"] != SLOW else None
    traffic = Bursts(lab, kind, 4100)
    started.append(traffic)
    records = there_and_back(lab, "video", 6)
    down, up = traffic.end()
    for way in (down, up):
        assert way["sent"] > 50 and way["lost"] == way["duplicated"] == way["reordered"] == 0, (down, up, records)
    assert {row["order"] for row in records} <= {"gap", "made-gap", "now"}
    if kind == "bursts":
        assert "gap" in {row["order"] for row in records}, "its pauses are longer than the paths' difference"
    for to_fast in records[::2]:
        assert to_fast["in_order"]["delay_difference_ms"] > 17, "20 ms and 3 ms one way"


def test_an_even_stream_is_made_a_gap(lab, stream):
    """A packet each 10 ms, both ways: no pause is long enough. Where this machine stops a link's emulator for longer than the gap,
    that delays what was on the old path: then once more."""
    for _ in range(4):
        even = stream(VIDEO_PORT)
        records = there_and_back(lab, "video", 3)
        report = even.assert_lossless()
        assert {row["order"] for row in records[::2]} == {"made-gap"}
        assert all(row["in_order"]["held_packets"] > 0 for row in records[::2])
        reordered = report["outgoing"]["reordered"] + report["incoming"]["reordered"] + sum(row["out_of_order"] for row in records)
        if reordered == 0:
            return
    assert reordered == 0, (report, records)


def ofo_queue(lab):
    """What the node's TCP got out of order, so far."""
    names, values = (line.split()[1:] for line in lab.inside("mn", "cat", "/proc/net/netstat").stdout.splitlines()[:2])
    return int(dict(zip(names, values))["TCPOFOQueue"])


class Bulk:
    def __init__(self, lab):
        node = home(lab)
        self.processes = [lab.spawn("mn", sys.executable, "-c", SINK, node, BULK_PORT)]
        eventually(lambda: lab.inside("mn", "ss", "-Hlnt", f"sport = :{BULK_PORT}").stdout, what="the sink")
        self.processes.append(lab.spawn("cn", sys.executable, "-c", SOURCE, node, BULK_PORT))

    def kill(self):
        for process in self.processes:
            process.kill()
            process.communicate()


def downlink_packets(lab):
    return next(row["traffic"]["down"]["packets"] for row in lab.ask("lma", "show", "bindings")["bindings"] if row["flow"] == "*")


def reordered_by(lab, order, times):
    """By each of some moves to the faster link; with traffic before each and after it."""
    each = []
    for _ in range(times):
        move(lab, "*", SLOW, "--order", order)
        begin = downlink_packets(lab)
        eventually(lambda: downlink_packets(lab) > begin + 2000, 60, "a bulk transfer")
        before = ofo_queue(lab)
        move(lab, "*", FAST, "--order", order)
        each.append(ofo_queue(lab) - before)
    return each


def test_a_bulk_transfer_is_hardly_reordered(lab, started, capsys):
    started.append(Bulk(lab))
    now = reordered_by(lab, "now", 6)
    gap = reordered_by(lab, "gap", 6)
    with capsys.disabled():
        print(f"\nTCP segments out of order in each of 6 moves to the faster link: {now} with order \"now\", {gap} with \"gap\"")
    # A machine that stops a link's emulator for longer than the gap reorders in that move: so the median.
    assert statistics.median(now) > 0 and 10 * statistics.median(gap) <= statistics.median(now)
    assert last_move(lab, "*")["order"] == "made-gap"
    assert not lab.drops("lma")


def test_the_command_line_is_read(lab):
    refused = lab.ask("lma", "flow", "move", "video", "--to", FAST, "--order", "later", check=False)
    assert refused["error"]["code"] == "bad-argument"
    refused = lab.ask("lma", "flow", "move", "video", "--to", FAST, "--deadline", "soon", check=False)
    assert refused["error"]["code"] == "bad-argument"
    assert lab.ask("lma", "flow", "move", "video", "--to", FAST, "--order", "now")["order"] == "now"
    assert last_move(lab, "video")["order"] == "now"
    moved = lab.ask("lma", "flow", "move", "video", "--to", SLOW, "--deadline", "100ms")
    assert moved["order"] == "gap" and last_move(lab, "video")["in_order"]["deadline_ms"] == 100
