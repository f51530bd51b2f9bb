# SPDX-License-Identifier: Apache-2.0
"""One domain, three ways to bring packets through it: the same namespaces and links, only the middle differs."""
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = pathlib.Path(os.environ.get("BUILD", "build"))
os.environ.setdefault("ROWS_TOOL", str((ROOT / BUILD / "tests/rows-tool").resolve()))
sys.path.insert(0, str(ROOT / "tests/dataplane"))
from conftest import CN, LMA, MAGS, MEMBERS, MN, PREFIX, ROUTER_MAC, Domain  # noqa: E402

VIA_MAG1 = "fd00:1::2"
LMA_SEGMENT, MAG_SEGMENT = "2001:db8:f::6", "2001:db8:a::6"


class Plain(Domain):
    """Two routers and no tunnel: what is there to approach. The node's address is on its link."""

    def mobile_node(self):
        self.ip("mn", f"addr add {MN}/128 dev if1 nodad", f"neigh add fe80::1 lladdr {ROUTER_MAC} dev if1 nud permanent",
                "route add default via fe80::1 dev if1")

    def bind(self):
        pass

    def leave_room(self):
        """Both ends know what fits into a tunnel."""
        self.ip("cn", f"route add {MN} via 2001:db8:c::1 dev net0 mtu 1460")
        self.ip("mn", f"route add {CN} via fe80::1 dev if1 mtu 1460")


class KernelTunnel(Plain):
    """SRv6 with a single segment, reduced: on the wire it is plain IPv6-in-IPv6, the same 40 octets (RFC 8986)."""

    def bind(self):
        for node, interfaces in (("lma", ("core0", "acc1", "acc2")), ("mag1", ("net0", "acc0"))):
            names = ("all", "default", *interfaces)
            self.inside(node, "sysctl", "-qw", *(f"net.ipv6.conf.{name}.seg6_enabled=1" for name in names))
        self.ip("lma", f"route add {MAG_SEGMENT} via {VIA_MAG1}",
                f"route replace {PREFIX} encap seg6 mode encap.red segs {MAG_SEGMENT} dev acc1",
                f"route add {LMA_SEGMENT} encap seg6local action End.DT6 table main dev acc1")
        self.ip("mag1", f"route add {MAG_SEGMENT} encap seg6local action End.DT6 table main dev acc0",
                f"route add {CN} encap seg6 mode encap.red segs {LMA_SEGMENT} dev net0")
        self.leave_room()


def bind_anchor(domain):
    """One mobile node, a rule that names its flow, and another flow for all else."""
    mag = MAGS["mag1"]
    domain.lma = domain.open_lma()
    domain.lma(f"tunnel {LMA} {mag}", f"session 1 1 {LMA} {mag} 1460 {PREFIX}", "flow 1 1 1", "flow 2 1 1", f"node 1 {PREFIX} 1 2 17 5004 5005")


class Anchor(Plain):
    """The LMA's part alone."""

    def bind(self):
        bind_anchor(self)


class Gateway(Plain):
    """The MAG's."""

    def bind(self):
        self.bind_gateway("mag1")


class Gateways(Plain):
    """Both, and a mobile node that knows of nothing: what stands beside KernelTunnel."""

    def bind(self):
        bind_anchor(self)
        self.bind_gateway("mag1")
        self.leave_room()


class Flowmob(Domain):
    """The whole of it: classification by flow, tunnel, delivery by link-layer address, and the virtual interface."""

    def bind(self):
        bind_anchor(self)
        self.bind_gateway("mag1")
        self.mn = self.open("mn", "vif0", "if1,if2")
        for number, (member, mac) in enumerate(MEMBERS.values()):
            self.mn(f"member {number} {member} {mac} up")
        self.mn("default 0")


KINDS = {"plain": Plain, "srv6": KernelTunnel, "flowmob": Flowmob}
