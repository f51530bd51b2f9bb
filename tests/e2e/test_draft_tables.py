# SPDX-License-Identifier: Apache-2.0
"""draft-trung-netext-virtual-interface-01 as it is written: the addresses of its Tables 1 and 2, and the LMA's binding state of its Figure 3."""
import ipaddress
import json
import os
import pathlib

import pytest

from conftest import FLOWMOB, Lab, eventually, run
from test_failure import Revived

PREFIX = "2009:1234:5678:bbbb::"
TABLE_1 = {"vif0": (f"{PREFIX}15", "00:0c:f1:56:98:aa"), "if1": (None, "00:0c:f1:56:98:aa"), "if2": (None, "00:0c:f1:56:98:bb")}
TABLE_2 = {"mag1": f"{PREFIX}1", "mag2": f"{PREFIX}2", "vif0": f"{PREFIX}200"}
FLOW_1, FLOW_2 = 5004, 6004  # by MAG1 and by MAG2


def rewrite(lab, name, *changes):
    file = pathlib.Path(lab.status["directory"]) / f"{name}.toml"
    text = file.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, (name, old)
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")


def made_as_written(lab, daemons):
    """The virtual interface makes one address of the prefix by itself; those of the tables it is given by hand."""
    macs = [(f"02:00:00:00:01:0{number}", TABLE_1[f"if{number}"][1]) for number in (1, 2)]
    rewrite(lab, "lma", *macs, ("[[mobile_node]]\n", f'[[mobile_node]]\nprefixes = ["{PREFIX}/64"]\n'))
    for number, (_, new) in enumerate(macs, 1):
        lab.inside("mn", "ip", "link", "set", f"if{number}", "address", new)
        rewrite(lab, f"mag{number}", *macs)
    for node in ("lma", "mag1", "mag2", "mn"):
        daemons.start(lab, node)
    for gateway in ("mag1", "mag2"):
        lab.inside(gateway, "ip", "address", "add", f"{TABLE_2[gateway]}/64", "dev", "acc0", "nodad")
    for address in (TABLE_1["vif0"][0], TABLE_2["vif0"]):
        lab.inside("mn", "ip", "address", "add", f"{address}/64", "dev", "vif0", "nodad")
    eventually(lambda: len(lab.bindings()) == 2 and all(link["up"] for link in lab.ask("mn", "show", "links")["links"]), 30, "both links attached")


@pytest.fixture(scope="module", name="lab")
def lab_as_written():
    name, daemons = f"t{os.getpid()}draft", Revived()
    try:
        run(FLOWMOB, "lab", "up", "--no-daemons", "--name", name)
        drafted = Lab(name)
        made_as_written(drafted, daemons)
        yield drafted
    finally:
        daemons.end()
        run(FLOWMOB, "lab", "down", "--name", name)


def shown(lab, node, interface):
    return json.loads(lab.inside(node, "ip", "-j", "address", "show", "dev", interface).stdout)[0]


def addresses(lab, node, interface, scope):
    return {one["local"] for one in shown(lab, node, interface)["addr_info"] if one["family"] == "inet6" and one["scope"] == scope}


def test_table_1(lab):
    """Only the virtual interface has global addresses; its link-layer address is that of IF1."""
    for interface, (address, mac) in TABLE_1.items():
        assert shown(lab, "mn", interface)["address"] == mac
        found = addresses(lab, "mn", interface, "global")
        assert address in found if address else not found, (interface, found)


def test_table_2(lab):
    """The access interfaces of both gateways, and the virtual interface, are in the home network prefix; IF1 and IF2 in fe80::/10."""
    for gateway in ("mag1", "mag2"):
        assert TABLE_2[gateway] in addresses(lab, gateway, "acc0", "global")
    assert TABLE_2["vif0"] in addresses(lab, "mn", "vif0", "global")
    for interface in ("if1", "if2"):
        local = addresses(lab, "mn", interface, "link")
        assert local and all(ipaddress.ip_address(one) in ipaddress.ip_network("fe80::/10") for one in local)


def test_the_gateways_addresses_are_the_anchors_to_reach(lab):
    """No other node shares an address from the prefix (RFC 5213 section 5.2): what is sent to one leaves the link like all else (section 6.10.5)."""
    for gateway in ("mag1", "mag2"):
        def sent():
            return sum(row["traffic"]["up"]["packets"] for row in lab.ask("lma", "show", "bindings")["bindings"])
        before = sent()
        said = lab.inside("mn", "ping", "-c", "3", "-i", "0.1", "-W", "1", "-I", TABLE_2["vif0"], TABLE_2[gateway], check=False).stdout
        assert " 0 received" in said, said
        assert sent() >= before + 3, said


def test_figure_3(lab, stream):
    """MN_ID, Addr, Flow1 -> MAG1; MN_ID, Addr, Flow2 -> MAG2; and packets of either flow go there, whichever address they have."""
    rows = lab.ask("lma", "show", "bindings")["bindings"]
    assert len({(row["mn"], row["address"]) for row in rows}) == 1 and rows[0]["address"] == f"{PREFIX}/64"
    assert lab.bindings() == {"video": "mag1", "*": "mag2"}
    for source in (TABLE_1["vif0"][0], TABLE_2["vif0"]):
        streams = {port: stream(port, source=source) for port in (FLOW_1, FLOW_2)}
        by = {flow["source_port"]: flow["member"] for flow in lab.ask("mn", "show", "flows")["flows"] 
              if flow["destination"] == source and flow["protocol"] == "udp"}
        assert by == {FLOW_1: "if1", FLOW_2: "if2"}
        for one in streams.values():
            one.assert_lossless()


def test_a_flow_moves_and_its_address_does_not(lab, stream):
    moving = stream(FLOW_1, source=TABLE_2["vif0"])
    for mag in ("mag2", "mag1"):
        lab.ask("lma", "flow", "move", "video", "--to", mag)
        moving.run_for(1)
    moving.assert_lossless()
    assert lab.bindings() == {"video": "mag1", "*": "mag2"}
