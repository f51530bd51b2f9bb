# SPDX-License-Identifier: Apache-2.0
"""`flowmob capture`: a file that tshark reads, with the packets of one node as they are outside of their tunnels, and nothing left behind."""
import json
import pathlib
import re
import signal
import subprocess

import pytest

from conftest import FLOWMOB, eventually, run

PORT = 5004  # a flow of the lab's policies, "video"
FIELDS = ("frame.interface_name", "frame.packet_flags_direction", "ipv6.src", "ipv6.dst", "udp.srcport", "udp.dstport", "frame.len", "frame.cap_len", "frame.comment")


def mn_id(lab):
    return lab.ask("lma", "show", "sessions")["sessions"][0]["mn"]


def is_marked(lab, node):
    """In the data plane's rows themselves: FM_NODE_IS_CAPTURED in the last two octets of a row, FM_MAG_CAPTURES in the word of flags."""
    settings = (pathlib.Path(lab.status["directory"]) / f"{node}.toml").read_text(encoding="utf-8")
    maps = pathlib.Path(re.search(r'^bpf = "(.*)"', settings, re.M)[1]) / "maps"
    rows = json.loads(run("bpftool", "-j", "map", "dump", "pinned", maps / ("nodes" if node == "lma" else "flags")).stdout)
    octet = -2 if node == "lma" else 0
    return any(int(row["value"][octet], 16) & 4 for row in rows)


def exchange(lab, count=20):
    """UDP both ways between the node and its correspondent."""
    server = lab.spawn("cn", "python3", "-c", f"""import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.bind(("::", {PORT}))
for _ in range({count}): data, who = s.recvfrom(2048); s.sendto(data * 2, who)""")
    eventually(lambda: lab.inside("cn", "ss", "-Hlnu", f"sport = :{PORT}").stdout, what="the correspondent")
    lab.inside("mn", "python3", "-c", f"""import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.settimeout(20); s.bind(("{lab.address('vif')}", 4000))
for i in range({count}): s.sendto(bytes([i]) * 300, ("{lab.address('cn')}", {PORT})); s.recv(2048)""")
    server.wait(20)


