#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""exchange.py SOURCE DESTINATION SECONDS HEX...: sends each Mobility Header as it is given and prints, one a line in hex, every
Mobility Header that comes back from DESTINATION until SECONDS have passed without one. Runs inside a network namespace."""
import ipaddress
import socket
import struct
import sys

source, destination, quiet, messages = sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4:]

listener = socket.socket(socket.AF_INET6, socket.SOCK_RAW, 135)
listener.bind((source, 0))
listener.settimeout(quiet)
sender = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)  # the IPv6 header is ours, no checksum is made

for text in messages:
    message = bytes.fromhex(text)
    packet = struct.pack("!IHBB", 6 << 28, len(message), 135, 64)
    packet += ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed + message
    sender.sendto(packet, (destination, 0))
try:
    while True:
        data, peer = listener.recvfrom(4096)
        if ipaddress.ip_address(peer[0]) == ipaddress.ip_address(destination):
            print(data.hex(), flush=True)
except socket.timeout:
    pass
