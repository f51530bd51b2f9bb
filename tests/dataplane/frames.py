# SPDX-License-Identifier: Apache-2.0
"""Frames octet by octet, and the tools that send and receive them inside a node."""
import ipaddress
import struct

UDP, MOBILITY_HEADER = 17, 135
C_TAG, S_TAG = 0x8100, 0x88A8

SEND = """import socket,sys
s=socket.socket(socket.AF_PACKET,socket.SOCK_RAW);s.bind((sys.argv[1],0))
for frame in sys.argv[2:]: s.send(bytes.fromhex(frame))"""

# Prints what comes, and ends with "end".
RECEIVE_UDP = """import socket,sys
s=socket.socket(socket.AF_INET6,socket.SOCK_DGRAM);s.bind(('::',int(sys.argv[1])));s.settimeout(20)
print('ready',flush=True)
got=''
while got!='end':
    got=s.recv(2000).decode();print(got,flush=True)"""
RECEIVE_MOBILITY_HEADERS = """import socket,sys
s=socket.socket(socket.AF_INET6,socket.SOCK_RAW,135);s.setsockopt(41,7,-1);s.bind((sys.argv[1],0));s.settimeout(20)
print('ready',flush=True)
got=''
while got!='end':
    got=s.recv(2000)[8:].rstrip(b'\\0').decode();print(got,flush=True)"""


def address(text):
    return ipaddress.ip_address(text).packed


def checksum(source, destination, protocol, octets):
    pseudo = address(source) + address(destination) + struct.pack("!II", len(octets), protocol)
    total = sum(struct.unpack(f"!{(len(pseudo) + len(octets) + 1) // 2}H", pseudo + octets + b"\0" * (len(octets) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv6(source, destination, protocol, upper):
    return struct.pack("!IHBB", 6 << 28, len(upper), protocol, 64) + address(source) + address(destination) + upper


def udp(source, destination, port, text):
    head = lambda sum_: struct.pack("!HHHH", 4000, port, 8 + len(text), sum_)
    return ipv6(source, destination, UDP, head(checksum(source, destination, UDP, head(0) + text.encode())) + text.encode())


def mobility_header(source, destination, text):
    """Of a type that nobody knows; `text` has up to eight letters."""
    head = lambda sum_: struct.pack("!BBBBHH", 59, 1, 99, 0, sum_, 0) + text.encode().ljust(8, b"\0")
    return ipv6(source, destination, MOBILITY_HEADER, head(checksum(source, destination, MOBILITY_HEADER, head(0))))


def frame(destination, source, packet, *tags):
    """Each tag is a VLAN identifier, or (identifier, protocol); the outermost first."""
    header = bytes.fromhex((destination + source).replace(":", ""))
    for tag in tags:
        identifier, protocol = tag if isinstance(tag, tuple) else (tag, C_TAG)
        header += struct.pack("!HH", protocol, identifier)
    return header + b"\x86\xdd" + packet


def forms(destination, source, packet_of):
    """Every disguise in which the kernel might let a packet through: name and frame. `packet_of` makes it."""
    others, many, everybody = "02:00:00:00:0a:0a", "33:33:00:00:00:01", "ff:ff:ff:ff:ff:ff"
    disguises = {"plain": (destination,), "vid0": (destination, 0), "svid0": (destination, (0, S_TAG)),
                 "vid0vid0": (destination, 0, 0), "svidcvid": (destination, (0, S_TAG), (0, C_TAG)),
                 "vid0x3": (destination, 0, 0, 0), "vid7": (destination, 7), "vid7vid0": (destination, 7, 0),
                 "vid0vid7": (destination, 0, 7), "many": (many,), "vid0many": (many, 0), "all": (everybody,), "others": (others,)}
    return {name: frame(to, source, packet_of(name), *tags) for name, (to, *tags) in disguises.items()}