class Capturing:
    def __init__(self, lab, node, *options):
        self.process = subprocess.Popen([FLOWMOB, "--control", lab.status["control"][node], "capture", *map(str, options)],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if node != "mn":
            eventually(lambda: is_marked(lab, node) or self.process.poll() is not None, what="the node is marked")

    def end(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.communicate(timeout=30)


@pytest.fixture(name="capture")
def captures(lab):
    started = []

    def start(*arguments):
        started.append(Capturing(lab, *arguments))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.communicate()


def packets_in(file, only=f"udp.port == {PORT}"):
    words = [word for field in FIELDS for word in ("-e", field)]
    lines = run("tshark", "-r", file, "-Y", only, "-T", "fields", "-E", "separator=|", *words).stdout.splitlines()
    return [dict(zip(FIELDS, line.split("|"))) for line in lines]


def assert_whole_exchange(lab, packets, count=20):
    vif, cn = lab.address("vif"), lab.address("cn")
    up = [p for p in packets if p["ipv6.src"] == vif]
    down = [p for p in packets if p["ipv6.dst"] == vif]
    assert len(up) == len(down) == count and len(packets) == 2 * count
    assert {(p["ipv6.dst"], p["udp.srcport"], p["udp.dstport"], p["frame.len"]) for p in up} == {(cn, "4000", str(PORT), "348")}
    assert {(p["ipv6.src"], p["udp.srcport"], p["udp.dstport"], p["frame.len"]) for p in down} == {(cn, str(PORT), "4000", "648")}
    return up, down


def test_the_anchor_captures_a_node_for_wireshark(lab, capture, tmp_path):
    file, before = tmp_path / "node.pcapng", mn_id(lab)
    assert not is_marked(lab, "lma")
    running = capture("lma", "--mn", before, "-w", file)
    exchange(lab)
    lab.inside("lma", "ping", "-c", "1", "-W", "5", lab.address("cn"))  # no packet of the node
    out, err = running.end()
    assert running.process.returncode == 0, err
    captured, lost = map(int, re.match(rb"(\d+) packets captured, (\d+) lost", out).groups())
    assert lost == 0 and captured == len(packets_in(file, "frame"))
    up, down = assert_whole_exchange(lab, packets_in(file))
    assert {p["frame.cap_len"] for p in up + down} == {"192"}
    assert {p["frame.packet_flags_direction"] for p in up} != {p["frame.packet_flags_direction"] for p in down}
    assert {p["frame.interface_name"] for p in up}.isdisjoint({p["frame.interface_name"] for p in down})
    assert all("flow video" in p["frame.comment"] and re.search(r"mag[12]", p["frame.comment"]) for p in up + down)
    vif = lab.address("vif")
    assert packets_in(file, f"!(ipv6.addr == {vif})") == [], "nobody else's"
    eventually(lambda: not is_marked(lab, "lma"), what="the mark goes with the capture")


def test_a_gateway_and_the_node_itself(lab, capture, tmp_path):
    node, files = mn_id(lab), [tmp_path / name for name in ("mag.pcapng", "mn.pcapng")]
    lab.ask("lma", "flow", "move", "video", "--to", "mag1")
    at_mag = capture("mag1", "--mn", node, "-w", files[0], "--snaplen", 64)
    at_node = capture("mn", "-w", files[1])
    exchange(lab, 5)  # it knows by now, and the node's uplink follows
    exchange(lab)
    for one in (at_mag, at_node):
        assert b"lost" in one.end()[0]
    assert_whole_exchange(lab, packets_in(files[1]), 25)
    seen = packets_in(files[0])
    assert len(seen) >= 40 and {p["frame.cap_len"] for p in seen} == {"64"}
    eventually(lambda: not is_marked(lab, "mag1"), what="the mark goes with the capture")


def test_it_ends_after_so_many_and_so_long(lab, tmp_path):
    control, node = lab.status["control"]["lma"], mn_id(lab)
    file = tmp_path / "few.pcapng"
    few = subprocess.Popen([FLOWMOB, "--control", control, "capture", "--mn", node, "-w", str(file), "--count", "7", "--json"], stdout=subprocess.PIPE, text=True)
    eventually(lambda: is_marked(lab, "lma"), what="the node is marked")
    exchange(lab)
    assert json.loads(few.communicate(timeout=30)[0]) == {"file": str(file), "packets": 7, "lost": 0}
    assert len(packets_in(file, "frame")) == 7
    none = subprocess.run([FLOWMOB, "--control", control, "capture", "--mn", node, "-w", "-", "--seconds", "1"], capture_output=True, timeout=60, check=True)
    assert none.stdout[:4] == b"\x0a\x0d\x0d\x0a" and b"packets captured" in none.stderr
    eventually(lambda: not is_marked(lab, "lma"), what="nobody captures")


def test_lines_for_people_and_programs(lab, capture):
    for options, seen in (((), rb"  packet  .*direction=up.*protocol=udp"), (("--json",), rb'"octets":"6')):
        running = capture("lma", "--mn", mn_id(lab), "--count", 3, *options)
        exchange(lab)
        out, _ = running.process.communicate(timeout=30)
        assert len(out.splitlines()) == 3 and re.search(seen, out), out


def test_what_cannot_be_is_an_error(lab, tmp_path):
    def code(*options, node="lma"):
        return lab.ask(node, "capture", *options, check=False)["error"]["code"]
    known = mn_id(lab)
    assert code("--mn", "nobody@example.net") == "no-such-mobile-node"
    assert code("--mn", "nobody@example.net", node="mag1") == "no-such-mobile-node"
    assert code("--mn", "nobody@example.net", node="mn") == "no-such-mobile-node"
    assert code() == code(node="mag1") == "bad-argument"
    assert code("--mn", known, "--snaplen", "257") == code("--mn", known, "--snaplen", "0") == "bad-argument"
    assert code("--mn", known, "-w", str(tmp_path / "no" / "file")) == "cannot-write"
    assert code("--mn", known, "-w", str(tmp_path)) == "cannot-write"
    assert code("--mn", known, "-w", "/dev/full") == "cannot-write"
    assert code("--mn", known, "-w", "-") == "bad-argument"
    eventually(lambda: not is_marked(lab, "lma"), what="what was refused leaves nothing")


def test_a_connection_that_breaks_ends_it(lab, capture, tmp_path):
    running = capture("lma", "--mn", mn_id(lab), "-w", tmp_path / "broken.pcapng")
    exchange(lab)
    running.process.kill()
    running.process.wait(10)
    eventually(lambda: not is_marked(lab, "lma"), what="the mark goes with the connection")
    assert_whole_exchange(lab, packets_in(tmp_path / "broken.pcapng"))


BLAST = """import socket, sys, time
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
for i in range(8000):
    s.sendto(bytes(300), (sys.argv[1], 9))
    if i % 50 == 0: time.sleep(0.005)"""


def test_a_client_that_does_not_read_holds_nobody_up_and_is_told_what_it_missed(lab, capture, tmp_path):
    def carried():
        return sum(row["traffic"]["down"]["packets"] for row in lab.ask("lma", "show", "flows")["flows"] if "traffic" in row)
    running, before = capture("lma", "--mn", mn_id(lab), "-w", tmp_path / "slow.pcapng"), carried()
    running.process.send_signal(signal.SIGSTOP)
    lab.inside("cn", "python3", "-c", BLAST, lab.address("vif"))
    assert lab.alive("lma")
    down = carried() - before
    assert down > 4000
    running.process.send_signal(signal.SIGCONT)
    out, _ = running.end()
    captured, lost = map(int, re.match(rb"(\d+) packets captured, (\d+) lost", out).groups())
    assert lost > 0 and captured == len(packets_in(tmp_path / "slow.pcapng", "frame"))
    assert captured + lost >= down
