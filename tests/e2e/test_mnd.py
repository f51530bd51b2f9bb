# SPDX-License-Identifier: Apache-2.0
"""flowmob-mnd between two gateways that know nothing of flowmob: gateway.py advertises, the kernel forwards.

    gw1 acc0 -- if1
                    vif0 MN
    gw2 acc0 -- if2
"""
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess

import pytest

from conftest import BIN, eventually, run

HERE = pathlib.Path(__file__).resolve().parent
ROUTER, ROUTER_MAC = "fe80::200:5eff:fe00:5213", "00:00:5e:00:52:13"  # RFC 6543
ADDRESS, CN = "2001:db8:100:0:0:ff:fe00:101", "2001:db8:c::10"
MEMBERS = {"gw1": ("if1", "02:00:00:00:01:01", 1460), "gw2": ("if2", "02:00:00:00:01:02", 1400)}


class Node:
    """The mobile node's namespace, its daemon and its gateways."""

    def __init__(self, name, directory):
        self.name, self.directory = name, directory
        self.bpf = pathlib.Path("/sys/fs/bpf") / name
        self.socket = directory / "mn.sock"
        self.config = directory / "mn.toml"
        self.config.write_text(self.file())
        self.processes = {}

    def file(self, order=("if1", "if2"), extra=""):
        members = "".join(f'[[member]]\ninterface = "{name}"\n\n' for name in order)
        return (f'[mn]\nname = "mn"\ninterface = "vif0"\nmac = "02:00:00:00:01:01"\ncontrol = "{self.socket}"\n'
                f'bpf = "{self.bpf}"\nsolicitation_interval = "500ms"\n{extra}\n{members}')

    def enter(self, node):
        return ["nsenter", f"--net=/run/netns/{self.name}-{node}"]

    def stop(self, key):
        process = self.processes.pop(key)
        process.kill()
        process.wait()

    def inside(self, node, *command, **kwargs):
        return run(*self.enter(node), *command, **kwargs)

    def ip(self, node, *lines):
        run("ip", "-batch", "-", "-netns", f"{self.name}-{node}", input="\n".join(lines) + "\n")

    def spawn(self, key, command):
        log = open(self.directory / f"{key}.log", "a", encoding="utf-8")
        self.processes[key] = subprocess.Popen(command, stdout=log, stderr=log)
        log.close()

    def log(self, key):
        return (self.directory / f"{key}.log").read_text()

    def up(self):
        for node in ("mn", *MEMBERS):
            run("ip", "netns", "add", f"{self.name}-{node}")
            self.inside(node, "sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0")
            self.ip(node, "link set lo up")
        for gateway in MEMBERS:
            # So its kernel says that it is a router when it is asked (RFC 4861 section 7.2.4).
            self.inside(gateway, "sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
            self.ip(gateway, f"addr add {CN}/128 dev lo nodad")
            self.wire(gateway)
            self.gateway(gateway)
        self.ip("mn", "addr add 2001:db8:bad::1/64 dev if2 nodad")

    def wire(self, gateway, index=""):
        """`index` of the member: one that comes back may have the one it had."""
        member, mac, _ = MEMBERS[gateway]
        self.ip(gateway, f"link add acc0 address {ROUTER_MAC} type veth peer name {member} address {mac} {index} "
                         f"netns {self.name}-mn", "link set acc0 up",
                f"neigh add {ADDRESS} lladdr {mac} dev acc0 nud permanent", f"route add {ADDRESS}/128 dev acc0")
        self.ip("mn", f"link set {member} up")

    def gateway(self, name):
        self.spawn(name, self.enter(name) + ["python3", str(HERE / "gateway.py"), "serve", "acc0", f"router={ROUTER}",
                                             f"router_mac={ROUTER_MAC}", f"mtu={MEMBERS[name][2]}"])
        eventually(lambda: "listening" in self.log(name), what="the gateway")

    def advertise(self, gateway, **facts):
        facts = {"router": ROUTER, "router_mac": ROUTER_MAC, **facts}
        self.inside(gateway, "python3", HERE / "gateway.py", "send", "acc0", *(f"{k}={v}" for k, v in facts.items()))

    def program(self, *arguments):
        return [str(BIN / "flowmob-mnd"), "--config", str(self.config), "--netns", f"{self.name}-mn", *arguments]

    def start(self):
        self.spawn("mnd", self.program())
        eventually(self.answers, what=f"the daemon: {self.log('mnd')}")

    def answers(self):
        assert self.processes["mnd"].poll() is None, self.log("mnd")
        try:
            return self.ask("status")
        except (OSError, ValueError):
            return None

    def end(self, how=signal.SIGTERM):
        self.processes["mnd"].send_signal(how)
        return self.processes.pop("mnd").wait(timeout=10)

    def ask(self, command, **arguments):
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(5)
            control.connect(str(self.socket))
            control.sendall(json.dumps({"command": command, "args": arguments}).encode() + b"\n")
            answer = json.loads(control.makefile().readline())
        assert answer["ok"], answer
        return answer["result"]

    @contextlib.contextmanager
    def events(self):
        """From now on, as they come."""
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(10)
            control.connect(str(self.socket))
            control.sendall(b'{"command":"monitor"}\n')
            lines = map(json.loads, control.makefile())
            assert next(lines)["ok"]
            yield lines

    def links(self):
        return {link["interface"]: link for link in self.ask("show links")["links"]}

    def default(self):
        return [name for name, link in self.links().items() if link["default"]]

    def attached(self):
        return all(link["up"] and link["router"] for link in self.links().values())

    def global_addresses(self):
        shown = json.loads(self.inside("mn", "ip", "-j", "-6", "addr", "show", "scope", "global").stdout)
        return {entry["ifname"]: [a["local"] for a in entry["addr_info"] if a] for entry in shown if any(entry.get("addr_info", []))}

    def ping(self, count=3):
        """Packets that came back."""
        text = self.inside("mn", "ping", "-c", count, "-i", "0.01", "-W", "1", CN, check=False).stdout
        return int(text.split(" received")[0].split()[-1])

    def down(self):
        for process in self.processes.values():
            process.kill()
            process.wait()
        for node in ("mn", *MEMBERS):
            run("ip", "netns", "del", f"{self.name}-{node}", check=False)
        run("rm", "-rf", self.bpf)


@pytest.fixture(name="bare")
def bare_node(tmp_path):
    node = Node(f"fm{os.getpid()}m", tmp_path)
    try:
        node.up()
        yield node
    finally:
        node.down()


@pytest.fixture(name="node")
def attached_node(bare):
    bare.start()
    eventually(bare.attached, what=lambda: bare.log("mnd"))
    return bare


def test_the_address_stands_on_the_virtual_interface_only(node):
    assert list(node.global_addresses()) == ["vif0"]
    assert node.global_addresses()["vif0"] == ["2001:db8:100::ff:fe00:101"]
    assert "removing 2001:db8:bad::1/64" in node.log("mnd")
    route = json.loads(node.inside("mn", "ip", "-j", "-6", "route", "get", CN).stdout)[0]
    assert (route["dev"], route["gateway"]) == ("vif0", ROUTER)
    assert json.loads(node.inside("mn", "ip", "-j", "link", "show", "vif0").stdout)[0]["mtu"] == 1400
    first = node.links()["if1"]
    assert first["router_mac"] == ROUTER_MAC and first["prefixes"] == ["2001:db8:100::/64"]
    assert first["advertised_mtu"] == 1460 and first["mtu"] == 1500 and first["tx_packets"] > 0


def test_solicitations_come_from_the_member_itself(node):
    for gateway, (_, mac, _) in MEMBERS.items():
        # The kernel's own, from its link-local address, end where the daemon starts.
        assert f"solicited {mac} {'0' * 32} 255 8" in node.log(gateway).splitlines()


def test_queries_for_groups_are_answered_for_the_virtual_interface(node):
    """RFC 3810 section 6.2: a switch that snoops would cut its solicited-node groups off else. From its link-local address (section 5.2.13)."""
    shown = json.loads(node.inside("mn", "ip", "-j", "-6", "address", "show", "dev", "vif0", "scope", "link").stdout)
    own = [a["local"] for link in shown for a in link.get("addr_info", []) if a]
    assert len(own) == 1, shown
    heard = node.inside("gw2", "python3", HERE / "gateway.py", "query", "acc0", f"router={ROUTER}", f"router_mac={ROUTER_MAC}",
                        "group=ff02::1:ff00:101", f"source={own[0]}").stdout
    assert heard.strip() == "reported"


def test_packets_leave_by_the_preferred_member(node):
    assert node.ping() == 3
    (flow,) = node.ask("show flows")["flows"]
    assert flow["source"] == CN
    assert (flow["member"], flow["protocol"]) == ("if1", "icmpv6")
    assert flow["traffic"]["up"]["packets"] == flow["traffic"]["down"]["packets"] == 3


def test_a_gateway_that_changes_its_link_layer_address_under_a_live_link_is_found_by_one_advertisement(bare):
    """The old address is asked, and nobody answers. What else would find it takes longer than this test waits: no solicitation is answered, and
    the router is hardly ever asked otherwise."""
    bare.config.write_text(bare.file(extra='router_probe_interval = "1h"\n'))
    bare.start()
    eventually(bare.attached, what=lambda: bare.log("mnd"))
    bare.stop("gw1")
    mac = "02:00:00:00:0a:01"
    bare.ip("gw1", f"link set acc0 address {mac}", f"neigh replace {ADDRESS} lladdr {MEMBERS['gw1'][1]} dev acc0 nud permanent",
            f"route replace {ADDRESS}/128 dev acc0")
    bare.advertise("gw1", router_mac=mac)
    eventually(lambda: bare.links()["if1"]["router_mac"] == mac, what="the new address")
    assert "router-changed" in bare.log("mnd")
    assert bare.default() == ["if1"] and bare.ping() == 3


def test_a_lost_carrier_moves_the_default_and_keeps_the_address(node):
    node.ip("gw1", "link set acc0 down")
    eventually(lambda: node.default() == ["if2"])
    assert node.links()["if1"]["up"] is False
    assert node.ping() == 3
    assert node.global_addresses()["vif0"] == ["2001:db8:100::ff:fe00:101"]
    node.ip("gw1", "link set acc0 up", f"neigh replace {ADDRESS} lladdr {MEMBERS['gw1'][1]} dev acc0 nud permanent",
            f"route replace {ADDRESS}/128 dev acc0")
    eventually(lambda: node.default() == ["if1"])
    assert node.ping() == 3


def test_killed_and_restarted_it_loses_no_packet(node):
    count = 300
    pinging = subprocess.Popen(node.enter("mn") + ["ping", "-c", str(count), "-i", "0.01", "-W", "2", CN],
                               stdout=subprocess.PIPE, text=True)
    node.end(signal.SIGKILL)
    node.start()
    eventually(node.attached)
    assert f"{count} received" in pinging.communicate(timeout=30)[0]
    assert node.global_addresses()["vif0"] == ["2001:db8:100::ff:fe00:101"]
    assert "vif0 keeps 2001:db8:100::ff:fe00:101" in node.log("mnd")


def test_it_ends_cleanly_and_the_data_plane_goes_on(node):
    assert node.end() == 0
    assert not node.socket.exists()
    assert node.ping() == 3


@pytest.mark.parametrize("same_index", [False, True])
def test_a_member_that_goes_and_comes_back_is_used_again(node, same_index):
    index = json.loads(node.inside("mn", "ip", "-j", "link", "show", "if1").stdout)[0]["ifindex"]
    node.ip("gw1", "link del acc0")
    eventually(lambda: not node.links()["if1"]["present"])
    assert node.ping() == 3
    node.processes.pop("gw1").kill()
    node.wire("gw1", f"index {index}" if same_index else "")
    node.gateway("gw1")
    eventually(lambda: node.default() == ["if1"], what=lambda: node.log("mnd"))
    assert node.ping() == 3
    assert node.links()["if1"]["rx_packets"] >= 3


def test_a_removed_virtual_interface_is_made_anew(node):
    node.ip("mn", "link del vif0")
    eventually(lambda: node.global_addresses().get("vif0") == ["2001:db8:100::ff:fe00:101"], what=lambda: node.log("mnd"))
    eventually(lambda: node.ping() == 3)


def test_set_down_and_up_by_hand_it_is_as_before(node):
    node.ip("mn", "link set vif0 down")
    node.ip("mn", "link set vif0 up")
    eventually(lambda: node.global_addresses().get("vif0") == ["2001:db8:100::ff:fe00:101"], what=lambda: node.log("mnd"))
    eventually(lambda: node.ping() == 3)


def test_bad_advertisements_change_nothing_and_are_counted(node):
    node.advertise("gw1", router="fe80::bad", prefix="2001:db8:bad::", hop_limit=64)
    node.advertise("gw1", router="2001:db8::bad", prefix="2001:db8:bad::")
    eventually(lambda: node.ask("show statistics")["drops"] == {"hop-limit": 1, "not-link-local": 1})
    assert node.global_addresses()["vif0"] == ["2001:db8:100::ff:fe00:101"]


def test_a_router_that_resigns_on_one_link_takes_no_route(node):
    node.advertise("gw1", lifetime=0)
    eventually(lambda: node.default() == ["if2"])
    assert node.ping() == 3


def test_routers_may_differ_and_there_is_one_default_route(node):
    def is_replaced():
        node.advertise("gw1", router="fe80::1")
        return node.links()["if1"]["router"] == "fe80::1"

    node.processes.pop("gw1").kill()  # a router that answers is not replaced
    eventually(is_replaced)
    routes = json.loads(node.inside("mn", "ip", "-j", "-6", "route", "show", "default", "dev", "vif0").stdout)
    assert [route["gateway"] for route in routes] == ["fe80::1"]
    assert node.ping() == 3
    node.ip("gw1", "link set acc0 down")
    eventually(lambda: node.default() == ["if2"])
    routes = json.loads(node.inside("mn", "ip", "-j", "-6", "route", "show", "default", "dev", "vif0").stdout)
    assert [route["gateway"] for route in routes] == [ROUTER]
    assert node.ping() == 3


def test_a_new_order_is_read_while_it_runs(node):
    node.config.write_text(node.file(order=("if2", "if1")))
    node.processes["mnd"].send_signal(signal.SIGHUP)
    eventually(lambda: node.default() == ["if2"])
    node.config.write_text(node.file(order=("if2", "if1")).replace("02:00:00:00:01:01", "02:00:00:00:01:09"))
    with pytest.raises(AssertionError, match="needs-restart"):
        node.ask("reload")
    assert node.ping() == 3


def test_events_are_for_whoever_monitors(node):
    with node.events() as told:
        node.ip("gw1", "link set acc0 down")
        events = [next(told) for _ in range(2)]
    assert [event["event"] for event in events] == ["member-down", "default-member"]
    assert events[0]["interface"] == "if1" and events[1]["interface"] == "if2"


def test_a_missing_member_is_an_error_with_its_place_and_nothing_is_started(bare):
    bare.config.write_text(bare.file(order=("if1", "if9")))
    done = run(*bare.program(), check=False)
    line = bare.config.read_text().splitlines().index('interface = "if9"') + 1
    assert done.returncode == 1
    assert f"{bare.config}:{line}:" in done.stderr and "if9" in done.stderr
    assert "vif0" not in bare.inside("mn", "ip", "link").stdout
    assert not bare.socket.exists() and not bare.bpf.exists()


def test_another_ones_interface_is_not_touched(bare):
    bare.ip("mn", "link add vif0 type bridge")
    done = run(*bare.program(), check=False)
    assert done.returncode == 1 and "no virtual interface" in done.stderr
    assert "bridge" in bare.inside("mn", "ip", "-d", "link", "show", "vif0").stdout
    assert not bare.bpf.exists()


def test_teardown_leaves_nothing_and_is_refused_while_it_runs(node):
    refused = run(*node.program("--teardown"), check=False)
    assert refused.returncode == 1 and "vif0" in node.inside("mn", "ip", "link").stdout
    node.end()
    run(*node.program("--teardown"))
    assert "vif0" not in node.inside("mn", "ip", "link").stdout
    assert not node.bpf.exists()
    assert "bpf" not in node.inside("mn", "tc", "filter", "show", "dev", "if1", "ingress").stdout
    run(*node.program("--teardown"))  # nothing is left: that is success
