#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""exchange.py SOURCE DESTINATION SECONDS HEX...: sends each Mobility Header as it is given and prints, one a line in hex, every
Mobility Header that comes back from DESTINATION until SECONDS have passed without one, and every ICMPv6 error as "icmp:" and hex.
Runs inside a network namespace."""
import ipaddress
import select
import socket
import struct
import sys

MOBILITY, FRAGMENT, LARGEST = 135, 44, 1400

source, destination, quiet, messages = sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4:]

listener = socket.socket(socket.AF_INET6, socket.SOCK_RAW, MOBILITY)
listener.bind((source, 0))
errors = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
errors.bind((source, 0))
sender = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)  # the IPv6 header is ours, no checksum is made


def send(next_header, payload):
    packet = struct.pack("!IHBB", 6 << 28, len(payload), next_header, 64)
    packet += ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed + payload
    sender.sendto(packet, (destination, 0))


for number, text in enumerate(messages, 1):
    message = bytes.fromhex(text)
    if len(message) <= LARGEST:
        send(MOBILITY, message)
        continue
    for offset in range(0, len(message), LARGEST):  # 1400 is a multiple of 8, as RFC 8200 section 4.5 wants it
        more = offset + LARGEST < len(message)
        send(FRAGMENT, struct.pack("!BBHI", MOBILITY, 0, offset | more, number) + message[offset:offset + LARGEST])
while heard := select.select([listener, errors], [], [], quiet)[0]:
    for each in heard:
        data, peer = each.recvfrom(65535)
        if ipaddress.ip_address(peer[0]) != ipaddress.ip_address(destination):
            continue
        if each is listener:
            print(data.hex(), flush=True)
        elif data[0] < 128:
            print("icmp:" + data.hex(), flush=True)
