# SPDX-License-Identifier: Apache-2.0
"""The mobile node decides: it moves a flow, its gateway notices and tells the anchor, and the downlink follows."""
import pathlib

import pytest

from conftest import eventually

UDP_PORT, TCP_PORT, OTHER_PORT = 8080, 8081, 6004
MAG_OF = {"if1": "mag1", "if2": "mag2"}
RULE = """
[[rule]]
name = "{name}"
match = {{ protocol = "{protocol}", source_port = {port} }}
prefer = {prefer}
"""


class Node:
    """The mobile node's own file, and what it says of its flows."""

    def __init__(self, lab):
        self.lab = lab
        self.file = pathlib.Path(lab.status["directory"]) / "mn.toml"
        self.plain = self.file.read_text(encoding="utf-8").replace('decider = "lma"', 'decider = "mn"', 1)
        self.rules = {}

    def prefer(self, port, *members, protocol="udp"):
        self.rules[port] = RULE.format(name=f"port-{port}", protocol=protocol, port=port, prefer=list(members)).replace("'", '"')
        self.reload()

    def reload(self):
        self.file.write_text(self.plain + "".join(self.rules.values()), encoding="utf-8")
        self.lab.ask("mn", "reload")

    def row(self, port):
        """Of the stream that runs: earlier ones had another port here."""
        return min((row for row in self.lab.ask("mn", "show", "flows")["flows"] if row["source_port"] == port),
                   key=lambda row: row["idle_ms"])

    def tuple_of(self, port):
        row = self.row(port)
        return ",".join(str(row[key]) for key in ("protocol", "source", "source_port", "destination", "destination_port"))


@pytest.fixture(scope="module", name="node")
def gateways_that_look(lab):
    """Both gateways and the node have `decider = "mn"`; the anchor decides until a test says otherwise."""
    for mag in ("mag1", "mag2"):
        lab.edit(mag, "[[mobile_node]]\n", '[[mobile_node]]\ndecider = "mn"\n')
    lab.ask("lma", "flow", "move", "*", "--to", "mag1")
    node = Node(lab)
    node.reload()
    return node


def downlink(lab, node, port):
    """The MAG by which the anchor sends the flow, as its classifier says."""
    return lab.ask("lma", "policy", "explain", node.tuple_of(port))["mag"]


def observed(lab, mag):
    """Flows that a gateway has noticed."""
    return [flow for row in lab.ask(mag, "show", "bindings")["bindings"] for flow in row["flows"] if flow["observed"]]


def down_packets(lab, mag):
    return sum(row["traffic"]["down"]["packets"] for row in lab.ask(mag, "show", "bindings")["bindings"])


def refusals(lab):
    return lab.ask("lma", "show", "statistics")["flow_options"]["refused"]


def assert_goes_by(lab, node, stream, port, member):
    """Both ways, seen from everywhere."""
    mag = MAG_OF[member]
    eventually(lambda: node.row(port)["member"] == member, what=f"the uplink by {member}")
    eventually(lambda: downlink(lab, node, port) == mag, what=f"the downlink by {mag}")
    stream.run_for(1)
    by_mag = down_packets(lab, mag)  # first: a busy machine takes its time between the two
    before = node.row(port)["traffic"]["down"]["packets"]
    stream.run_for(2)
    came = node.row(port)["traffic"]["down"]["packets"] - before
    under_way = 20
    assert came > 50 and down_packets(lab, mag) - by_mag >= came - under_way, "all of it came by that gateway"


def test_an_anchor_that_decides_refuses_and_nothing_moves(node, stream):
    lab = node.lab
    node.prefer(UDP_PORT, "if1")
    moving = stream(UDP_PORT)
    assert_goes_by(lab, node, moving, UDP_PORT, "if1")
    assert refusals(lab) == {}
    node.prefer(UDP_PORT, "if2")
    eventually(lambda: refusals(lab), what="the refusal")
    assert set(refusals(lab)) == {"administratively-prohibited"}
    eventually(lambda: observed(lab, "mag2") == [], what="the gateway gives up")
    once = refusals(lab)
    moving.run_for(3)
    node.prefer(UDP_PORT, "if1")
    moving.run_for(1)
    node.prefer(UDP_PORT, "if2")
    moving.run_for(2)
    assert refusals(lab) == once, "it is not asked again"
    assert node.row(UDP_PORT)["member"] == "if2" and downlink(lab, node, UDP_PORT) == "mag1"
    assert [row for row in lab.ask("lma", "show", "flows")["flows"] if row["owner"] == "mag"] == []
    node.prefer(UDP_PORT, "if1")
    moving.assert_lossless()


@pytest.fixture(scope="module", name="obeyed")
def anchor_that_obeys(node):
    node.lab.edit("lma", "[lma]\n", '[lma]\ndecider = "mn"\n')
    for mag in ("mag1", "mag2"):
        node.lab.ask(mag, "reload")
    return node


def test_the_downlink_follows_what_a_reload_moves(obeyed, stream):
    node, lab = obeyed, obeyed.lab
    node.prefer(UDP_PORT, "if1", "if2")
    node.prefer(TCP_PORT, "if1", "if2", protocol="tcp")
    udp, tcp, other = stream(UDP_PORT), stream(TCP_PORT, tcp=True), stream(OTHER_PORT)
    assert_goes_by(lab, node, udp, UDP_PORT, "if1")
    for members in (("if2", "if1"), ("if1", "if2"), ("if2", "if1"), ("if1", "if2")):
        node.prefer(UDP_PORT, *members)
        node.prefer(TCP_PORT, *members, protocol="tcp")
        assert_goes_by(lab, node, udp, UDP_PORT, members[0])
        assert_goes_by(lab, node, tcp, TCP_PORT, members[0])
        row = node.row(UDP_PORT)
        assert (row["rule"], row["moved_by_command"]) == (f"port-{UDP_PORT}", False)
        assert node.row(OTHER_PORT)["moves"] <= 1 and downlink(lab, node, OTHER_PORT) == "mag1", "it is under no rule"
    assert any(flow["state"] == "accepted" for flow in observed(lab, "mag1"))
    for one in (udp, tcp, other):
        one.assert_lossless()


