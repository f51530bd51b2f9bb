# SPDX-License-Identifier: Apache-2.0
"""The lab's own tools: flowmob-wire carries what it should, flowmob-probe counts right, lab down leaves nothing."""
import json
import os
import pathlib
import signal
import socket
import subprocess

import pytest

from conftest import BIN, FLOWMOB, eventually, run


class Wire:
    """Two hosts, and flowmob-wire between them in a namespace of its own."""

    def __init__(self, parameters, offloads):
        self.name = f"fm-{os.getpid()}-w"
        self.socket = f"/run/{self.name}.sock"
        self.process = None
        try:
            self.build(parameters, offloads)
        except BaseException:
            self.close()
            raise

    def build(self, parameters, offloads):
        for end in "abw":
            run("ip", "netns", "add", f"{self.name}{end}")
        run("ip", "netns", "exec", f"{self.name}w", "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
        for number, end in enumerate("ab", start=1):
            netns = f"{self.name}{end}"
            run("ip", "-n", netns, "link", "add", "e0", "type", "veth", "peer", "name", f"w{end}", "netns", f"{self.name}w")
            if not offloads:
                run("ip", "netns", "exec", netns, "ethtool", "-K", "e0", "tso", "off", "gso", "off", "tx", "off")
            run("ip", "-n", netns, "addr", "add", f"2001:db8::{number}/64", "dev", "e0", "nodad")
            run("ip", "-n", netns, "link", "set", "e0", "up")
        self.process = subprocess.Popen([BIN / "flowmob-wire", "--netns", f"{self.name}w", "--a", "wa", "--b", "wb", "--both",
                                         parameters, "--engine", "userspace", "--seed", "1", "--control", self.socket])
        eventually(lambda: pathlib.Path(self.socket).exists(), what="the wire's socket")

    def ask(self, command, **arguments):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(30)
            client.connect(self.socket)
            client.sendall(json.dumps({"command": command, "args": arguments}).encode() + b"\n")
            return json.loads(client.makefile().readline())

    def probe(self, *options):
        """A stream from b to a; the client's report."""
        log = f"/run/{self.name}.json"
        server = subprocess.Popen([BIN / "flowmob-probe", "serve", "--netns", f"{self.name}a", "--once",
                                   *(o for o in options if o == "--tcp")], stdout=subprocess.DEVNULL)
        kind = "-t" if "--tcp" in options else "-u"
        eventually(lambda: run("ip", "netns", "exec", f"{self.name}a", "ss", "-Hln", kind, "sport = :5004").stdout,
                   what="the serving probe")
        run(BIN / "flowmob-probe", "stream", "--netns", f"{self.name}b", "--to", "2001:db8::1", "--json-file", log, *options,
            check=False)
        assert server.wait(20) == 0
        report = json.loads(pathlib.Path(log).read_text())
        os.unlink(log)
        return report

    def close(self):
        ended = None
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            ended = self.process.wait(30)
        for end in "abw":
            run("ip", "netns", "del", f"{self.name}{end}", check=False)
        return ended


@pytest.fixture
def wire(request):
    parameters, offloads = request.param
    built = Wire(parameters, offloads)
    yield built
    assert built.close() == 0
    assert not os.path.exists(built.socket)


@pytest.mark.parametrize("wire", [("delay=20ms", False)], indirect=True)
def test_delay_applies_each_way_and_nothing_is_lost(wire):
    report = wire.probe("--rate", "100", "--duration", "1")
    for way in ("outgoing", "incoming"):
        assert report[way]["lost"] == report[way]["duplicated"] == report[way]["reordered"] == 0
        assert report[way]["sent"] > 50
        assert report[way]["delay_ms"]["min"] >= 20


@pytest.mark.parametrize("wire", [("delay=1ms", False)], indirect=True)
def test_loss_is_made_and_counted_alike(wire):
    run("ip", "netns", "exec", f"{wire.name}b", "ping", "-c", "1", "-W", "5", "2001:db8::1")  # neighbours known
    assert wire.ask("set", both="loss=20%")["ok"]
    report = wire.probe("--rate", "500", "--duration", "1")
    counters = wire.ask("status")["result"]["counters"]
    assert report["incoming"]["lost"] > 0 and report["outgoing"]["lost"] > 0
    # The wire also loses some of the probe's closing words.
    assert counters["a-to-b"]["lost"] >= report["incoming"]["lost"]
    assert counters["b-to-a"]["lost"] >= report["outgoing"]["lost"]


@pytest.mark.parametrize("wire", [("delay=10ms", False)], indirect=True)
def test_ping_keeps_its_pace_and_sees_the_round_trip(wire):
    done = run(BIN / "flowmob-probe", "ping", "--netns", f"{wire.name}b", "--to", "2001:db8::1", "--rate", "200",
               "--duration", "1", "--drain", "0.5", "--json")
    seen = json.loads(done.stdout)["round_trip"]
    assert seen["sent"] > 100 and seen["lost"] == seen["duplicated"] == 0
    assert seen["delay_ms"]["min"] >= 20


@pytest.mark.parametrize("wire", [("delay=1ms", True)], indirect=True)
def test_large_units_and_partial_checksums_survive(wire):
    report = wire.probe("--tcp", "--rate", "300", "--size", "60000", "--duration", "1")
    assert report["complete"] and report["incoming"]["lost"] == report["outgoing"]["lost"] == 0
    counters = wire.ask("status")["result"]["counters"]["a-to-b"]
    assert counters["octets"] / counters["frames"] > 1514, "TCP's large units were cut on their way"


@pytest.mark.parametrize("wire", [("delay=5ms", False)], indirect=True)
def test_down_takes_the_carrier_at_both_ends_and_up_gives_it_back(wire):
    carrier = lambda end: "LOWER_UP" in run("ip", "-n", f"{wire.name}{end}", "link", "show", "e0").stdout
    assert wire.ask("down")["ok"]
    eventually(lambda: not carrier("a") and not carrier("b"), what="carrier lost at both ends")
    assert wire.ask("up")["ok"]
    eventually(lambda: carrier("a") and carrier("b"), what="carrier back at both ends")
    assert wire.probe("--rate", "100", "--duration", "0.5")["incoming"]["lost"] == 0


@pytest.mark.parametrize("wire", [("delay=5ms", False)], indirect=True)
def test_parameters_change_while_frames_flow(wire):
    assert not wire.ask("set", both="delay=fast")["ok"]
    assert wire.ask("set", **{"a-to-b": "delay=40ms"})["ok"]
    assert wire.probe("--rate", "100", "--duration", "0.5")["incoming"]["delay_ms"]["min"] >= 40
    parameters = wire.ask("status")["result"]["parameters"]
    assert "delay=40ms" in parameters["a-to-b"] and "delay=5ms" in parameters["b-to-a"]


@pytest.fixture
def bare_lab():
    name = f"t{os.getpid()}bare"
    run(FLOWMOB, "lab", "up", "--no-daemons", "--name", name)
    yield name
    run(FLOWMOB, "lab", "down", "--name", name)
    assert name not in run("ip", "netns", "list").stdout
    assert not os.path.exists(f"/run/flowmob/{name}")


def lab_status(name):
    return json.loads(run(FLOWMOB, "lab", "status", "--name", name, "--json").stdout)


def test_status_names_everything(bare_lab):
    status = lab_status(bare_lab)
    assert {"cn", "lma", "mag1", "mag2", "mn"} <= status["namespaces"].keys()
    assert {"vif", "cn", "lma", "mag1", "mag2"} <= status["addresses"].keys()
    assert status["control"].keys() == {"lma", "mag1", "mag2", "mn"}
    assert {link["name"] for link in status["links"]} == {"cn-lma", "lma-mag1", "lma-mag2", "mag1-mn", "mag2-mn"}
    for daemon in status["control"]:
        assert os.path.exists(f"{status['directory']}/{daemon}.toml")
    run("ip", "netns", "exec", status["namespaces"]["mag1"], "ping", "-c", "1", "-W", "5", status["addresses"]["cn"])


def test_up_twice_is_up_once(bare_lab):
    before = lab_status(bare_lab)["processes"]
    run(FLOWMOB, "lab", "up", "--no-daemons", "--name", bare_lab)
    assert lab_status(bare_lab)["processes"] == before


def test_up_mends_a_lab_that_has_lost_a_wire(bare_lab):
    before = lab_status(bare_lab)["processes"]
    os.kill(before["wire mag1-mn"]["pid"], signal.SIGKILL)
    eventually(lambda: not lab_status(bare_lab)["processes"]["wire mag1-mn"]["running"], what="the wire's end")
    run(FLOWMOB, "lab", "up", "--no-daemons", "--name", bare_lab)
    assert all(process["running"] for process in lab_status(bare_lab)["processes"].values())


def test_down_needs_no_record(bare_lab):
    os.unlink(f"/run/flowmob/{bare_lab}/state.json")
    run(FLOWMOB, "lab", "down", "--name", bare_lab)
    assert bare_lab not in run("ip", "netns", "list").stdout


def test_errors_are_json_where_json_was_asked_for():
    done = run(FLOWMOB, "lab", "status", "--name", "no-such-lab", "--json", check=False)
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["code"] == "no-lab"
