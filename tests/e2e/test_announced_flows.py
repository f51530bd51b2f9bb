# SPDX-License-Identifier: Apache-2.0
"""Flows that a gateway announces (RFC 6089): obeyed where the MN's side decides, refused where the anchor does."""
import pathlib

import pytest

from conftest import eventually

WEB_PORT, OTHER_PORT = 8080, 6004
ACCESS, MAC = "wlan", "02:00:00:00:01:02"
FLOW = f"""
[[access.flow]]
name = "web"
priority = 10
protocol = "udp"
source_port = {WEB_PORT}
at_attachment = false
"""

RULE = f"""[[rule]]
name = "web"
match = {{ protocol = "udp", source_port = {WEB_PORT} }}
redundant = true

"""


def announced(lab):
    """The rows of flows that gateways have announced."""
    return [row for row in lab.ask("lma", "show", "flows")["flows"] if row["owner"] == "mag"]


def of_gateway(lab):
    return next(row for row in lab.ask("mag2", "show", "bindings")["bindings"] if row["access"] == ACCESS)["flows"]


def packets(lab, flow):
    return next(row for row in lab.ask("lma", "show", "flows")["flows"] if row["flow"] == flow)["traffic"]["down"]["packets"]


def refusals(lab):
    return lab.ask("lma", "show", "statistics")["flow_options"]["refused"]


@pytest.fixture(scope="module", name="gateways")
def with_a_flow_at_mag2(lab):
    """MAG2 has a flow that it may announce, and everything else goes by MAG1."""
    lab.edit("mag2", "[[mobile_node]]", FLOW.lstrip() + "\n[[mobile_node]]")
    lab.ask("lma", "flow", "move", "*", "--to", "mag1")
    assert lab.bindings()["*"] == "mag1"
    return lab


def test_an_anchor_that_decides_refuses_it(gateways):
    lab, before = gateways, gateways.bindings()
    lab.ask("mag2", "flow", "announce", "web")
    row = eventually(lambda: next((f for f in of_gateway(lab) if f["state"] == "refused"), None), what="the refusal")
    assert row["status"] == "administratively-prohibited"
    assert refusals(lab) == {"administratively-prohibited": 1}
    assert lab.bindings() == before and announced(lab) == []
    lab.ask("mag2", "flow", "withdraw", "web")
    assert of_gateway(lab) == []


def test_a_gateway_that_is_obeyed_has_its_flow_and_nothing_else(gateways, stream):
    lab = gateways
    lab.edit("lma", "[lma]\n", '[lma]\ndecider = "mn"\n')
    web, other = stream(WEB_PORT), stream(OTHER_PORT)
    assert lab.bindings()["*"] == "mag1"
    lab.ask("mag2", "flow", "announce", "web")
    row = eventually(lambda: next(iter(announced(lab)), None), what="the flow at the anchor")
    assert (row["mag"], row["priority"], row["announced"]["by"]) == ("mag2", 10, "mag2")
    assert [f["state"] for f in of_gateway(lab)] == ["accepted"]
    assert lab.bindings()["*"] == "mag1"
    before = packets(lab, row["flow"]), packets(lab, "*")
    web.run_for(1)
    assert packets(lab, row["flow"]) > before[0] and packets(lab, "*") > before[1]
    lab.ask("mag2", "flow", "withdraw", "web")
    eventually(lambda: announced(lab) == [], what="the flow gone")
    before = packets(lab, "*")
    web.run_for(1)
    assert packets(lab, "*") >= before + 150, "both streams' packets"
    web.assert_lossless()
    other.assert_lossless()


def test_flows_are_not_moved_by_two(gateways):
    refused = gateways.ask("lma", "flow", "move", "*", "--to", "mag2", check=False)
    assert refused["exit"] == 1 and refused["error"]["code"] == "mn-decides"


def test_what_is_announced_is_refreshed_and_goes_with_its_link(gateways):
    lab = gateways
    lab.ask("mag2", "flow", "announce", "web")
    eventually(lambda: announced(lab), what="the flow at the anchor")
    refreshed = lab.ask("lma", "show", "statistics")["flow_options"]["refreshed"]
    lab.ask("mag2", "attach", ACCESS, "--mac", MAC)
    eventually(lambda: lab.ask("lma", "show", "statistics")["flow_options"]["refreshed"] > refreshed, what="a summary")
    assert len(announced(lab)) == 1
    lab.ask("mag2", "detach", ACCESS, "--mac", MAC)
    eventually(lambda: announced(lab) == [], what="the flow gone with its link")
    lab.ask("mag2", "attach", ACCESS, "--mac", MAC)


def test_several_bindings_are_copies(gateways, stream):
    """MAG1 is binding 2 of the node, and the flow that MAG2 announces goes by both: a link may fail, and nothing is lost."""
    lab = gateways
    edited = [("mag1", lab.edit("mag1", "[[access]]\n", "[[access]]\nbinding_id = 2\n")),
              ("mag2", lab.edit("mag2", "at_attachment = false\n", "at_attachment = false\nalso_by = [2]\n")),
              ("mn", lab.edit("mn", "[mn]\n", RULE + "[mn]\n"))]
    lab.ask("mag2", "flow", "announce", "web")
    row = eventually(lambda: next((row for row in announced(lab) if len(row["spread"]["links"]) == 2), None), what="copies by both links")
    assert (row["spread"]["kind"], row["announced"]["binding_ids"]) == ("copies", [1, 2])
    before = {node: lab.drops(node).get("copy", 0) for node in ("lma", "mn")}
    web = stream(WEB_PORT, rate=1000)
    web.run_for(1)
    lab.link("mag1-mn", "down")
    eventually(lambda: len(announced(lab)[0]["spread"]["links"]) == 1, what="the link left out")
    web.run_for(1)
    lab.link("mag1-mn", "up")
    eventually(lambda: len(announced(lab)[0]["spread"]["links"]) == 2, what="both links again")
    web.run_for(1)
    web.assert_lossless()
    for node, count in before.items():
        assert lab.drops(node)["copy"] > count + 500, f"second copies at {node}"
    lab.ask("mag2", "flow", "withdraw", "web")
    for node, restore in edited:
        restore()
        lab.ask(node, "reload")


def test_a_mistake_is_said_with_its_place(gateways):
    file = pathlib.Path(gateways.status["directory"]) / "mag2.toml"
    text = file.read_text()
    try:
        file.write_text(text.replace("priority = 10", "priority = 0", 1))
        refused = gateways.ask("mag2", "reload", check=False)
        assert refused["exit"] == 1 and refused["error"]["code"] == "bad-configuration"
        line = text[:text.index("priority = 10")].count("\n") + 1
        assert f"mag2.toml:{line}:12: " in refused["error"]["message"], refused
    finally:
        file.write_text(text)
