# SPDX-License-Identifier: Apache-2.0
"""A mobile node whose only member is a PPP link, on this kernel: its router is found and asked, packets of both families go and come.
Behind a pseudo terminal we are the link's other end (RFC 1662) and the router. `python3 tests/vm/guest/ppp.py`, as root."""
import ctypes
import fcntl
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import threading
import time
import tty

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/e2e"))
from gateway import advertisement, checksum, packed  # noqa: E402, pylint: disable=wrong-import-position

CLONE_NEWNET, TIOCSETD, N_PPP = 0x40000000, 0x5423, 3
PPPIOCGCHAN, PPPIOCATTCHAN, PPPIOCCONNECT, PPPIOCNEWUNIT, PPPIOCSNPMODE = 0x80047437, 0x40047438, 0x4004743A, 0xC004743E, 0x4008744B
IPV4, IPV6 = 0x21, 0x57
ROUTER, CN = "fe80::200:5eff:fe00:5213", "2001:db8:c::10"
HOME4, CN4 = "198.51.100.2", "198.51.100.1"


def fcs(data):
    """RFC 1662 appendix C.2."""
    value = 0xFFFF
    for octet in data:
        value ^= octet
        for _ in range(8):
            value = value >> 1 ^ (0x8408 if value & 1 else 0)
    return value ^ 0xFFFF


class Link:
    """An interface ppp0 in this thread's namespace, and its other end."""

    def __init__(self):
        self.end, line = os.openpty()
        tty.setraw(line)
        self.kept = [line, os.open("/dev/ppp", os.O_RDWR), os.open("/dev/ppp", os.O_RDWR)]
        _, channel, unit = self.kept
        fcntl.ioctl(line, TIOCSETD, struct.pack("i", N_PPP))
        fcntl.ioctl(channel, PPPIOCATTCHAN, fcntl.ioctl(line, PPPIOCGCHAN, bytes(4)))
        number = fcntl.ioctl(unit, PPPIOCNEWUNIT, struct.pack("i", -1))
        fcntl.ioctl(channel, PPPIOCCONNECT, number)
        for protocol in (IPV4, IPV6):
            fcntl.ioctl(unit, PPPIOCSNPMODE, struct.pack("ii", protocol, 0))

    def send(self, protocol, packet):
        frame = struct.pack("!BBH", 0xFF, 3, protocol) + packet
        frame += struct.pack("<H", fcs(frame))
        escaped = b"".join(bytes([0x7D, octet ^ 0x20]) if octet < 0x20 or octet in (0x7D, 0x7E) else bytes([octet]) for octet in frame)
        written = b"\x7e" + escaped + b"\x7e"
        while written:
            written = written[os.write(self.end, written):]

    def frames(self):
        rest = b""
        while True:
            *whole, rest = (rest + os.read(self.end, 65536)).split(b"\x7e")
            for escaped in whole:
                octets, is_escaped = bytearray(), False
                for octet in escaped:
                    if octet == 0x7D:
                        is_escaped = True
                    else:
                        octets.append(octet ^ 0x20 if is_escaped else octet)
                        is_escaped = False
                if len(octets) > 6:
                    assert fcs(octets[:-2]) == struct.unpack("<H", octets[-2:])[0], "a damaged frame"
                    yield self.packet(bytes(octets[:-2]))

    @staticmethod
    def packet(frame):
        frame = frame.removeprefix(b"\xff\x03")
        return (frame[0], frame[1:]) if frame[0] & 1 else (struct.unpack("!H", frame[:2])[0], frame[2:])


def icmpv6(source, destination, kind, body):
    message = struct.pack("!BBH", kind, 0, checksum(source, destination, struct.pack("!BBH", kind, 0, 0) + body)) + body
    return struct.pack("!IHBB", 6 << 28, len(message), 58, 255) + packed(source) + packed(destination) + message


def text(address):
    return ":".join(address.hex()[i:i + 4] for i in range(0, 32, 4))


def answer(packet):
    """Of a router and of a correspondent."""
    assert packet[0] >> 4 == 6, "no IPv6 packet: Ethernet's header was not taken off"
    source, destination = text(packet[8:24]), text(packet[24:40])
    if packet[6] != 58:
        return None
    if packet[40] == 133:
        return advertisement(router=ROUTER, router_mac="00:00:5e:00:52:13")[14:]
    if packet[40] == 135 and packet[48:64] == packed(ROUTER):
        assert len(packet) == 64, "a link-layer address on a link that has none"
        return icmpv6(ROUTER, source, 136, b"\xc0\0\0\0" + packed(ROUTER))
    return icmpv6(destination, source, 129, packet[44:]) if packet[40] == 128 else None


def answer4(packet):
    """To an echo request: the sum of the header's octets stays, those of the message loses its type's."""
    assert packet[0] >> 4 == 4, "no IPv4 packet: Ethernet's header was not taken off"
    if packet[9] != 1 or packet[20] != 8:
        return None
    total = struct.unpack_from("!H", packet, 22)[0] + 0x0800
    return packet[:12] + packet[16:20] + packet[12:16] + struct.pack("!BBH", 0, 0, (total & 0xFFFF) + (total >> 16)) + packet[24:]


def serve(link):
    try:
        for protocol, packet in link.frames():
            reply = answer(packet) if protocol == IPV6 else answer4(packet) if protocol == IPV4 else None
            if reply:
                link.send(protocol, reply)
    except BaseException as error:  # pylint: disable=broad-except
        print("FAILED:", error, flush=True)
        os._exit(1)


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def show_links(control):
    done = subprocess.run([ROOT / "build/bin/flowmob", "--control", control, "show", "links", "--json"], capture_output=True, text=True)
    return json.loads(done.stdout)["links"][0] if done.returncode == 0 else {}


def eventually(condition, what, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def main():
    run("modprobe", "ppp_async")
    assert ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) == 0
    link = Link()
    for line in ("link set lo up", "link set ppp0 up", "addr add fe80::7/64 dev ppp0 nodad"):
        run("ip", *line.split())
    threading.Thread(target=serve, args=(link,), daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        control, file = pathlib.Path(folder) / "mn.sock", pathlib.Path(folder) / "mn.toml"
        file.write_text(f'[mn]\nname = "mn"\ncontrol = "{control}"\nbpf = "/sys/fs/bpf/ppp-{os.getpid()}"\n\n[[member]]\ninterface = "ppp0"\n')
        daemon = subprocess.Popen([ROOT / "build/bin/flowmob-mnd", "--config", file])
        try:
            eventually(lambda: show_links(control).get("router"), "no router was found")
            eventually(lambda: show_links(control)["round_trip_ms"] is not None, "the router's answers are not heard")
            assert show_links(control)["raw_ip"] and not show_links(control)["mac"]
            assert " 0% packet loss" in run("ping", "-c", "5", "-i", "0.2", "-W", "10", CN)
            run("ip", "addr", "add", f"{HOME4}/24", "dev", "vif0")
            assert " 0% packet loss" in run("ping", "-c", "5", "-i", "0.2", "-W", "10", CN4)
        finally:
            daemon.kill()
            daemon.wait()
            run("rm", "-rf", f"/sys/fs/bpf/ppp-{os.getpid()}")
    print("ok: a PPP member carries both families on", os.uname().release)


main()
