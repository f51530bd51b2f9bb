# SPDX-License-Identifier: Apache-2.0
"""Moves with both links up at full rate: UDP at 10,000 packets a second, and TCP as fast as the links go, both ways. Nothing is lost to a
move and nothing comes twice. How fast this machine was is printed, not judged."""
import json
import pathlib
import sys
import time

import pytest

from conftest import eventually
from moves import FAST, SLOW, Losses, home, links, move, set_link

BULK = pathlib.Path(__file__).with_name("bulk.py")
VIDEO_PORT, BULK_PORT, RATE = 5004, 7777, 10_000
ROUNDS = {"udp": 4, "tcp": 2}  # there and back
# The links' bandwidth-delay products are 125 and 100 kB: a window that fills them, and a queue that holds more than a window, so that TCP
# itself loses nothing.
WINDOW, ROOMY = 256 << 10, "queue=1m"


def by_lab(lost):
    return {where: packets for where, packets in lost.items() if where in Losses.THE_LABS}


def by_domain(lost):
    return {where: packets for where, packets in lost.items() if where not in Losses.THE_LABS}


@pytest.mark.parametrize("order", ["gap", "now"])
def test_udp_at_ten_thousand_packets_a_second(lab, stream, roomy_queues, order, capsys):
    """Where this machine pauses a sender, or what lets packets wait, for so long that what it makes up for fills even these queues, or the
    links' emulators so long that their sockets overflow, they count that: then once more."""
    for _ in range(5):
        losses, began = Losses(lab), time.monotonic()
        quick = stream(VIDEO_PORT, rate=RATE, size=64)
        for _ in range(ROUNDS["udp"]):
            for to in (FAST, SLOW):
                assert lab.ask("lma", "flow", "move", "video", "--to", to, "--order", order)["changed"]
                quick.run_for(1)
        report = quick.end()
        rate = report["outgoing"]["sent"] / (time.monotonic() - began)
        lost = losses.since()
        with capsys.disabled():
            print(f"\nUDP, order \"{order}\": {2 * ROUNDS['udp']} moves, about {rate:.0f} packets/s each way: "
                  + "; ".join(f"{way} {report[way]['sent']} sent, {report[way]['lost']} lost, {report[way]['duplicated']} doubled, "
                              f"{report[way]['reordered']} reordered" for way in ("outgoing", "incoming")) + f"; counted: {lost}")
        assert report["complete"] and not by_domain(lost)
        assert all(report[way]["sent"] > 10_000 and report[way]["duplicated"] == 0 for way in ("outgoing", "incoming")), report
        assert sum(report[way]["lost"] for way in ("outgoing", "incoming")) <= sum(by_lab(lost).values())
        if not by_lab(lost):
            return
    assert not by_lab(lost), "this machine does not carry as much"


class Bulk:
    """Full both ways, until it is ended."""

    def __init__(self, lab, window):
        node = home(lab)
        self.processes = [lab.spawn("cn", sys.executable, BULK, "listen", lab.address("cn"), BULK_PORT, window)]
        assert self.processes[0].stdout.readline() == "ready\n"
        self.processes.append(lab.spawn("mn", sys.executable, BULK, "connect", node, lab.address("cn"), BULK_PORT, window))

    def end(self):
        """What the correspondent and the node say, and how much came in all."""
        reports = []
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            out, err = process.communicate(timeout=120)
            assert process.returncode == 0, err
            reports.append(json.loads(out))
        for sender, receiver in (reports, reports[::-1]):
            assert sender["sent"] == receiver["received"] > 0 and sender["sent_sha256"] == receiver["received_sha256"]
        return reports

    def kill(self):
        for process in self.processes:
            process.kill()
            process.communicate()


@pytest.fixture
def bulk(lab):
    started = []

    def start(window):
        started.append(Bulk(lab, window))
        return started[-1]
    yield start
    for one in started:
        one.kill()


@pytest.fixture
def roomy_queues(lab):
    before = {name: row["parameters"]["a-to-b"] for name, row in links(lab).items()}
    for name in ("mag1-mn", "mag2-mn"):
        set_link(lab, name, both=ROOMY)
    yield
    for name in ("mag1-mn", "mag2-mn"):
        set_link(lab, name, both=before[name])


def carried(lab):
    traffic = next(row["traffic"] for row in lab.ask("lma", "show", "bindings")["bindings"] if row["flow"] == "*")
    return min(traffic["down"]["packets"], traffic["up"]["packets"])


def goes_on(lab, packets=1500):
    begin = carried(lab)
    eventually(lambda: carried(lab) > begin + packets, 120, "as many packets each way")


def transfer(lab, bulk, window, moved):
    """Ends at the slow link. What both ends say, and where packets were lost."""
    move(lab, "*", SLOW)
    losses, running = Losses(lab), bulk(window)
    goes_on(lab)
    moved()
    goes_on(lab)
    return running.end(), losses.since()


def moves_of(lab, order):
    def moved():
        for _ in range(ROUNDS["tcp"]):
            for to in (FAST, SLOW):
                move(lab, "*", to, "--order", order)
                goes_on(lab)
    return moved


def tell(capsys, what, ends, lost):
    with capsys.disabled():
        print(f"\nTCP, {what}: " + "; ".join(
            f"{way} {end['sent'] * 8e-6 / end['seconds']:.1f} Mbit/s, {end['segments_sent']} segments, {end['retransmitted']} retransmitted of which "
            f"{end['needlessly']} needlessly, {end['out_of_order']} got out of order" for way, end in zip(("down", "up"), ends))
              + f"; counted: {lost}")


@pytest.mark.parametrize("order", ["gap", "now"])
def test_tcp_at_line_rate_loses_nothing_to_moves(lab, bulk, roomy_queues, order, capsys):
    """With queues that hold a whole window nothing but a move can lose anything; and nothing does."""
    tell(capsys, "a window of 256 KiB, without moves", *transfer(lab, bulk, WINDOW, lambda: goes_on(lab, 5000)))
    ends, lost = transfer(lab, bulk, WINDOW, moves_of(lab, order))
    tell(capsys, f"a window of 256 KiB, {2 * ROUNDS['tcp']} moves, order \"{order}\"", ends, lost)
    assert not lost


def test_tcp_that_fills_the_queues_loses_only_there(lab, bulk, capsys):
    """As TCP is: it sends until a queue overflows, with moves and without. Nobody else loses anything."""
    for what, moved in (("its own window, without moves", lambda: goes_on(lab, 5000)),
                        (f"its own window, {2 * ROUNDS['tcp']} moves", moves_of(lab, "gap"))):
        ends, lost = transfer(lab, bulk, 0, moved)
        tell(capsys, what, ends, lost)
        assert not by_domain(lost) and lost.keys() <= {"link queue"}
