# SPDX-License-Identifier: Apache-2.0
"""GRE with keys between anchor and gateways (RFC 5845), agreed on by the real daemons and carried by the real data plane."""
import pathlib

import pytest

from conftest import eventually

MACS = {"mag1": ("wimax", "02:00:00:00:01:01"), "mag2": ("wlan", "02:00:00:00:01:02")}
SIZE = 20_000_000

SERVER = """
import socket
with socket.create_server(("::", 7001), family=socket.AF_INET6) as listening:
    connection, _ = listening.accept()
    received = 0
    while part := connection.recv(65536):
        received += len(part)
    print(received)
"""
CLIENT = f"""
import socket, sys
with socket.create_connection((sys.argv[1], 7001), 10) as connection:
    connection.sendall(bytes({SIZE}))
"""


def require_gre(lab):
    file = pathlib.Path(lab.status["directory"]) / "lma.toml"
    before = file.read_text()
    file.write_text(before.replace("[[mag]]\n", "[[mag]]\ngre = \"required\"\n"))
    lab.ask("lma", "reload")
    return lambda: file.write_text(before)


def register_anew(lab, mag):
    access, mac = MACS[mag]
    lab.ask(mag, "detach", access, "--mac", mac)
    lab.ask(mag, "attach", access, "--mac", mac)


def sessions(lab):
    return {row["mag"]: row for row in lab.ask("lma", "show", "sessions")["sessions"] if row["state"] == "active"}


@pytest.fixture(scope="module", autouse=True)
def gre(lab):
    """An anchor that requires keys gets them from gateways that were not told to ask."""
    eventually(lambda: set(sessions(lab)) == {"mag1", "mag2"}, what="both sessions")
    restore = require_gre(lab)
    for mag in MACS:
        register_anew(lab, mag)
    eventually(lambda: [row["encapsulation"] for row in sessions(lab).values()] == ["gre-with-keys"] * 2, what="GRE with keys")
    yield
    restore()


def test_both_ends_have_the_same_keys(lab):
    for mag in MACS:
        (at_mag,) = [row for row in lab.ask(mag, "show", "bindings")["bindings"] if row["state"] == "registered"]
        at_lma = sessions(lab)[mag]
        assert at_mag["encapsulation"] == "gre-with-keys"
        assert (at_mag["downlink_key"], at_mag["uplink_key"]) == (at_lma["downlink_key"], at_lma["uplink_key"])
    assert len({row["uplink_key"] for row in sessions(lab).values()}) == 2


@pytest.mark.parametrize("mag", MACS)
def test_packets_go_both_ways(lab, mag):
    lab.ask("lma", "flow", "move", "*", "--to", mag)
    assert lab.inside("mn", "ping", "-c", "5", "-i", "0.2", "-W", "5", lab.address("cn")).stdout.count("time=") == 5
    assert lab.inside("mn", "ping", "-c", "2", "-i", "0.2", "-W", "5", "-s", "1380", lab.address("cn")).stdout.count("time=") == 2


@pytest.mark.parametrize("sender,receiver", [("mn", "cn"), ("cn", "mn")])
def test_a_stream_of_big_segments_is_carried(lab, sender, receiver):
    """TCP hands whole trains of segments to the tunnel, which the kernel has to cut right: the lab's links take none."""
    server = lab.spawn(receiver, "python3", "-c", SERVER)
    try:
        eventually(lambda: lab.inside(receiver, "ss", "-Hlnt", "sport = :7001").stdout, what="the server")
        lab.inside(sender, "python3", "-c", CLIENT, lab.address(receiver), timeout=60)
        out, err = server.communicate(timeout=30)
        assert out.strip() == str(SIZE), err
    finally:
        server.kill()
    for node in ("lma", "mag1", "mag2"):
        drops = lab.drops(node)
        assert not {"encapsulation", "decapsulation", "malformed", "unknown-tunnel"} & drops.keys(), (node, drops)