def test_the_downlink_follows_what_a_command_moves(obeyed, stream):
    node, lab = obeyed, obeyed.lab
    node.prefer(UDP_PORT, "if1", "if2")
    udp = stream(UDP_PORT)
    assert_goes_by(lab, node, udp, UDP_PORT, "if1")
    flow = node.tuple_of(UDP_PORT)
    for member in ("if2", "if1", "if2"):
        moved = lab.ask("mn", "flow", "move", flow, "--to", member)
        assert moved["changed"] and not moved["waits"]
        assert_goes_by(lab, node, udp, UDP_PORT, member)
        assert (node.row(UDP_PORT)["rule"], node.row(UDP_PORT)["moved_by_command"]) == (flow, True)
    assert lab.ask("mn", "flow", "release", flow)["changed"]
    assert_goes_by(lab, node, udp, UDP_PORT, "if1")
    lab.ask("mn", "flow", "move", f"port-{UDP_PORT}", "--to", "if2")
    assert_goes_by(lab, node, udp, UDP_PORT, "if2")
    lab.ask("mn", "flow", "release", f"port-{UDP_PORT}")
    assert_goes_by(lab, node, udp, UDP_PORT, "if1")
    udp.assert_lossless()


def test_the_anchor_has_a_record_of_the_move(obeyed, stream):
    node, lab = obeyed, obeyed.lab
    node.prefer(UDP_PORT, "if1")
    udp = stream(UDP_PORT)
    assert_goes_by(lab, node, udp, UDP_PORT, "if1")
    last = max((row["handover"] for row in lab.ask("lma", "show", "handovers")["handovers"]), default=0)
    node.prefer(UDP_PORT, "if2")
    assert_goes_by(lab, node, udp, UDP_PORT, "if2")
    new = [row for row in lab.ask("lma", "show", "handovers")["handovers"] if row["handover"] > last]
    assert [(row["trigger"], row["from"], row["to"]) for row in new] == [("announcement", "mag1", "mag2")], new
    eventually(lambda: lab.ask("lma", "show", "handovers", new[0]["handover"])["handovers"][0]["state"] == "complete",
               what="the whole record")
    udp.assert_lossless()


def test_without_the_preferred_member_the_next_takes_it_until_it_returns(obeyed, stream):
    node, lab = obeyed, obeyed.lab
    node.prefer(UDP_PORT, "if2", "if1")
    udp = stream(UDP_PORT)
    assert_goes_by(lab, node, udp, UDP_PORT, "if2")
    lab.link("mag2-mn", "down")
    assert_goes_by(lab, node, udp, UDP_PORT, "if1")
    lab.link("mag2-mn", "up")
    assert_goes_by(lab, node, udp, UDP_PORT, "if2")
    report = udp.end()
    assert report["incoming"]["duplicated"] == report["outgoing"]["duplicated"] == 0


def test_never_both(obeyed):
    node, lab = obeyed, obeyed.lab
    refused = lab.ask("lma", "flow", "move", "*", "--to", "mag2", check=False)
    assert refused["exit"] == 1 and refused["error"]["code"] == "mn-decides"
    before = node.file.read_text(encoding="utf-8")
    node.rules = {1: RULE.format(name="one", protocol="udp", port=1, prefer='["if1"]')}
    node.file.write_text(node.plain.replace('decider = "mn"', 'decider = "lma"') + node.rules[1], encoding="utf-8")
    refused = lab.ask("mn", "reload", check=False)
    assert refused["exit"] == 1 and refused["error"]["code"] == "bad-configuration"
    assert "'prefer' where the anchor decides" in refused["error"]["message"]
    node.file.write_text(node.plain.replace('decider = "mn"', 'decider = "lma"'), encoding="utf-8")
    lab.ask("mn", "reload")
    refused = lab.ask("mn", "flow", "move", "udp,2001:db8::1,1,2001:db8::2,2", "--to", "if1", check=False)
    assert refused["exit"] == 1 and refused["error"]["code"] == "lma-decides"
    node.file.write_text(before, encoding="utf-8")
    lab.ask("mn", "reload")


def test_new_flows_are_shared_out(lab, node):
    """By two to one, and each stays where it began; to a port where nobody listens."""
    port, count = 7007, 60
    node.rules[port] = RULE.format(name="shared", protocol="udp", port=port, prefer='["if1", "if2"]') + "split = [2, 1]\n"
    node.reload()
    send = (f"import socket\nfor number in range({count}):\n    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)\n"
            f"    s.bind(('::', 30000 + number))\n    s.sendto(b'x', ('{lab.address('cn')}', {port}))\n")

    def members():
        lab.inside("mn", "python3", "-c", send)
        return {row["destination_port"]: row["member"] for row in lab.ask("mn", "show", "flows")["flows"] if row["source_port"] == port}

    explained = lab.ask("mn", "policy", "explain", f"udp,{lab.address('cn')},{port},{lab.address('vif').split('/')[0]},30000")
    assert (explained["rule"], explained["action"]) == ("shared", "split")
    first = members()
    assert explained["member"] == first[30000], "the program does what is explained"
    assert len(first) == count and 8 <= sum(member == "if2" for member in first.values()) <= 34
    assert members() == first
    del node.rules[port]
    node.reload()
