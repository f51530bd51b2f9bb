# SPDX-License-Identifier: Apache-2.0
"""DHCPv6 prefix delegation (RFC 7148 section 3.2.1): Debian's client on the virtual interface gets the prefix of the network behind the
node from its gateways, and a passenger's connection stays when its flow moves and when the access where the prefix was got is gone."""
import json
import os
import subprocess

import pytest

from conftest import eventually, run
from ipv4_domain import MN, Ipv4Domain
from test_delegated_prefix import PASSENGER, ROUTER, VIDEO_PORT, delegated, ping
from test_failure import daemons  # noqa: F401, pylint: disable=unused-import
from test_flows import member_of

DELEGATED = "2001:db8:f00::/60"

# What a mobile router does with what it is delegated.
SCRIPT = """#!/bin/sh
echo "$reason $old_ip6_prefix $new_ip6_prefix"
case $reason in
BOUND6|RENEW6|REBIND6) ip -6 address replace {router}/64 dev lan0 nodad
        ip -6 route replace unreachable $new_ip6_prefix metric 2147483647 ;;
EXPIRE6|RELEASE6|STOP6) ip -6 address flush dev lan0 scope global ;;
esac
"""


class Client:
    """dhclient, which asks for a prefix and nothing else."""

    def __init__(self, lab, directory):
        self.lab, self.directory, self.process = lab, directory, None
        script = directory / "script"
        script.write_text(SCRIPT.format(router=ROUTER))
        script.chmod(0o755)
        self.files = ["-pf", directory / "pid", "-lf", directory / "leases", "-sf", script]

    def start(self):
        with open(self.directory / "log", "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(["ip", "netns", "exec", self.lab.status["namespaces"]["mn"], "dhclient", "-6", "-P", "-d",
                                             *map(str, self.files), "vif0"], stdout=log, stderr=log)
        eventually(lambda: ROUTER in self.lab.inside("mn", "ip", "-6", "address", "show", "dev", "lan0").stdout, 40, f"the prefix: {self.said()}")

    def said(self):
        return (self.directory / "log").read_text(encoding="utf-8")

    def release(self):
        self.lab.inside("mn", "dhclient", "-6", "-P", "-r", *self.files, "vif0")
        self.process.wait(30)

    def end(self):
        if self.process:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="module", name="train")
def mobile_router(lab, tmp_path_factory):
    """The node has a LAN without addresses; all that the LAN has comes by DHCPv6."""
    names = lab.status["namespaces"]
    passenger = names["passenger"] = names["mn"].removesuffix("mn") + "passenger"
    lab.edit("lma", 'mags = ["mag1", "mag2"]\n', f'mags = ["mag1", "mag2"]\ndelegated_prefixes = ["{DELEGATED}"]\n')
    for mag in ("mag1", "mag2"):
        lab.edit(mag, 'handoff_indicator = "sharing"\n', 'handoff_indicator = "sharing"\ndelegated_prefixes = true\n', reload=False)
        lab.edit(mag, 'neighbor_probes = 2\n', 'neighbor_probes = 2\nlifetime = "40s"\n')
    run("ip", "netns", "add", passenger)
    client = Client(lab, tmp_path_factory.mktemp("dhclient"))
    try:
        for line in (f"-n {names['mn']} link add lan0 type veth peer name eth0 netns {passenger}", f"-n {names['mn']} link set lan0 up",
                     f"-n {passenger} address add {PASSENGER}/64 dev eth0 nodad",
                     f"-n {passenger} link set lo up", f"-n {passenger} link set eth0 up",
                     f"-n {passenger} -6 route add default via {ROUTER}"):
            run("ip", *line.split())
        lab.inside("mn", "sysctl", "-q", "-w", "net.ipv6.conf.all.forwarding=1")
        for mag in ("mag1", "mag2"):
            eventually(lambda: delegated(lab, mag) == [DELEGATED], what=f"the delegated prefix at {mag}")  # pylint: disable=cell-var-from-loop
        client.start()
        yield client
    finally:
        client.end()
        run("ip", "netns", "delete", passenger, check=False)
        names.pop("passenger")


def sent(lab, mag):
    return lab.ask(mag, "show", "statistics")["messages"].get("dhcp6_sent", 0)


def test_the_prefix_comes_by_dhcp_and_passengers_are_reached(lab, train):
    assert f"BOUND6  {DELEGATED}" in train.said(), train.said()
    for node, address in (("passenger", lab.address("cn")), ("cn", PASSENGER)):
        answers = ping(lab, node, address)
        assert " 0% packet loss" in answers, answers


