# SPDX-License-Identifier: Apache-2.0
"""`flowmob monitor drops`: what real daemons' data planes drop is seen with its reason while somebody looks, and costs nothing while nobody does."""
import json
import pathlib
import re
import select
import signal
import subprocess

import pytest

from conftest import FLOWMOB, eventually, run
from test_bad_input import FOREIGN, MAC1, SEND_FRAME, SEND_PACKET, ipv6
from test_failure import Revived

UDP = bytes.fromhex("0fa0138c00080000")  # from port 4000 to 5004


def is_switched_on(lab, node):
    """In the map itself."""
    settings = (pathlib.Path(lab.status["directory"]) / f"{node}.toml").read_text(encoding="utf-8")
    maps = pathlib.Path(re.search(r'^bpf = "(.*)"', settings, re.M)[1]) / "maps"
    row = json.loads(run("bpftool", "-j", "map", "dump", "pinned", maps / "sampling").stdout)
    return any(octet != "0x00" for octet in row[0]["value"])


@pytest.fixture(scope="module", name="revived")
def daemons():
    started = Revived()
    yield started
    started.end()


class Watcher:
    """`monitor drops` of one daemon."""

    def __init__(self, lab, node, *options):
        self.process = subprocess.Popen([FLOWMOB, "--control", lab.status["control"][node], "monitor", "drops", *options],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        eventually(lambda: is_switched_on(lab, node) or self.process.poll() is not None, what="somebody looks")

    def next(self):
        assert select.select([self.process.stdout], [], [], 30)[0], "nothing was seen"
        return self.process.stdout.readline()

    def end(self, how=signal.SIGINT):
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=30)
        return out, err


@pytest.fixture(name="watch")
def watchers(lab):
    started = []

    def start(*arguments):
        started.append(Watcher(lab, *arguments))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.communicate()


def send_in_tunnel(lab, source=FOREIGN):
    packet = ipv6(lab.address("mag1"), lab.address("lma"), 41, ipv6(source, lab.address("cn"), 17, UDP))
    lab.inside("mag1", "python3", "-c", SEND_PACKET, lab.address("lma"), packet.hex())
    return packet


def test_a_spoofed_packet_is_seen_at_the_anchor_with_its_reason(lab, watch):
    assert not is_switched_on(lab, "lma")
    seen = watch("lma", "--json")
    sent = send_in_tunnel(lab)
    event = json.loads(seen.next())
    assert event["event"] == "drop" and event["reason"] == "spoofed-source"
    assert event["program"] == "lma_uplink" and event["way"] == "in" and event["packets"] == 1
    assert event["interface"] in {link["interface"] for link in lab.ask("lma", "show", "links")["links"]}
    assert (event["source"], event["destination"], event["protocol"]) == (lab.address("mag1"), lab.address("lma"), "ipv6")
    inner = event["inner"]
    assert (inner["source"], inner["destination"], inner["protocol"]) == (FOREIGN, lab.address("cn"), "udp")
    assert (inner["source_port"], inner["destination_port"]) == (4000, 5004)
    assert bytes.fromhex(event["octets"])[14:22] == sent[:8] and bytes.fromhex(event["octets"])[22:54] == sent[8:40]
    assert event["length"] == 14 + len(sent)
    out, err = seen.end()
    assert (out, err, seen.process.returncode) == ("", "", 0)
    eventually(lambda: not is_switched_on(lab, "lma"), what="the last one has gone")


def test_a_gateway_and_words_for_people(lab, watch):
    seen = watch("mag1", "--reason", "spoofed-source")
    frame = bytes.fromhex(("00:00:5e:00:52:13" + MAC1).replace(":", "")) + b"\x86\xdd" + ipv6(FOREIGN, lab.address("cn"), 17, UDP)
    lab.inside("mn", "python3", "-c", SEND_FRAME, "if1", frame.hex())
    line = seen.next()
    for word in ("  drop  ", "reason=spoofed-source", "program=mag_uplink", f"source={FOREIGN}", "source_port=4000", "protocol=udp"):
        assert word in line, line
    assert "octets" not in line


def test_only_the_reason_that_was_asked_for(lab, watch):
    seen = watch("lma", "--reason", "unknown-tunnel", "--json")
    send_in_tunnel(lab)
    packet = ipv6("2001:db8:1::2", lab.address("lma"), 41, ipv6(FOREIGN, lab.address("cn")))
    lab.inside("mag1", "python3", "-c", SEND_PACKET, lab.address("lma"), packet.hex())
    assert json.loads(seen.next())["reason"] == "unknown-tunnel"
    out, _ = seen.end()
    assert out == ""


def test_the_switch_stays_on_for_the_others_and_goes_off_with_the_last_however_it_goes(lab, watch):
    first, second = watch("lma", "--json"), watch("lma", "--json")
    first.end()
    send_in_tunnel(lab)
    assert json.loads(second.next())["reason"] == "spoofed-source"
    assert is_switched_on(lab, "lma")
    second.end(signal.SIGKILL)
    eventually(lambda: not is_switched_on(lab, "lma"), what="its connection broke")


FLOOD = """import socket, sys
link = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
for _ in range(int(sys.argv[3])): link.sendto(bytes.fromhex(sys.argv[2]), (sys.argv[1], 0))"""


def test_a_flood_is_bounded_and_what_was_not_sampled_is_said(lab, watch):
    seen, flood = watch("lma", "--json"), 3000
    packet = ipv6(lab.address("mag1"), lab.address("lma"), 41, ipv6(FOREIGN, lab.address("cn"), 17, UDP))
    before = lab.drops("lma").get("spoofed-source", 0)
    lab.inside("mag1", "python3", "-c", FLOOD, lab.address("lma"), packet.hex(), flood)
    eventually(lambda: lab.drops("lma")["spoofed-source"] == before + flood, what="the flood")
    out, err = seen.end()
    events = [json.loads(line) for line in out.splitlines()]
    samples = [event for event in events if event["event"] == "drop"]
    others = sum(event["packets"] for event in events if event["event"] == "drops-not-sampled")
    assert len(samples) >= 50 and others > 0, (len(samples), err)
    assert len(samples) + others == flood
    assert lab.alive("lma")


def test_what_cannot_be_is_an_error(lab):
    assert lab.ask("lma", "monitor", "drops", "--reason", "nonsense", check=False)["error"]["code"] == "no-such-reason"
    nobody = ["setpriv", "--reuid=65534", "--clear-groups", FLOWMOB, "--control", lab.status["control"]["lma"], "monitor", "drops", "--json"]
    assert json.loads(run(*nobody, check=False).stdout)["error"]["code"] == "not-permitted"


def test_a_daemon_that_goes_ends_it_and_the_next_one_has_it_off(lab, watch, revived):
    seen = watch("mag2", "--json")
    revived.kill(lab, "mag2")
    out, _ = seen.process.communicate(timeout=30)
    assert json.loads(out)["error"]["code"] == "connection-lost"
    assert seen.process.returncode == 1
    assert is_switched_on(lab, "mag2"), "nobody could turn it off"
    revived.start(lab, "mag2")
    eventually(lambda: not is_switched_on(lab, "mag2"), what="a start turns it off")
