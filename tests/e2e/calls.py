# SPDX-License-Identifier: Apache-2.0
"""Calls by SIP (over TCP: this caller gives up a call whose ACK is lost) with sound (RTP), whose packets the callee sends back; what left and
what came is captured at both ends."""
import csv
import pathlib
import signal
import struct

from conftest import eventually, run
from programs import Program

SOUND = pathlib.Path("/usr/share/sip-tester/g711a.pcap")
PACKETS, INTERVAL_MS = 60, 30
SIP_PORT, RTP_PORT = 5060, 5062
IN, OUT = 0, 4  # struct sockaddr_ll's sll_pkttype


def records(file):
    """Of a capture: each packet's octets. One that is being written may end amid one."""
    data = file.read_bytes()
    at = 24
    while at + 16 <= len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        at += 16 + length
        if at <= len(data):
            yield data[at - length:at]


def shortened(sound, file):
    """Its first two seconds."""
    data, kept, at = sound.read_bytes(), 0, 24
    while kept < PACKETS:
        at += 16 + struct.unpack_from("<I", data, at + 8)[0]
        kept += 1
    file.write_bytes(data[:at])


class Capture:
    """Of RTP on every interface of a node."""

    def __init__(self, program, node):
        self.program, self.node, self.file = program, node, program.directory / f"{node}.pcap"
        self.process = program.spawn(node, "tcpdump", "--interface", "any", "--packet-buffered", "-w", self.file, f"udp and port {RTP_PORT}")
        eventually(lambda: "listening on" in program.said(f"{node}-tcpdump.err"), what="tcpdump")
        self.virtual = int(program.lab.inside(node, "cat", "/sys/class/net/vif0/ifindex", check=False).stdout or 0)

    def count(self, way):
        """LINUX_SLL2 has the interface at octet 4 and at octet 10 how the packet came by. What a member hands to the virtual interface is seen there
        once more; one that has left hands nothing."""
        heads = (struct.unpack_from("!4xI2xB", packet) for packet in records(self.file))
        return sum(kind == way and interface != self.virtual for interface, kind in heads)


class Call(Program):
    """Two at a time, of two seconds each, until the last has ended."""
    name, protocol, ports = "sipp", "udp", (RTP_PORT,)

    def scenario(self):
        shortened(SOUND, self.directory / "sound.pcap")
        text = run("sipp", "-sd", "uac_pcap", check=False).stdout
        call, rest = text.split('<pause milliseconds="8000"/>')
        hang_up = rest[rest.index("<!-- The 'crlf' option"):]
        assert "pcap/g711a.pcap" in call and "BYE" in hang_up
        call = call.replace("pcap/g711a.pcap", str(self.directory / "sound.pcap"))
        (self.directory / "call.xml").write_text(f'{call}<pause milliseconds="{PACKETS * INTERVAL_MS + 200}"/>{hang_up}', encoding="utf-8")

    def start(self):
        self.scenario()
        self.captures = {node: Capture(self, node) for node in ("mn", "cn")}
        ends = lambda address: ("-i", address, "-mi", address, "-mp", RTP_PORT, "-p", SIP_PORT, "-t", "t1", "-nostdin")
        self.spawn("cn", "sipp", "-sn", "uas", *ends(self.there), "-rtp_echo", cwd=self.directory)
        self.listening("t", SIP_PORT)
        self.client = self.spawn("mn", "sipp", "-sf", "call.xml", *ends(self.here), "-l", 2, "-r", 1, "-rp", 1000, "-trace_stat", "-stf", "calls.csv",
                                 "-fd", 1, f"[{self.there}]:{SIP_PORT}", cwd=self.directory)

    def packets(self):
        node, correspondent = self.captures["mn"], self.captures["cn"]
        return {"sent": node.count(OUT), "arrived": correspondent.count(IN), "echoed": correspondent.count(OUT), "back": node.count(IN)}

    def end(self):
        self.client.send_signal(signal.SIGUSR1)
        assert self.client.wait(60) == 0, self.everything_said()
        with open(self.directory / "calls.csv", encoding="ascii") as file:
            *_, last = csv.DictReader(file, delimiter=";")
        made, failed = int(last["SuccessfulCall(C)"]), int(last["FailedCall(C)"])
        assert made > 0 and failed == 0, self.everything_said()
        return {"calls": made, "failed": failed, **self.packets()}

    def assert_lossless(self):
        """The last may still be on their way."""
        counts = {}
        try:
            eventually(lambda: counts.update(self.packets()) or len(set(counts.values())) == 1)
        except AssertionError:
            raise AssertionError(f"packets of sound are missing: {counts}") from None
        assert counts["sent"] >= PACKETS
