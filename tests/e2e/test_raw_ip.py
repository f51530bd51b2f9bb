# SPDX-License-Identifier: Apache-2.0
"""A member that is a point-to-point link without link-layer addresses, beside two of Ethernet: a tun, behind which a modem speaks
Ethernet to the gateway."""
import json
import pathlib
import subprocess
import time

import pytest

from conftest import BIN, eventually, run
from raw_access import RawAccess
from test_failure import daemons  # noqa: F401, pylint: disable=unused-import

UDP_PORT, TCP_PORT = 6004, 6005


@pytest.fixture(scope="module", name="raw")
def raw_access(lab):
    access = RawAccess(lab)
    try:
        access.start()
        yield access
    finally:
        access.stop()


def member(lab, name="wwan0"):
    return next((link for link in lab.ask("mn", "show", "links")["links"] if link["interface"] == name), {})


def row_of(lab, port):
    return next(row for row in lab.ask("mn", "show", "flows")["flows"] if row["source_port"] == port)


def move(lab, mag, interface, *ports):
    lab.ask("lma", "flow", "move", "*", "--to", mag)
    for port in ports:
        eventually(lambda: row_of(lab, port)["member"] == interface, what=f"port {port} on {interface}: {row_of(lab, port)}")  # pylint: disable=cell-var-from-loop


def neighbours(lab):
    return json.loads(lab.inside("mn", "ip", "-6", "-j", "neigh", "show", "dev", "vif0").stdout)


def test_it_has_no_addresses_and_a_router(lab, raw):
    link = eventually(lambda: member(lab) if member(lab).get("up") else None)
    assert raw.added["interface"] == "wwan0"
    assert (link["raw_ip"], link["mac"], link["router_mac"]) == (True, None, None)
    assert member(lab, "if1")["raw_ip"] is False and member(lab, "if1")["router_mac"] is not None
    assert link["router"] and link["prefixes"] == member(lab, "if1")["prefixes"]
    eventually(lambda: member(lab)["round_trip_ms"] is not None, what="an answer of its router")
    assert not member(lab)["router_silent"]
    assert "raw IP" in run(BIN / "flowmob", "--control", lab.status["control"]["mn"], "show", "links").stdout
    macs = {row["lladdr"] for row in neighbours(lab) if "lladdr" in row}
    assert macs == {member(lab, "if1")["router_mac"]}, "one router with one address, whatever the members"


def test_flows_move_to_it_and_back_without_a_loss(lab, raw, stream):  # pylint: disable=unused-argument
    move(lab, "mag1", "if1")
    udp, tcp = stream(UDP_PORT, rate=200), stream(TCP_PORT, rate=20, size=8000, tcp=True)  # which the stack makes trains of segments of
    for _ in range(2):
        for mag, interface in (("mag3", "wwan0"), ("mag1", "if1"), ("mag3", "wwan0"), ("mag2", "if2")):
            move(lab, mag, interface, UDP_PORT, TCP_PORT)
            udp.run_for(1)
    udp.assert_lossless()
    tcp.assert_lossless()


def packets_of(lab):
    shown = json.loads(lab.inside("mn", "ip", "-j", "-s", "link", "show", "wwan0").stdout)[0]["stats64"]
    return shown["rx"]["packets"], shown["tx"]["packets"]


def test_a_dead_daemon_takes_no_packet_with_it(lab, raw, revived, stream):  # pylint: disable=unused-argument
    """And its successor knows the link again, which has no link-layer address to be known by."""
    move(lab, "mag3", "wwan0")
    streaming = stream(UDP_PORT + 10, rate=200)
    move(lab, "mag3", "wwan0", UDP_PORT + 10)
    number, before = member(lab)["number"], packets_of(lab)
    file = pathlib.Path(lab.status["directory"]) / "mn.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + '\n[[member]]\ninterface = "wwan0"\ntechnology = "lte"\n', encoding="utf-8")
    revived.kill(lab, "mn")
    streaming.run_for(2)
    revived.start(lab, "mn")
    eventually(lambda: member(lab).get("router"), what="its router again")
    assert member(lab)["number"] == number
    streaming.run_for(2)
    streaming.assert_lossless()
    after = packets_of(lab)
    assert all(now - then > 400 for now, then in zip(after, before)), (before, after)
    assert row_of(lab, UDP_PORT + 10)["member"] == "wwan0"


