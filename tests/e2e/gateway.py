# SPDX-License-Identifier: Apache-2.0
"""A gateway as a mobile node sees one: answers every Router Solicitation with an advertisement. Written against
RFC 4861 alone. `gateway.py INTERFACE key=value...`; prints a line for every solicitation.
"""
import ipaddress
import socket
import struct
import sys
import time


def packed(address):
    return ipaddress.ip_address(address).packed


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def checksum(source, destination, message):
    data = packed(source) + packed(destination) + struct.pack("!II", len(message), 58) + message
    total = sum(struct.unpack(f"!{len(data + bytes(len(data) % 2)) // 2}H", data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def advertisement(*, router, router_mac, to="33:33:00:00:00:01", destination="ff02::1", prefix="2001:db8:100::",
                  valid=3600, preferred=1800, mtu=1460, lifetime=1800, hop_limit=255, options=None):
    """A whole frame; `options`, in hex, instead of those for MTU and prefix."""
    usual = struct.pack("!BBHI", 5, 1, 0, int(mtu)) + struct.pack("!BBBBIII16s", 3, 4, 64, 0xc0, int(valid), int(preferred), 0, packed(prefix))
    said = struct.pack("!BB6s", 1, 1, mac(router_mac)) + (usual if options is None else bytes.fromhex(options))
    body = struct.pack("!BBHII", 64, 0, int(lifetime), 0, 0) + said
    message = struct.pack("!BBH", 134, 0, checksum(router, destination, b"\x86\0\0\0" + body)) + body
    header = struct.pack("!IHBB", 6 << 28, len(message), 58, int(hop_limit)) + packed(router) + packed(destination)
    return mac(to) + mac(router_mac) + b"\x86\xdd" + header + message


def serve(interface, **facts):
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x86dd))
    packets.bind((interface, 0x86dd))
    print("listening", flush=True)
    while True:
        try:
            frame, address = packets.recvfrom(2048)
        except OSError:  # the link went down; it will come back
            continue
        if address[2] == socket.PACKET_OUTGOING or len(frame) < 55 or frame[20] != 58 or frame[54] != 133:
            continue
        sender = frame[6:12].hex(":")
        print("solicited", sender, frame[22:38].hex(), frame[21], len(frame) - 54, flush=True)
        try:
            packets.send(advertisement(to=sender, **facts))
        except OSError:
            continue


def query(interface, *, router, router_mac, group, source="::"):
    """Asks for listeners of all groups (RFC 3810 section 5.1), and waits for a report of that one; without a source address from
    an interface that has no link-local one."""
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x86dd))
    packets.bind((interface, 0x86dd))
    body = struct.pack("!HH16sBBH", 100, 0, bytes(16), 2, 125, 0)
    message = struct.pack("!BBH", 130, 0, checksum(router, "ff02::1", b"\x82\0\0\0" + body)) + body
    alert = bytes([58, 0, 5, 2, 0, 0, 1, 0])
    header = struct.pack("!IHBB", 6 << 28, len(alert + message), 0, 1) + packed(router) + packed("ff02::1")
    end = time.monotonic() + 5
    while time.monotonic() < end:
        packets.send(mac("33:33:00:00:00:01") + mac(router_mac) + b"\x86\xdd" + header + alert + message)
        again = time.monotonic() + 1
        while (left := again - time.monotonic()) > 0:
            packets.settimeout(left)
            try:
                frame, address = packets.recvfrom(2048)
            except TimeoutError:
                break
            if address[2] != socket.PACKET_OUTGOING and frame[22:38] == packed(source) and frame[62:63] == b"\x8f" and packed(group) in frame:
                return print("reported")
    return print("nothing")


def send(interface, **facts):
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    packets.bind((interface, 0x86dd))
    packets.send(advertisement(**facts))


if __name__ == "__main__":
    keys = dict(argument.split("=", 1) for argument in sys.argv[3:])
    {"serve": serve, "send": send, "query": query}[sys.argv[1]](sys.argv[2], **keys)
