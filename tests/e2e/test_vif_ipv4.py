# SPDX-License-Identifier: Apache-2.0
"""IPv4 of a mobile node with two links (RFC 5844): Debian's DHCP clients on its virtual interface, TCP, UDP and ARP by it, and what
becomes of them when flows move, members leave and links are lost."""
import json
import pathlib
import select
import subprocess
import sys

import pytest

from conftest import eventually
from ipv4_domain import CN, CN_ROUTER, HOME, HOME_ROUTER
from test_failure import daemons  # noqa: F401, pylint: disable=unused-import
from test_ipv4 import UDHCPC

HERE = pathlib.Path(__file__).resolve().parent
EXCHANGE = HERE / "ipv4_exchange.py"
LEASE_SECONDS = 60  # the shortest


@pytest.fixture(scope="module", name="dual")
def lab_with_ipv4(lab, revived):
    """Anchor and gateways give the node IPv4, too."""
    lab.inside("cn", "ip", "address", "add", f"{CN}/24", "dev", "core0")
    lab.inside("cn", "ip", "route", "add", "default", "via", CN_ROUTER)
    lab.inside("lma", "ip", "address", "add", f"{CN_ROUTER}/24", "dev", "core0")
    lab.edit("lma", "tunnel_mtu = 1460\n", f'tunnel_mtu = 1460\nipv4_pools = ["{HOME_ROUTER}/24"]\n', reload=False)
    for mag in ("mag1", "mag2"):
        lab.edit(mag, 'transport_interfaces = ["net0"]\n',
                 f'transport_interfaces = ["net0"]\nip_versions = "dual"\ndhcp_lease_time = "{LEASE_SECONDS}s"\n', reload=False)
    for node in ("lma", "mag1", "mag2"):
        revived.kill(lab, node)
        revived.start(lab, node)
    for mag in ("mag1", "mag2"):  # what they remember is without
        lab.link(f"{mag}-mn", "down")
        eventually(lambda: not lab.ask(mag, "show", "bindings")["bindings"], what=f"the end at {mag}")  # pylint: disable=cell-var-from-loop
        lab.link(f"{mag}-mn", "up")
        eventually(lambda: mag in with_ipv4(lab), what=f"IPv4 at {mag}")  # pylint: disable=cell-var-from-loop
    eventually(lambda: lab.bindings()["*"] == "mag2", what=f"the flow where it belongs: {lab.bindings()}")
    return lab


def with_ipv4(lab):
    """The gateways that have registered the node with it."""
    return {row["mag"] for row in lab.ask("lma", "show", "sessions")["sessions"] if row["ipv4_address"] == f"{HOME}/24" and row["state"] == "active"}