def test_a_passengers_connection_stays_when_its_flow_moves(lab, train, stream):
    video = stream(VIDEO_PORT, node="passenger")
    for mag, member in (("mag2", "if2"), ("mag1", "if1")):
        lab.ask("lma", "flow", "move", "video", "--to", mag)
        eventually(lambda: member_of(lab, VIDEO_PORT)[0] == member, what=f"the uplink on {member}")  # pylint: disable=cell-var-from-loop
        video.run_for(1)
    video.assert_lossless()
    assert "EXPIRE6" not in train.said()


def test_every_gateway_renews_it(lab, train, stream):
    """By the link that is left: the server is the same."""
    gone, left = ("mag1", "mag2") if sent(lab, "mag1") else ("mag2", "mag1")
    tcp = stream(VIDEO_PORT + 1000, node="passenger", tcp=True)
    before, renewals = sent(lab, left), train.said().count("RENEW6")
    lab.link(f"{gone}-mn", "down")
    try:
        eventually(lambda: train.said().count("RENEW6") > renewals, 60, f"a renewal: {train.said()}")
        assert sent(lab, left) > before
        tcp.run_for(1)
    finally:
        lab.link(f"{gone}-mn", "up")
    eventually(lambda: delegated(lab, gone) == [DELEGATED], 30, f"the delegated prefix at {gone}")
    tcp.run_for(1)
    tcp.assert_lossless()
    assert "REBIND6" not in train.said() and "EXPIRE6" not in train.said(), train.said()


def test_what_is_given_back_is_had_again(lab, train):
    train.release()
    eventually(lambda: {tuple(delegated(lab, mag)) for mag in ("mag1", "mag2")} == {(), (DELEGATED,)}, what="the end at one gateway")
    train.start()
    for mag in ("mag1", "mag2"):
        eventually(lambda: delegated(lab, mag) == [DELEGATED], what=f"the delegated prefix at {mag}")  # pylint: disable=cell-var-from-loop
    answers = ping(lab, "passenger", lab.address("cn"))
    assert " 0% packet loss" in answers, answers


def link_local(lab):
    shown = json.loads(lab.inside("mn", "ip", "-j", "-6", "address", "show", "dev", "vif0", "scope", "link").stdout)
    return [a["local"] for link in shown for a in link.get("addr_info", []) if a]


def test_the_link_local_address_that_the_client_needs_stays(lab, train, revived):
    """Also when the node's daemon starts anew."""
    before = link_local(lab)
    assert len(before) == 1 and before[0].startswith("fe80:"), before
    revived.kill(lab, "mn")
    revived.start(lab, "mn")
    assert link_local(lab) == before, train.said()


PLAIN = ('technology = "802.11"\n', 'technology = "802.11"\ndelegated_prefixes = true\n'), ('dhcp_lease_time = "1min"\n', 'lifetime = "40s"\n')


def delegating(text):
    """The files of a plain host's domain, of whose network the anchor knows."""
    if text.startswith("[lma]"):
        return text.replace(f'id = "{MN}"\n', f'id = "{MN}"\ndelegated_prefixes = ["{DELEGATED}"]\n')
    for old, new in PLAIN:
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.fixture(name="domain")
def domain_of_a_plain_host(tmp_path):
    made = Ipv4Domain(f"fm{os.getpid()}p", tmp_path, edited=delegating)
    try:
        made.up()
        yield made
    finally:
        made.down()


def test_a_router_that_knows_nothing_of_mobility_renews_it_where_it_roams_to(domain, tmp_path):
    """Whose frames have no checksum yet where they never leave this machine."""
    script = tmp_path / "script"
    script.write_text('#!/bin/sh\necho "$reason $old_ip6_prefix $new_ip6_prefix"\n')
    script.chmod(0o755)
    domain.wait_for("mag1")
    with open(tmp_path / "client", "w", encoding="utf-8") as log:
        domain.spawn("host", "dhclient", "-6", "-P", "-d", "-pf", tmp_path / "pid", "-lf", tmp_path / "leases", "-sf", script, "eth0", stdout=log, stderr=log)
    said = (tmp_path / "client").read_text
    eventually(lambda: f"BOUND6  {DELEGATED}" in said(), 40, "the prefix")
    domain.roam(2)
    eventually(lambda: f"RENEW6 {DELEGATED} {DELEGATED}" in said(), 60, "a renewal")
    assert domain.ask("mag2", "show statistics")["messages"]["dhcp6_sent"] and "REBIND6" not in said()