def test_it_is_removed_and_added_while_flows_go_on(lab, raw, stream):  # pylint: disable=unused-argument
    move(lab, "mag3", "wwan0")
    streaming = stream(UDP_PORT + 20, rate=200)
    move(lab, "mag1", "if1", UDP_PORT + 20)
    lab.ask("mn", "member", "remove", "wwan0", "--drain", "500ms")
    eventually(lambda: not member(lab))
    assert "bpf" not in lab.inside("mn", "tc", "filter", "show", "dev", "wwan0", "ingress").stdout
    streaming.run_for(1)
    assert lab.ask("mn", "member", "add", "wwan0", "--technology", "lte", "--take-over")["interface"] == "wwan0"
    eventually(lambda: member(lab).get("up"))
    move(lab, "mag3", "wwan0", UDP_PORT + 20)
    streaming.run_for(2)
    move(lab, "mag1", "if1", UDP_PORT + 20)
    streaming.assert_lossless()


def lose_and_find(raw, lose, find):
    """The radio and the host's interface go and come back together."""
    run("ip", "-n", raw.modems, "link", "set", "modem0", "down")
    lose()
    yield
    find()
    run("ip", "-n", raw.modems, "link", "set", "modem0", "up")
    yield


@pytest.mark.parametrize("how", ["carrier", "modem"])
def test_flows_leave_it_when_it_is_lost_and_return(lab, raw, stream, how):
    move(lab, "mag3", "wwan0")
    port = UDP_PORT + 30 + len(how)
    streaming = stream(port, rate=200)
    move(lab, "mag3", "wwan0", port)
    down, up = ((lambda: run("ip", "-n", raw.mn, "link", "set", "wwan0", "down"), lambda: run("ip", "-n", raw.mn, "link", "set", "wwan0", "up"))
                if how == "carrier" else (raw.unplug, raw.plug))
    steps = lose_and_find(raw, down, up)
    next(steps)
    eventually(lambda: not member(lab)["up"])
    before = time.time_ns()
    eventually(lambda: row_of(lab, port)["member"] != "wwan0", what="another link")
    streaming.run_for(2)
    assert streaming.progress["time_ns"] > before
    next(steps)
    eventually(lambda: member(lab)["up"] and member(lab)["router"], 30, "the link again")
    eventually(lambda: "mag3" in {row["mag"] for row in lab.ask("lma", "show", "sessions")["sessions"]}, 30, "its session")
    move(lab, "mag3", "wwan0", port)
    streaming.run_for(2)
    report = streaming.end()
    for way in ("outgoing", "incoming"):
        assert report[way]["sent"] - report[way]["lost"] > 0.8 * report[way]["sent"], report[way]


@pytest.fixture(name="alone")
def raw_member_alone(lab, raw):  # pylint: disable=unused-argument
    move(lab, "mag3", "wwan0")
    for name in ("if1", "if2"):
        lab.ask("mn", "member", "remove", name, "--drain", "0s")
    yield
    for name, technology in (("if1", "802.16e"), ("if2", "802.11")):
        lab.ask("mn", "member", "add", name, "--technology", technology, "--take-over")
    eventually(lambda: all(link["up"] for link in lab.ask("mn", "show", "links")["links"]))


def test_alone_it_carries_both_families(lab, raw, alone):  # pylint: disable=unused-argument
    """Nobody answers ARP on it: the virtual interface's router has an address all the same."""
    assert " 0% packet loss" in lab.inside("mn", "ping", "-c", "3", "-i", "0.05", "-W", "5", lab.address("cn")).stdout
    assert {row["lladdr"] for row in neighbours(lab) if "lladdr" in row} == {"02:00:5e:00:52:13"}
    for line in ("address add 198.51.100.2/24 dev vif0", "route add 203.0.113.0/24 via 198.51.100.1 dev vif0"):
        lab.inside("mn", "ip", *line.split())
    seen = subprocess.Popen(["ip", "netns", "exec", raw.modems, "tcpdump", "-l", "-n", "-e", "-i", "modem0", "-c", "1", "icmp"],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert seen.stderr.readline()  # it listens
        lab.inside("mn", "ping", "-c", "1", "-W", "1", "203.0.113.10", check=False)
        assert "198.51.100.2 > 203.0.113.10: ICMP echo request" in (line := seen.stdout.readline()) and "02:00:00:00:01:03" in line
        (entry,) = json.loads(lab.inside("mn", "ip", "-4", "-j", "neigh", "show", "dev", "vif0").stdout)
        assert (entry["dst"], entry["lladdr"]) == ("198.51.100.1", "02:00:5e:00:52:13")
    finally:
        seen.kill()
        seen.communicate()
        lab.inside("mn", "ip", "address", "flush", "dev", "vif0", "scope", "global", "to", "198.51.100.0/24")
