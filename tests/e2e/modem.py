# SPDX-License-Identifier: Apache-2.0
"""A modem whose host interface is raw IP: `modem.py TUN-NAMESPACE TUN ETHERNET MAC`, started where ETHERNET is. The host's packets go
out there in frames from MAC, what comes for MAC or a group goes to the host without them. One neighbour's address, the gateway's, is
all it has to know. As the host's link has no link-layer addresses, it adds its own where Neighbor Discovery wants one (RFC 4861
section 4.4), and answers ARP. Prints "ready"; the tun goes with it."""
import ctypes
import fcntl
import os
import select
import socket
import struct
import sys

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
CLONE_NEWNET = 0x40000000
IPV4, ARP, IPV6 = 0x0800, 0x0806, 0x86DD
FIXED_ROUTER = bytes.fromhex("00005e005213")  # RFC 6543; later the one that speaks
ADVERTISEMENT = 136


def checksum(pseudo, message):
    data = pseudo + message
    total = sum(struct.unpack(f"!{len(data) // 2}H", data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def with_link_address(packet, mac):
    """A Neighbor Advertisement says where it comes from."""
    is_bare = len(packet) == 40 + 24 and packet[6] == 58 and packet[40] == ADVERTISEMENT
    if not is_bare:
        return packet
    message = bytearray(packet[40:] + b"\x02\x01" + mac)
    message[2:4] = b"\0\0"
    message[2:4] = struct.pack("!H", checksum(packet[8:40] + struct.pack("!II", len(message), 58), bytes(message)))
    return packet[:4] + struct.pack("!H", len(message)) + packet[6:40] + bytes(message)


def arp_answer(frame, mac):
    """To a question of the gateway's."""
    _, _, _, _, operation, sender, sender_ip, _, target_ip = struct.unpack_from("!HHBBH6s4s6s4s", frame, 14)
    if operation != 1:
        return None
    return frame[6:12] + mac + struct.pack("!HHHBBH6s4s6s4s", ARP, 1, IPV4, 6, 4, 2, mac, target_ip, sender, sender_ip)


class Modem:
    def __init__(self, namespace, tun, ethernet, mac):
        self.mac, self.router = bytes.fromhex(mac.replace(":", "")), FIXED_ROUTER
        self.air = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.air.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.air.bind((ethernet, 3))
        self.air.setblocking(False)
        libc = ctypes.CDLL(None, use_errno=True)
        with open(f"/run/netns/{namespace}", "rb") as there:
            assert libc.setns(there.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
        self.host = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(self.host, TUNSETIFF, struct.pack("16sH22x", tun.encode(), IFF_TUN | IFF_NO_PI))

    def destination(self, packet):
        if packet[0] >> 4 == 6:
            return b"\x33\x33" + packet[36:40] if packet[24] == 0xFF else self.router
        return b"\xff" * 6 if packet[16:20] == b"\xff" * 4 else self.router

    def up(self):
        try:
            packet = os.read(self.host, 65536)
        except OSError:  # nothing there any more, or the link is down
            return False
        kind = IPV6 if packet[0] >> 4 == 6 else IPV4
        self.send(self.destination(packet) + self.mac + struct.pack("!H", kind) + with_link_address(packet, self.mac))
        return True

    def send(self, frame):
        try:
            self.air.send(frame)
        except OSError:  # no signal
            pass

    def down(self):
        try:
            frame, address = self.air.recvfrom(65536)
        except OSError:
            return False
        if address[2] == socket.PACKET_OUTGOING or len(frame) < 34 or not (frame[:6] == self.mac or frame[0] & 1):
            return True
        kind = struct.unpack_from("!H", frame, 12)[0]
        self.router = frame[6:12]
        if kind == ARP and len(frame) >= 42 and (answer := arp_answer(frame, self.mac)):
            self.send(answer)
        elif kind in (IPV4, IPV6):
            self.give(frame[14:])
        return True

    def give(self, packet):
        """Without Ethernet's padding."""
        length = 40 + struct.unpack_from("!H", packet, 4)[0] if packet[0] >> 4 == 6 else struct.unpack_from("!H", packet, 2)[0]
        try:
            os.write(self.host, packet[:length])
        except OSError:  # the host's link is down
            pass

    def run(self):
        print("ready", flush=True)
        while True:
            select.select([self.air, self.host], [], [])
            while self.up() | self.down():
                pass


if __name__ == "__main__":
    Modem(*sys.argv[1:]).run()