class Client:
    """A DHCP client on vif0 that stays there."""

    def __init__(self, lab, directory, *command):
        self.lab, self.file = lab, directory / "client.log"
        with open(self.file, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(["ip", "netns", "exec", lab.status["namespaces"]["mn"], *map(str, command), "vif0"],
                                            stdout=log, stderr=log)

    def said(self):
        return self.file.read_text(encoding="utf-8")

    def end(self):
        self.process.kill()
        self.process.wait()
        self.lab.inside("mn", "ip", "-4", "address", "flush", "dev", "vif0")
        self.lab.inside("mn", "ip", "-4", "neigh", "flush", "dev", "vif0")

    def configured(self):
        eventually(lambda: addresses(self.lab) and route(self.lab), 40, f"an address and a way out: {self.said()}")
        return self


def dhclient(lab, directory):
    return Client(lab, directory, "dhclient", "-4", "-d", "-pf", directory / "dhclient.pid", "-lf", directory / "dhclient.leases").configured()


def addresses(lab):
    shown = json.loads(lab.inside("mn", "ip", "-4", "-j", "address", "show", "dev", "vif0").stdout)
    return [f"{a['local']}/{a['prefixlen']}" for link in shown for a in link.get("addr_info", []) if a.get("local")]


def route(lab):
    return [row["gateway"] for row in json.loads(lab.inside("mn", "ip", "-4", "-j", "route", "show", "default", "dev", "vif0").stdout)]


def member(lab, name):
    return next((row for row in lab.ask("mn", "show", "links")["links"] if row["interface"] == name), {})


def by(lab, protocol, port):
    """The member that the node's flow with this port takes."""
    rows = [row for row in lab.ask("mn", "show", "flows")["flows"]
            if row["protocol"] == protocol and CN in (row["source"], row["destination"]) and port in (row["source_port"], row["destination_port"])]
    return min(rows, key=lambda row: row["idle_ms"])["member"] if rows else None


class Udp:
    """Numbered datagrams to the correspondent and back."""
    port = 6100

    def __init__(self, lab):
        Udp.port += 1
        self.lab, self.port = lab, Udp.port
        self.server = lab.spawn("cn", sys.executable, EXCHANGE, "serve", self.port)
        eventually(lambda: lab.inside("cn", "ss", "-Hlnu4", f"sport = :{self.port}").stdout, what="the server")
        self.client = lab.spawn("mn", sys.executable, EXCHANGE, "exchange", CN, self.port)
        self.goes_on()

    def goes_on(self):
        """More has come back than had when this was asked, in the second report from now on."""
        counts = [self.report() for _ in range(3)]
        assert counts[2] > counts[0], counts

    def report(self):
        assert select.select([self.client.stdout], [], [], 60)[0], "no report any more"
        return json.loads(self.client.stdout.readline())

    def end(self):
        self.client.terminate()
        return json.loads(self.client.communicate(timeout=60)[0].splitlines()[-1])

    def kill(self):
        for process in (self.client, self.server):
            process.kill()
            process.communicate()


class Tcp:
    """The node sends numbers, at a pace that leaves room for others; the correspondent tells of each 1000 that came in order."""

    port = 7000

    def __init__(self, lab):
        Tcp.port += 1
        self.port = Tcp.port
        self.source = lab.spawn("mn", sys.executable, EXCHANGE, "source", HOME, self.port)
        eventually(lambda: lab.inside("mn", "ss", "-Hlnt4", f"sport = :{self.port}").stdout, what="the server")
        self.sink = lab.spawn("cn", sys.executable, EXCHANGE, "sink", HOME, self.port)
        self.goes_on()

    def goes_on(self):
        """What had been told before is read first."""
        while select.select([self.sink.stdout], [], [], 0)[0]:
            assert self.sink.stdout.readline(), self.sink.stderr.read()
        for _ in range(2):
            assert select.select([self.sink.stdout], [], [], 60)[0], "nothing arrives any more"
            assert self.sink.stdout.readline(), self.sink.stderr.read()

    def kill(self):
        for process in (self.sink, self.source):
            process.kill()
            process.communicate()


@pytest.fixture(name="host")
def node_with_address(dual, tmp_path):
    client = dhclient(dual, tmp_path)
    yield client
    client.end()


@pytest.fixture(name="traffic")
def exchanges(dual, host):  # pylint: disable=unused-argument
    started = [Udp(dual), Tcp(dual)]
    yield started
    for one in started:
        one.kill()


def move(lab, mag, interface, udp, tcp):
    lab.ask("lma", "flow", "move", "*", "--to", mag)
    for one, protocol in ((udp, "udp"), (tcp, "tcp")):
        eventually(lambda: by(lab, protocol, one.port) == interface, what=f"{protocol} on {interface}")  # pylint: disable=cell-var-from-loop


def test_dhclient_configures_the_virtual_interface(dual, host):
    assert addresses(dual) == [f"{HOME}/24"]
    assert route(dual) == [HOME_ROUTER]
    link = json.loads(dual.inside("mn", "ip", "-j", "link", "show", "vif0").stdout)
    assert link[0]["mtu"] == 1460, link
    assert f"from {HOME_ROUTER}" in host.said() and "DHCPNAK" not in host.said()
    assert with_ipv4(dual) == {"mag1", "mag2"}
    assert dual.inside("mn", "ip", "-6", "-o", "address", "show", "dev", "vif0", "scope", "global").stdout, "IPv6 as before"


def test_members_have_no_address_of_it(dual, host):  # pylint: disable=unused-argument
    shown = dual.inside("mn", "ip", "-4", "-o", "address", "show", "scope", "global").stdout.splitlines()
    assert [line.split()[1] for line in shown] == ["vif0"]


def test_it_is_reached_and_reaches_others_and_its_router(dual, host):  # pylint: disable=unused-argument
    for node, to in (("mn", CN), ("cn", HOME)):
        said = dual.inside(node, "ping", "-c", "5", "-i", "0.1", "-W", "5", to, check=False).stdout
        assert " 0% packet loss" in said, said
    (known,) = json.loads(dual.inside("mn", "ip", "-4", "-j", "neigh", "show", HOME_ROUTER, "dev", "vif0").stdout)
    assert known["lladdr"] == member(dual, "if2")["router_mac"], known


def test_udp_and_tcp_move_to_the_other_access_and_back_without_a_loss(dual, traffic):
    udp, tcp = traffic
    for mag, interface in (("mag1", "if1"), ("mag2", "if2"), ("mag1", "if1"), ("mag2", "if2")):
        move(dual, mag, interface, udp, tcp)
        udp.goes_on()
        tcp.goes_on()
    report = udp.end()
    assert report["sent"] > 100 and report["lost"] == report["duplicated"] == 0, report


def test_a_member_is_removed_and_added_without_a_loss(dual, traffic):
    udp, tcp = traffic
    move(dual, "mag1", "if1", udp, tcp)
    dual.ask("mn", "member", "remove", "if2", "--drain", "500ms")
    eventually(lambda: not member(dual, "if2"), what="the end of if2")
    udp.goes_on()
    tcp.goes_on()
    dual.ask("mn", "member", "add", "if2", "--technology", "802.11", "--take-over")
    eventually(lambda: member(dual, "if2").get("up"), what="if2 again")
    move(dual, "mag2", "if2", udp, tcp)
    udp.goes_on()
    tcp.goes_on()
    report = udp.end()
    assert report["lost"] == report["duplicated"] == 0, report


def test_the_lease_is_renewed_when_the_access_where_it_was_got_is_gone(dual, host, traffic):
    udp, tcp = traffic
    move(dual, "mag2", "if2", udp, tcp)
    answered = dual.ask("mag1", "show", "statistics")["messages"].get("dhcp_sent", 0)
    dual.link("mag2-mn", "down")
    try:
        eventually(lambda: by(dual, "udp", udp.port) == "if1", what="another link")
        before = host.said().count("DHCPACK")
        eventually(lambda: host.said().count("DHCPACK") > before, seconds=LEASE_SECONDS, what=f"a renewal: {host.said()}")
        assert dual.ask("mag1", "show", "statistics")["messages"]["dhcp_sent"] > answered
        udp.goes_on()
        tcp.goes_on()
    finally:
        dual.link("mag2-mn", "up")
    assert addresses(dual) == [f"{HOME}/24"] and "DHCPNAK" not in host.said()
    eventually(lambda: member(dual, "if2").get("up"), what="the link again")
    eventually(lambda: "mag2" in with_ipv4(dual), what="its session again")
    move(dual, "mag2", "if2", udp, tcp)
    udp.goes_on()
    tcp.goes_on()


@pytest.fixture(name="meeting")
def links_that_meet(dual):
    """What the node broadcasts by ARP on if1's link is heard on if2's, too."""
    names = dual.status["namespaces"]
    dual.inside("mag1", "ip", "link", "add", "meet0", "type", "veth", "peer", "name", "meet0", "netns", names["mag2"])
    for mag, (ear, mouth) in (("mag1", ("acc0", "meet0")), ("mag2", ("meet0", "acc0"))):
        dual.inside(mag, "ip", "link", "set", "meet0", "up")
        dual.inside(mag, "tc", "qdisc", "add", "dev", ear, "clsact", check=False)
        dual.inside(mag, "tc", "filter", "add", "dev", ear, "ingress", "prio", "1", "protocol", "arp", "u32", "match", "u32", "0", "0",
                    "action", "mirred", "egress", "mirror", "dev", mouth, "continue")
    for mag in ("mag1", "mag2"):  # until the kernel has seen the carrier nothing leaves
        eventually(lambda: '"operstate":"UP"' in dual.inside(mag, "ip", "-j", "link", "show", "dev", "meet0").stdout)  # pylint: disable=cell-var-from-loop
    yield dual
    dual.inside("mag1", "tc", "filter", "delete", "dev", "acc0", "ingress", "prio", "1")
    dual.inside("mag1", "ip", "link", "delete", "meet0")


def test_probes_and_announcements_heard_by_a_sibling_are_no_conflict(meeting, tmp_path):
    """udhcpc asks whether somebody has the address before it takes it (RFC 2131 section 4.4.1), and declines it if so."""
    lab = meeting
    script = tmp_path / "script"
    script.write_text(UDHCPC)
    script.chmod(0o755)
    lab.ask("lma", "flow", "move", "*", "--to", "mag1")
    lab.ask("mn", "member", "prefer", "if1")
    eventually(lambda: member(lab, "if1").get("default"), what="questions go by if1, whose link if2's hears")
    before = lab.drops("mn").get("own-frame", 0)
    client = Client(lab, tmp_path, "udhcpc", "-f", "-n", "-a", "-s", script, "-i").configured()
    try:
        assert addresses(lab) == [f"{HOME}/24"] and "declin" not in client.said().lower(), client.said()
        eventually(lambda: lab.drops("mn").get("own-frame", 0) > before, what="the probe at the other member")
        for sender in ("0.0.0.0", HOME):
            before = lab.drops("mn").get("own-frame", 0)
            lab.inside("mn", sys.executable, EXCHANGE, "arp", "vif0", sender, HOME)
            eventually(lambda: lab.drops("mn").get("own-frame", 0) > before, what="the question at the other member")  # pylint: disable=cell-var-from-loop
        said = lab.inside("mn", "ping", "-c", "3", "-i", "0.1", "-W", "5", CN, check=False).stdout
        assert " 0% packet loss" in said, said
    finally:
        client.end()
        lab.ask("mn", "member", "prefer", "if2")


def test_a_released_lease_ends_ipv4_alone(dual, host, tmp_path):
    dual.inside("mn", "ping", "-c", "1", "-W", "5", CN)  # it knows the router
    dual.inside("mn", "dhclient", "-4", "-r", "-pf", tmp_path / "dhclient.pid", "-lf", tmp_path / "dhclient.leases", "vif0")
    host.process.wait(30)
    eventually(lambda: with_ipv4(dual) != {"mag1", "mag2"}, what="the end of IPv4")
    said = dual.inside("mn", "ping", "-6", "-c", "3", "-i", "0.1", "-W", "5", dual.address("cn"), check=False).stdout
    assert " 0% packet loss" in said, said
