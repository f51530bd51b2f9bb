# SPDX-License-Identifier: Apache-2.0
"""ICMP errors about tunnel packets, as routers on their path say them. `complain.py TO HEX` sends a message in the namespace it runs in."""
import ipaddress
import socket
import struct
import sys

TOO_BIG, UNREACHABLE = {4: (3, 4), 6: (2, 0)}, {4: (3, 1), 6: (1, 0)}


def packed(address):
    return ipaddress.ip_address(address).packed


def checksum(octets):
    total = sum(struct.unpack(f"!{len(octets + bytes(len(octets) % 2)) // 2}H", octets + bytes(len(octets) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ipv4_header(source, destination, protocol, length, fragment=0x4000, ttl=63):
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 7, fragment, ttl, protocol, 0) + packed(source) + packed(destination)
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:]


def header(source, destination, protocol, length):
    if ipaddress.ip_address(source).version == 4:
        return ipv4_header(source, destination, protocol, length)
    return struct.pack("!IHBB", 6 << 28, length, protocol, 63) + packed(source) + packed(destination)


def datagram(source, destination, length, dont_fragment=False):
    """A packet of UDP of so many octets, all in all."""
    upper = struct.pack("!HHHH", 4000, 4001, length - 20, 0) + bytes(length - 28)
    return ipv4_header(source, destination, 17, len(upper), 0x4000 if dont_fragment else 0) + upper


def about(source, destination, original, kind, mtu=0):
    """An error about the tunnel packet that carries `original` of IPv4."""
    tunnelled = header(source, destination, 4, len(original)) + original
    version = ipaddress.ip_address(source).version
    message = struct.pack("!BBHI", *kind[version], 0, mtu) + tunnelled[:548 if version == 4 else 1192]
    if version == 6:  # the kernel fills the checksum in
        return message
    return message[:2] + struct.pack("!H", checksum(message)) + message[4:]


if __name__ == "__main__":
    version6 = ":" in sys.argv[1]
    with socket.socket(socket.AF_INET6 if version6 else socket.AF_INET, socket.SOCK_RAW,
                       socket.IPPROTO_ICMPV6 if version6 else socket.IPPROTO_ICMP) as raw:
        raw.sendto(bytes.fromhex(sys.argv[2]), (sys.argv[1], 0))
