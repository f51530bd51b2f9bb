# SPDX-License-Identifier: Apache-2.0
"""The virtual interface as a bridge, a bond or a team whose ports its members are. What this kernel does not make is tested on
Debian's stock one (`make test-vm`)."""
import json
import os
import signal
import subprocess
import time

import pytest

from conftest import PATIENCE, eventually, run
from test_members import refused as code_of_refusal
from test_mnd import CN, HERE, MEMBERS, ROUTER, ROUTER_MAC, Node

ADDRESS = "2001:db8:100::ff:fe00:101"
LINK_LOCAL = {"gw1": "fe80::ff:fe00:101", "gw2": "fe80::ff:fe00:102"}
# Frames of an experimental type, and one of another to end with.
PROBE = """
import socket, sys
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
link.bind((sys.argv[2], 3))  # all of them, before a bridge takes them
probe, end = bytes.fromhex("88b5"), bytes.fromhex("88b6")
if sys.argv[1] == "send":
    for kind in [probe] * int(sys.argv[3]) + [end]:
        link.send(bytes.fromhex("ffffffffffff" "020000000a0a") + kind + bytes(46))
else:
    print("listening", flush=True)
    kinds = []
    while end not in kinds:
        frame, sender = link.recvfrom(2000)
        if sender[2] != socket.PACKET_OUTGOING:
            kinds.append(frame[12:14])
    print(kinds.count(probe))
"""


def makes(kind):
    """Whether the kernel has such devices."""
    name = f"fm{os.getpid()}probe"
    run("ip", "netns", "add", name)
    try:
        return run("ip", "-netns", name, "link", "add", "probe", "type", kind, check=False).returncode == 0
    finally:
        run("ip", "netns", "del", name)


@pytest.fixture(name="backend", scope="module", params=["bond", "team", "bridge"])
def backend_of_this_kernel(request):
    if not makes(request.param):
        pytest.skip(f"this kernel makes no {request.param}: make test-vm does")
    return request.param


def only(*backends):
    return pytest.mark.parametrize("backend", backends, indirect=True, scope="module")


@pytest.fixture(name="bare")
def bare_node_of_a_backend(tmp_path, backend):
    node = Node(f"fm{os.getpid()}b", tmp_path)
    node.config.write_text(node.file(extra=f'backend = "{backend}"\n'))
    try:
        node.up()
        node.backend = backend
        yield node
    finally:
        node.down()


@pytest.fixture(name="node")
def attached_node(bare):
    bare.start()
    eventually(bare.attached, seconds=60, what=lambda: bare.log("mnd"))
    return bare


def link(node, name):
    return json.loads(node.inside("mn", "ip", "-j", "-d", "link", "show", "dev", name).stdout)[0]


def masters(node):
    return {name: link(node, name).get("master") for name, _, _ in MEMBERS.values()}


