# SPDX-License-Identifier: Apache-2.0
"""relay.py A B: carries frames between two interfaces through packet sockets with virtio headers, as emulators and
virtual machines do, and fails on a frame whose offload state does not fit the frame. Prints counts as JSON when
killed by SIGTERM."""
import json
import select
import signal
import socket
import struct
import sys

ETH_P_ALL, SOL_PACKET, PACKET_VNET_HDR, PACKET_IGNORE_OUTGOING = 3, 263, 15, 23
NEEDS_CSUM, GSO_TCPV6, GSO_UDP_L4 = 1, 4, 5
IPV6_AT, UPPER_AT = 14, 54
counts = {"frames": 0, "gso-tcp": 0, "gso-udp": 0, "partial-tcp": 0, "partial-udp": 0, "complete": 0, "errors": []}


def ones_sum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data[:len(data) & ~1])) + (data[-1] << 8 if len(data) & 1 else 0)
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def pseudo_header(frame, protocol, length):
    return frame[IPV6_AT + 8:IPV6_AT + 40] + struct.pack("!II", length, protocol)


def complain(what, header, frame):
    counts["errors"].append(f"{what}: header {header}, frame {frame[:80].hex()}")


def check(header, frame):
    """Only plain TCP and UDP in IPv6 is looked at."""
    flags, gso, _, gso_size, start, offset = header
    if frame[12:14] != b"\x86\xdd" or frame[IPV6_AT + 6] not in (6, 17):
        return
    protocol, length = frame[IPV6_AT + 6], struct.unpack("!H", frame[IPV6_AT + 4:IPV6_AT + 6])[0]
    name, at = ("tcp", 16) if protocol == 6 else ("udp", 6)
    if length != len(frame) - UPPER_AT:
        complain("length", header, frame)
    pseudo = ones_sum(pseudo_header(frame, protocol, length))
    if gso:
        counts[f"gso-{name}"] += 1
        if gso != (GSO_TCPV6 if protocol == 6 else GSO_UDP_L4) or not 500 < gso_size <= 1400 or not flags & NEEDS_CSUM:
            complain("gso", header, frame)
    if flags & NEEDS_CSUM:
        counts[f"partial-{name}"] += 1
        if (start, offset) != (UPPER_AT, at):
            complain("place of the checksum", header, frame)
        if struct.unpack("!H", frame[UPPER_AT + at:UPPER_AT + at + 2])[0] != pseudo:
            complain("pseudo header", header, frame)
    else:
        counts["complete"] += 1
        if ones_sum(pseudo_header(frame, protocol, length) + frame[UPPER_AT:]) != 0xffff:
            complain("checksum", header, frame)


def packet_socket(interface):
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    opened.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    opened.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    opened.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)  # SO_RCVBUFFORCE
    opened.bind((interface, ETH_P_ALL))
    return opened


def finish(*_):
    print(json.dumps(counts), flush=True)
    sys.exit(0)


signal.signal(signal.SIGTERM, finish)
a, b = map(packet_socket, sys.argv[1:3])
print("ready", flush=True)
while True:
    for source in select.select([a, b], [], [])[0]:
        data = source.recv(1 << 17)
        counts["frames"] += 1
        check(struct.unpack("=BBHHHH", data[:10]), data[10:])
        (b if source is a else a).send(data)
