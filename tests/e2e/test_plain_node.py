# SPDX-License-Identifier: Apache-2.0
"""A node that has nothing of flowmob, one interface and a kernel that listens to Router Advertisements, goes from one gateway to the other and
back: its address stays, and so do its connections (RFC 5213 section 3.1).

    mag1 -- if1
                 (a switch in the lab's node) -- eth0 HOST
    mag2 -- if2
"""
import json
import os
import pathlib

import pytest

from conftest import FLOWMOB, Lab, eventually, run
from test_failure import Revived

MAC, PORT = "02:00:00:00:01:01", 6004


class Switch:
    """The link of one gateway at a time reaches the host, whose carrier goes in between."""

    def __init__(self, lab):
        self.lab, self.host = lab, lab.status["namespaces"]["mn"].removesuffix("mn") + "host"

    def up(self):
        run("ip", "netns", "add", self.host)
        self.lab.status["namespaces"]["host"] = self.host
        for words in ("link add switch type bridge mcast_snooping 0", "link set switch up", f"link add port type veth peer name eth0 address {MAC} netns {self.host}",
                      "link set port master switch"):
            self.lab.inside("mn", "ip", *words.split())
        for number in (1, 2):  # not what the host has
            self.lab.inside("mn", "ip", "link", "set", f"if{number}", "address", f"02:00:00:00:ff:0{number}")
        run("ip", "-n", self.host, "link", "set", "eth0", "up")

    def connect(self, number):
        self.lab.inside("mn", "ip", "link", "set", "port", "down")
        for other in (1, 2):
            self.lab.inside("mn", "ip", "link", "set", f"if{other}", *(("master", "switch") if other == number else ("nomaster",)))
        self.lab.inside("mn", "ip", "link", "set", "port", "up")

    def addresses(self):
        links = json.loads(run("ip", "-n", self.host, "-j", "-6", "address", "show", "dev", "eth0", "scope", "global").stdout)
        return [one["local"] for link in links for one in link.get("addr_info", []) if one.get("local") and not one.get("tentative")]

    def down(self):
        run("ip", "netns", "delete", self.host, check=False)


@pytest.fixture(scope="module", name="lab")
def lab_without_agent():
    name, daemons = f"t{os.getpid()}plain", Revived()
    try:
        run(FLOWMOB, "lab", "up", "--no-daemons", "--name", name)
        lab = Lab(name)
        for gateway in ("mag1", "mag2"):
            file = pathlib.Path(lab.status["directory"]) / f"{gateway}.toml"
            text = file.read_text(encoding="utf-8")
            assert '"sharing"' in text
            file.write_text(text.replace('"sharing"', '"between-mags"').replace('["video"]', '["internet"]'), encoding="utf-8")
        for node in ("lma", "mag1", "mag2"):
            daemons.start(lab, node)
        yield lab
    finally:
        daemons.end()
        run(FLOWMOB, "lab", "down", "--name", name)


@pytest.fixture(name="switch")
def host_behind_a_switch(lab):
    switch = Switch(lab)
    try:
        switch.up()
        yield switch
    finally:
        switch.down()


def session_at(lab):
    return [row["mag"] for row in lab.ask("lma", "show", "sessions")["sessions"] if row["state"] == "active"]


def test_its_connections_go_with_it(lab, switch, stream):
    switch.connect(1)
    (address,) = eventually(switch.addresses, 30, "an address")
    eventually(lambda: session_at(lab) == ["mag1"], 30, "a session at mag1")
    tcp, udp = stream(PORT, tcp=True, node="host"), stream(PORT, node="host")
    for number in (2, 1):
        switch.connect(number)
        eventually(lambda: session_at(lab) == [f"mag{number}"], 30, f"a session at mag{number}")  # pylint: disable=cell-var-from-loop
        udp.run_for(2)
        assert switch.addresses() == [address]
    report = udp.end()
    assert report["incoming"]["lost"] < report["incoming"]["sent"] and report["outgoing"]["duplicated"] == 0, report
    tcp.run_for(1)
    tcp.assert_lossless()