class Listener:
    """Hears probes at an interface until one of the other type comes."""

    def __init__(self, node, where, interface):
        self.process = subprocess.Popen(node.enter(where) + ["python3", "-c", PROBE, "listen", interface], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "listening\n"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def count(self):
        return int(self.process.communicate(timeout=60 * PATIENCE)[0])


def refused(node):
    """What it says when it does not start."""
    done = run(*node.program(), check=False)
    assert done.returncode == 1
    assert not node.socket.exists() and not node.bpf.exists()
    return done.stderr


def test_members_are_ports_with_addresses_of_their_own_links_only(node):
    shown = link(node, "vif0")
    assert shown["linkinfo"]["info_kind"] == node.backend
    assert masters(node) == {"if1": "vif0", "if2": "vif0"}
    assert {name: link(node, name)["address"] for name, _, _ in MEMBERS.values()} == {name: mac for name, mac, _ in MEMBERS.values()}
    assert node.global_addresses() == {"vif0": [ADDRESS]}
    assert node.ping() == 3
    # A bond's and a team's own MTU would be its ports', too.
    mtu = node.inside("mn", "sysctl", "-n", "net.ipv6.conf.vif0.mtu").stdout.strip()
    assert (mtu, link(node, "if1")["mtu"]) == ("1400", 1500)


def answered_by(node, gateway):
    """Who says to have the address of the gateway's port."""
    address = LINK_LOCAL[gateway]
    answered = node.ask("show statistics")["neighbor_answers"]

    def resolved():
        # What it knows from the member's own questions, in whatever state.
        node.inside(gateway, "ip", "neigh", "del", address, "dev", "acc0", check=False)
        node.inside(gateway, "ping", "-c1", "-W1", f"{address}%acc0", check=False)
        shown = json.loads(node.inside(gateway, "ip", "-j", "neigh", "show", address, "dev", "acc0").stdout)
        return [entry["lladdr"] for entry in shown if "lladdr" in entry and node.ask("show statistics")["neighbor_answers"] > answered]

    return eventually(resolved)


def test_their_link_local_addresses_are_answered_for(node):
    for gateway in LINK_LOCAL:
        assert answered_by(node, gateway) == [MEMBERS[gateway][1]]


def test_one_that_leaves_is_answered_for_until_it_has_left(node):
    """Its link has its packets still, and as a port it has no answers of the kernel's."""
    node.ask("member remove", interface="if1", drain="1h")
    assert masters(node)["if1"] == "vif0" and answered_by(node, "gw1") == [MEMBERS["gw1"][1]]


def test_gateways_are_asked_and_heard(node):
    """From addresses that the kernel does not have."""
    node.config.write_text(node.file(extra=f'backend = "{node.backend}"\nrouter_probe_interval = "100ms"\n'))
    node.ask("reload")
    asked = node.ask("show statistics")["router_probes"]["sent"]
    eventually(lambda: node.ask("show statistics")["router_probes"]["sent"] >= asked + 4)
    assert all(row["up"] for row in node.links().values())


def test_a_lost_carrier_moves_the_default_and_keeps_the_address(node):
    for gateway, left in (("gw1", "if2"), ("gw2", None)):
        node.ip(gateway, "link set acc0 down")
        eventually(lambda left=left: node.default() == [left] if left else not any(row["up"] for row in node.links().values()))
        assert node.global_addresses() == {"vif0": [ADDRESS]}
        assert node.ping() == (3 if left else 0)
    for gateway, (member, mac, _) in MEMBERS.items():
        node.ip(gateway, "link set acc0 up", f"neigh replace {ADDRESS} lladdr {mac} dev acc0 nud permanent",
                f"route replace {ADDRESS}/128 dev acc0")
        eventually(lambda member=member: node.links()[member]["router"] and node.links()[member]["up"], seconds=30)
    eventually(lambda: node.default() == ["if1"])
    assert node.ping() == 3


def test_killed_and_restarted_it_loses_no_packet(node):
    count = 300
    with subprocess.Popen(node.enter("mn") + ["ping", "-c", str(count), "-i", "0.02", "-W", "2", CN], stdout=subprocess.PIPE,
                          text=True) as pinging:
        node.end(signal.SIGKILL)
        node.start()
        eventually(node.attached)
        assert f"{count} received" in pinging.communicate(timeout=60)[0]
    assert node.global_addresses() == {"vif0": [ADDRESS]} and masters(node) == {"if1": "vif0", "if2": "vif0"}


def test_nothing_goes_from_one_member_to_the_other(node):
    with Listener(node, "mn", "if1") as own, Listener(node, "gw2", "acc0") as other:
        node.inside("gw1", "python3", "-c", PROBE, "send", "acc0", 5)
        assert own.count() == 5
        node.inside("mn", "python3", "-c", PROBE, "send", "if2", 0)
        assert other.count() == 0


def test_a_port_that_is_taken_out_is_taken_in_again(node):
    node.ip("mn", "link set if1 nomaster", "link set if1 up")
    eventually(lambda: masters(node)["if1"] == "vif0", what=lambda: node.log("mnd"))
    eventually(lambda: node.default() == ["if1"], seconds=30)
    assert node.ping() == 3


def test_one_that_is_removed_is_made_anew_with_its_ports(node):
    node.ip("mn", "link del vif0")
    eventually(lambda: node.global_addresses().get("vif0") == [ADDRESS], seconds=30, what=lambda: node.log("mnd"))
    eventually(lambda: masters(node) == {"if1": "vif0", "if2": "vif0"}, what=lambda: node.log("mnd"))
    eventually(lambda: node.ping() == 3)


def test_members_come_and_go(node):
    node.ask("member remove", interface="if1", drain="100ms")
    eventually(lambda: "if1" not in node.links())
    assert masters(node) == {"if1": None, "if2": "vif0"}
    eventually(lambda: "fe80" in node.inside("mn", "ip", "addr", "show", "dev", "if1").stdout, what="its own address again")
    assert link(node, "if1")["operstate"] == "UP" and node.ping() == 3
    node.ask("member add", interface="if1", prefer=True, take_over=True)
    eventually(lambda: node.default() == ["if1"], seconds=30)
    assert masters(node)["if1"] == "vif0" and node.ping() == 3


def test_a_restart_lets_go_of_ports_that_the_file_lacks(node):
    node.ip("mn", "link add if3 address 02:00:00:00:01:03 type veth peer name far3", "link set if3 up", "link set far3 up")
    node.ask("member add", interface="if3", take_over=True)
    eventually(lambda: link(node, "if3").get("master") == "vif0")
    node.end(signal.SIGKILL)
    node.start()
    eventually(node.attached)
    assert "if3" not in node.links() and link(node, "if3").get("master") is None
    assert link(node, "if3")["operstate"] == "UP" and masters(node) == {"if1": "vif0", "if2": "vif0"}


def test_queries_for_groups_are_answered_for_ports(node):
    """A switch that snoops would cut their solicited-node groups off else (RFC 3810 section 6.2)."""
    heard = node.inside("gw2", "python3", HERE / "gateway.py", "query", "acc0", f"router={ROUTER}", f"router_mac={ROUTER_MAC}",
                        "group=ff02::1:ff00:102", f"source={LINK_LOCAL['gw2']}").stdout
    assert heard.strip() == "reported"


def test_an_address_that_somebody_has_is_not_used(node):
    """The port's link-local one: another node of its link has it already."""
    node.ip("gw2", f"addr add {LINK_LOCAL['gw2']}/64 dev acc0 nodad")

    def answered():
        """The other node's kernel may see its carrier up to a second later, and until then its answers to probes go nowhere."""
        node.ip("mn", "link set if2 down")
        eventually(lambda: node.links()["if2"]["carrier"] is False)
        node.ip("mn", "link set if2 up")
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline and "member-address-conflict" not in node.log("mnd"):
            time.sleep(0.05)
        return "member-address-conflict" in node.log("mnd")

    eventually(answered, seconds=60, what=lambda: node.log("mnd"))
    eventually(lambda: node.links()["if2"]["router"] is not None and not node.links()["if2"]["router_silent"])
    assert node.ping() == 3


def test_a_link_without_addresses_is_no_port(node):
    node.ip("mn", "tuntap add wwan0 mode tun", "link set wwan0 up")
    assert code_of_refusal(node, "member add", interface="wwan0", take_over=True) == "cannot-be-port"
    assert link(node, "wwan0").get("master") is None and sorted(node.links()) == ["if1", "if2"]
    assert node.ping() == 3


@only("bridge")  # others take it
def test_what_comes_back_and_cannot_be_a_port_is_not_used_and_not_tried_for_ever(node):
    """A bridge takes no link that a macvlan has; and every try announces the link anew."""
    node.ip("gw1", "link del acc0")
    eventually(lambda: not node.links()["if1"]["carrier"])
    node.ip("mn", f"link add new1 address {MEMBERS['gw1'][1]} type veth peer name far1", "link set far1 up",
            "link add link new1 name mv1 type macvlan", "link set new1 name if1", "link set if1 up")
    eventually(lambda: "'if1' cannot be a port" in node.log("mnd"), what=lambda: node.log("mnd"))
    for address in ("02:00:00:00:01:11", "02:00:00:00:01:12", MEMBERS["gw1"][1]):
        node.ip("mn", "link set if1 down", f"link set if1 address {address}", "link set if1 up")
    eventually(lambda: link(node, "if1")["operstate"] == "UP")
    # What is told of the other member later was told of this one before.
    node.ip("gw2", "link set acc0 down")
    eventually(lambda: not node.links()["if2"]["carrier"])
    assert node.log("mnd").count("'if1' cannot be a port") == 1, node.log("mnd")
    assert link(node, "if1").get("master") is None
    assert not node.links()["if1"]["up"], "nothing goes by it"
    node.ip("mn", "link del mv1")
    node.ask("reload")
    node.ip("mn", "link set if1 down", "link set if1 up")
    eventually(lambda: masters(node)["if1"] == "vif0", what=lambda: node.log("mnd"))


@only("bridge")  # others set it down
def test_the_carrier_of_one_that_another_bridge_has_is_not_believed(node):
    """No packet of the virtual interface's could come back by it."""
    node.ip("mn", "link add br9 type bridge", "link set if1 master br9")
    eventually(lambda: node.default() == ["if2"], what=lambda: node.log("mnd"))
    assert not node.links()["if1"]["up"] and link(node, "if1")["operstate"] == "UP"
    assert masters(node) == {"if1": "br9", "if2": "vif0"} and node.ping() == 3
    node.ip("mn", "link set if1 nomaster")
    eventually(lambda: masters(node)["if1"] == "vif0", what=lambda: node.log("mnd"))
    eventually(lambda: node.default() == ["if1"], seconds=30, what=lambda: node.log("mnd"))
    assert node.ping() == 3


def test_teardown_gives_members_back(node):
    node.end()
    run(*node.program("--teardown"))
    assert "vif0" not in node.inside("mn", "ip", "link").stdout and not node.bpf.exists()
    assert masters(node) == {"if1": None, "if2": None}
    for name in ("if1", "if2"):
        # A bond lets go of a link by closing it: the kernel tells of what is open again a little later.
        eventually(lambda name=name: link(node, name)["operstate"] == "UP", what=f"{name} up again")
        eventually(lambda name=name: "fe80" in node.inside("mn", "ip", "addr", "show", "dev", name).stdout, what="its own address")


def own_device(node, *ports):
    """One that was there before the daemon."""
    options = "mode active-backup miimon 100 fail_over_mac active" if node.backend == "bond" else ""
    node.ip("mn", f"link add vif0 type {node.backend} {options}")
    node.inside("mn", "sysctl", "-qw", "net.ipv6.conf.vif0.accept_ra=0", "net.ipv6.conf.default.accept_ra=0")
    node.ip("mn", "link set vif0 up",
            *(line for port in ports for line in (f"link set {port} down", f"link set {port} master vif0", f"link set {port} up")))


def test_one_that_exists_is_taken_over_and_stays(bare):
    own_device(bare, "if1")
    bare.start()
    eventually(bare.attached, seconds=60, what=lambda: bare.log("mnd"))
    assert masters(bare) == {"if1": "vif0", "if2": "vif0"} and bare.ping() == 3
    bare.end()
    run(*bare.program("--teardown"))
    assert link(bare, "vif0")["linkinfo"]["info_kind"] == bare.backend and masters(bare)["if1"] == "vif0"
    if bare.backend == "bridge":
        flags = link(bare, "if1")["linkinfo"]["info_slave_data"]
        assert flags["learning"] and not flags["isolated"], "as the kernel makes ports"
    assert masters(bare)["if2"] is None and link(bare, "if2")["operstate"] == "UP"
    assert "bpf" not in bare.inside("mn", "tc", "filter", "show", "dev", "vif0", "egress").stdout
    assert "vif0" not in bare.global_addresses() and "via" not in bare.inside("mn", "ip", "-6", "route", "show", "dev", "vif0").stdout
    assert "addrgenmode eui64" in bare.inside("mn", "ip", "-d", "link", "show", "vif0").stdout


SETTINGS = {"accept_ra": "0", "router_solicitations": "5", "accept_dad": "2", "dad_transmits": "3", "disable_ipv6": "0", "mtu": "1450"}


def settings_of(node):
    return {key: node.inside("mn", "sysctl", "-n", f"net.ipv6.conf.vif0.{key}").stdout.strip() for key in SETTINGS}


@pytest.mark.parametrize("ending", ["teardown", "failed start"])
def test_one_that_exists_has_its_settings_again(bare, ending):
    """Its own, which are not those of `default`; and a killed daemon has told nobody."""
    own_device(bare, "if1")
    bare.ip("mn", "link set vif0 mtu 1480", "link set vif0 addrgenmode random")
    bare.inside("mn", "sysctl", "-qw", "net.ipv6.conf.default.accept_ra=1",
                *(f"net.ipv6.conf.vif0.{key}={value}" for key, value in SETTINGS.items()))
    if ending == "teardown":
        bare.start()
        eventually(bare.attached, seconds=60, what=lambda: bare.log("mnd"))
        eventually(lambda: settings_of(bare)["mtu"] == "1400")
        bare.end(signal.SIGKILL)
        bare.start()
        eventually(bare.attached, seconds=60, what=lambda: bare.log("mnd"))
        bare.end()
        run(*bare.program("--teardown"))
    else:
        bare.config.write_text(bare.config.read_text().replace(str(bare.bpf), str(bare.directory)))
        assert run(*bare.program(), check=False).returncode == 1
    assert settings_of(bare) == SETTINGS and link(bare, "vif0")["mtu"] == 1480
    assert "addrgenmode random" in bare.inside("mn", "ip", "-d", "link", "show", "vif0").stdout
    assert not list(bare.directory.glob("*before*"))


OWN_MTUS = {"if1": 1480, "if2": 1350}  # of a link; the smaller one is less than routers say


def with_mtus_of_their_own(node):
    node.ip("mn", *(f"link set {name} mtu {mtu}" for name, mtu in OWN_MTUS.items()))


def mtus(node):
    """Of members, and of the virtual interface where there is one: for IPv6, and its own."""
    shown = json.loads(node.inside("mn", "ip", "-j", "link").stdout)
    found = {row["ifname"]: row["mtu"] for row in shown if row["ifname"] in ("vif0", *OWN_MTUS)}
    if "vif0" in found:
        found["ipv6"] = int(node.inside("mn", "sysctl", "-n", "net.ipv6.conf.vif0.mtu").stdout)
    return found


def fits(node, octets):
    """Whether a packet as long as that goes and comes; longer ones the kernel does not let go."""
    text = node.inside("mn", "ping", "-c3", "-i0.05", "-W2", "-Mdo", f"-s{octets - 48}", CN, check=False).stdout
    return " 0% packet loss" in text


def test_the_mtu_is_that_of_the_smallest_link_and_members_have_theirs_again(bare):
    """A bond and a team give theirs to all ports; a bridge leaves ports theirs."""
    with_mtus_of_their_own(bare)
    bare.start()
    eventually(bare.attached, seconds=60, what=lambda: bare.log("mnd"))
    ports = OWN_MTUS if bare.backend == "bridge" else dict.fromkeys(OWN_MTUS, 1350)
    eventually(lambda: mtus(bare) == {**ports, "vif0": 1350, "ipv6": 1350}, what=lambda: mtus(bare))
    eventually(lambda: fits(bare, 1350), what="a packet of that length, there and back")
    assert not fits(bare, 1351)
    bare.end(signal.SIGKILL)
    bare.start()
    eventually(bare.attached, seconds=60, what=lambda: bare.log("mnd"))
    assert mtus(bare) == {**ports, "vif0": 1350, "ipv6": 1350}
    eventually(lambda: fits(bare, 1350), what="as before")
    bare.end()
    run(*bare.program("--teardown"))
    assert mtus(bare) == OWN_MTUS


def test_one_with_a_smaller_mtu_that_comes_and_goes_has_its_own_again(bare):
    with_mtus_of_their_own(bare)
    bare.config.write_text(bare.file(order=("if1",), extra=f'backend = "{bare.backend}"\n'))
    bare.start()
    eventually(bare.attached, seconds=60, what=lambda: bare.log("mnd"))
    eventually(lambda: mtus(bare)["ipv6"] == 1460, what="what the router says")
    bare.ask("member add", interface="if2", take_over=True)
    eventually(lambda: mtus(bare)["ipv6"] == 1350, what=lambda: mtus(bare))
    eventually(bare.attached, seconds=60, what=lambda: bare.log("mnd"))
    eventually(lambda: fits(bare, 1350), what="a packet of that length, there and back")
    assert not fits(bare, 1351)
    bare.ask("member remove", interface="if2", drain="0s")
    eventually(lambda: "if2" not in bare.links() and mtus(bare)["if2"] == OWN_MTUS["if2"], what=lambda: mtus(bare))
    assert mtus(bare)["ipv6"] == (1460 if bare.backend == "bridge" else 1350), "ports keep what they were given"
    eventually(lambda: fits(bare, mtus(bare)["ipv6"]), what="a packet of that length")
    bare.end()
    run(*bare.program("--teardown"))
    assert mtus(bare) == OWN_MTUS


def test_one_that_exists_has_its_mtu_again_and_so_have_its_ports(bare):
    """if1 was its port before, with the MTU that a bond or a team gave it."""
    with_mtus_of_their_own(bare)
    own_device(bare, "if1")
    bare.ip("mn", "link set vif0 mtu 1470")
    before = mtus(bare)
    assert before["vif0"] == before["ipv6"] == 1470
    bare.start()
    eventually(bare.attached, seconds=60, what=lambda: bare.log("mnd"))
    eventually(lambda: mtus(bare)["ipv6"] == 1350, what=lambda: mtus(bare))
    eventually(lambda: fits(bare, 1350), what="a packet of that length, there and back")
    assert not fits(bare, 1351)
    bare.end()
    run(*bare.program("--teardown"))
    assert mtus(bare) == before
    bare.ip("mn", "link del vif0")
    assert mtus(bare) == OWN_MTUS


def test_one_with_other_ports_or_addresses_is_not_taken_over(bare):
    own_device(bare, "if1")
    bare.ip("mn", "link add other type veth peer name far", "link set other master vif0")
    assert "'other' is a port of 'vif0' and no member" in refused(bare)
    bare.ip("mn", "link set other nomaster", "addr add 2001:db8:bad::2/64 dev vif0 nodad")
    assert "2001:db8:bad::2/64" in refused(bare)
    run(*bare.program("--teardown"))
    assert "2001:db8:bad::2/64" in bare.inside("mn", "ip", "addr", "show", "dev", "vif0").stdout, "it was never ours"
    bare.ip("mn", "link del vif0", "link add vif0 type veth peer name far0")
    assert f"no virtual interface of a mobile node that is a {bare.backend}" in refused(bare)


def test_a_first_start_that_fails_leaves_one_that_exists_as_it_was(bare):
    own_device(bare, "if1")
    bare.config.write_text(bare.config.read_text().replace(str(bare.bpf), str(bare.directory)))
    assert run(*bare.program(), check=False).returncode == 1
    assert masters(bare) == {"if1": "vif0", "if2": None}
    assert "bpf" not in bare.inside("mn", "tc", "filter", "show", "dev", "vif0", "egress").stdout
    assert "addrgenmode eui64" in bare.inside("mn", "ip", "-d", "link", "show", "vif0").stdout


def test_a_port_that_somebody_adds_is_told(node):
    with node.events() as told:
        node.ip("mn", "link add stray0 type veth peer name stray1", "link set stray0 master vif0")
        event = next(event for event in told if event["event"] == "foreign-port")
    assert event["interface"] == "stray0"
    assert node.log("mnd").count("stray0 is a port of vif0 now") == 1
    node.ip("mn", "link set stray0 nomaster")
    assert node.ping() == 3


def test_a_member_of_another_master_is_refused(bare):
    bare.ip("mn", "link add br9 type bridge", "link set if2 master br9")
    assert "'if2' belongs to the bridge 'br9'" in refused(bare)
    assert masters(bare) == {"if1": None, "if2": "br9"}


def test_members_with_one_link_layer_address_are_refused(bare):
    """As in a bond that gives its ports its own."""
    bare.ip("mn", f"link set if2 address {MEMBERS['gw1'][1]}")
    assert "'if2' has the link-layer address of 'if1'" in refused(bare)


@only("bond")
def test_a_bond_that_would_change_members_is_refused(bare):
    bare.ip("mn", "link add vif0 type bond mode active-backup miimon 100", "link set vif0 up")
    said = refused(bare)
    assert "would lose its link-layer address" in said
    assert masters(bare) == {"if1": None, "if2": None} and link(bare, "if2")["address"] == MEMBERS["gw2"][1]
