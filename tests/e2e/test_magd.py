# SPDX-License-Identifier: Apache-2.0
"""flowmob-magd and its interfaces: they go away, come back bare, and its file is changed under it. There is no anchor.

    node1 -- acc1 MAG core0 -- (nobody)
    node2 -- acc2
"""
import json
import os
import pathlib
import signal
import socket
import subprocess

import pytest

from conftest import BIN, eventually, run

ROUTER_MAC = "00:00:5e:00:52:13"  # RFC 6543
NODE_MAC = {"acc1": "02:00:00:00:01:01", "acc2": "02:00:00:00:01:02"}
INDEX = {"acc1": 71, "acc2": 72}


class Gateway:
    def __init__(self, name, directory):
        self.name, self.directory, self.process = name, directory, None
        self.bpf = pathlib.Path("/sys/fs/bpf") / name
        self.socket = directory / "mag.sock"
        self.config = directory / "mag.toml"
        self.config.write_text(self.file())

    def file(self, lma="2001:db8:1::1", fixed="true"):
        accesses = "".join(f'[[access]]\nname = "{name}"\ninterface = "{name}"\nattach_on = ["carrier"]\n'
                           f"fixed_link_layer_address = {fixed}\n\n" for name in NODE_MAC)
        nodes = "".join(f'[[mobile_node]]\nid = "{name}@example.com"\nlink_layer = ["{mac}"]\naccess = "{name}"\n\n'
                        for name, mac in NODE_MAC.items())
        return (f'[mag]\nname = "mag"\naddress = "2001:db8:a::1"\ntransport_interfaces = ["core0"]\n'
                f'control = "{self.socket}"\nbpf = "{self.bpf}"\nstate = "{self.directory / "mag.db"}"\n\n'
                f'[lma]\naddress = "{lma}"\nsecurity = "none"\n\n{accesses}{nodes}')

    def inside(self, *command, **kwargs):
        return run("nsenter", f"--net=/run/netns/{self.name}", *command, **kwargs)

    def ip(self, *lines):
        run("ip", "-batch", "-", "-netns", self.name, input="\n".join(lines) + "\n")

    def up(self):
        if " /sys/fs/bpf bpf " not in pathlib.Path("/proc/mounts").read_text():
            run("mount", "-t", "bpf", "bpf", "/sys/fs/bpf")
        run("ip", "netns", "add", self.name)
        self.inside("sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0")
        self.ip("link set lo up", "link add core0 type veth peer name far0", "link set core0 up", "link set far0 up",
                "addr add 2001:db8:a::1/64 dev core0 nodad")
        for access in NODE_MAC:
            self.wire(access)
        with open(self.directory / "mag.log", "a", encoding="utf-8") as log:
            self.process = subprocess.Popen([BIN / "flowmob-magd", "--config", self.config, "--netns", self.name],
                                            stdout=log, stderr=log)
        eventually(self.answers, what=f"the daemon: {self.log()}")

    def wire(self, access):
        """Always under the same index: only that it was away tells the new one from the old."""
        self.ip(f"link add {access} index {INDEX[access]} type veth peer name node-{access} address {NODE_MAC[access]}",
                f"link set {access} up", f"link set node-{access} up")

    def log(self):
        return (self.directory / "mag.log").read_text()

    def answers(self):
        assert self.process.poll() is None, self.log()
        try:
            return self.ask("status")
        except (OSError, ValueError):
            return None

    def ask(self, command, **arguments):
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(5)
            control.connect(str(self.socket))
            control.sendall(json.dumps({"command": command, "args": arguments}).encode() + b"\n")
            return json.loads(control.makefile().readline())

    def serves(self, access):
        """The interface has our program and our address, and its node is being registered."""
        shown = self.inside("tc", "filter", "show", "dev", access, "ingress", check=False).stdout
        return "mag_uplink" in shown and self.mac(access) == ROUTER_MAC and access in self.attached()

    def mac(self, access):
        return json.loads(self.inside("ip", "-j", "link", "show", access).stdout)[0]["address"]

    def attached(self):
        """A node whose link is gone deregisters for a second."""
        return [b["access"] for b in self.ask("show bindings")["result"]["bindings"] if b["state"] == "registering"]

    def down(self):
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        run("ip", "netns", "del", self.name, check=False)
        run("rm", "-rf", self.bpf)


@pytest.fixture(name="mag")
def running_gateway(tmp_path):
    gateway = Gateway(f"fm{os.getpid()}g", tmp_path)
    try:
        gateway.up()
        yield gateway
    finally:
        gateway.down()


def test_accesses_that_went_together_come_back_one_by_one(mag):
    for access in NODE_MAC:
        eventually(lambda a=access: mag.serves(a), what=mag.log)
    mag.ip("link del acc1", "link del acc2")
    eventually(lambda: not mag.attached(), what=mag.log)
    for access in NODE_MAC:
        mag.wire(access)
        eventually(lambda a=access: mag.serves(a), what=mag.log)


def test_a_transport_interface_that_comes_back_has_its_program(mag):
    mag.ip("link del acc2")  # one that is missing keeps no other from its programs
    index = json.loads(mag.inside("ip", "-j", "link", "show", "core0").stdout)[0]["ifindex"]
    mag.ip("link del core0", f"link add core0 index {index} type veth peer name far0", "link set core0 up", "link set far0 up")
    eventually(lambda: "mag_downlink" in mag.inside("tc", "filter", "show", "dev", "core0", "ingress").stdout, what=mag.log)


def test_a_refused_file_touches_no_interface(mag):
    mag.config.write_text(mag.file(lma="2001:db8:1::2", fixed="false"))
    answer = mag.ask("reload")
    assert not answer["ok"] and answer["error"]["code"] == "needs-restart", answer
    assert mag.mac("acc1") == ROUTER_MAC
    mag.config.write_text(mag.file())
    assert mag.ask("reload")["ok"]
