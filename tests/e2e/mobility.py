# SPDX-License-Identifier: Apache-2.0
"""Mobility Headers made by hand, independently of the project's own codec, well-formed or not (RFC 6275, RFC 5213)."""
import ipaddress
import pathlib
import struct
import time

BINDING_UPDATE, BINDING_ACK, BINDING_ERROR = 5, 6, 7
WIMAX, SHARING = 5, 6
EXCHANGE = pathlib.Path(__file__).resolve().parent / "exchange.py"


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def header(kind, body, source, destination, payload_proto=59, header_length=None, break_checksum=False):
    """A whole Mobility Header: padded to 8 octets, checksummed over the IPv6 pseudo-header."""
    message = bytearray(struct.pack("!BBBBH", payload_proto, 0, kind, 0, 0) + body)
    message += padding(-len(message) % 8)
    message[1] = (len(message) // 8 - 1 if header_length is None else header_length) & 0xFF
    pseudo = ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed
    pseudo += struct.pack("!I3xB", len(message), 135)
    value = checksum(pseudo + bytes(message))
    struct.pack_into("!H", message, 4, value ^ 0x5555 if break_checksum else value)
    return bytes(message)


def padding(octets):
    return b"" if octets == 0 else b"\0" if octets == 1 else bytes([1, octets - 2]) + bytes(octets - 2)


def option(kind, data):
    return bytes([kind, len(data)]) + data


def mn_identifier(name):
    return option(8, b"\x01" + name.encode())


def home_network_prefix(prefix="::/0"):
    network = ipaddress.ip_network(prefix)
    return option(22, bytes([0, network.prefixlen]) + network.network_address.packed)


def handoff_indicator(value):
    return option(23, bytes([0, value]))


def access_technology(value):
    return option(24, bytes([0, value]))


def link_layer_identifier(mac):
    return option(25, bytes(2) + bytes.fromhex(mac.replace(":", "")))


def timestamp(seconds=None):
    return option(27, struct.pack("!Q", int((time.time() if seconds is None else seconds) * 65536)))


def service_selection(name):
    return option(20, name.encode())


def proxy_binding_update(source, destination, options, sequence=1, flags=0x8200, lifetime=150, **damage):
    return header(BINDING_UPDATE, struct.pack("!HHH", sequence, flags, lifetime) + b"".join(options), source, destination,
                  **damage)


def proxy_binding_acknowledgement(source, destination, options, status=0, sequence=1, flags=0x20, lifetime=150, **damage):
    return header(BINDING_ACK, struct.pack("!BBHH", status, flags, sequence, lifetime) + b"".join(options), source, destination,
                  **damage)


def complete(mn_id, without=None, **replaced):
    """Every option that a registration needs, some left out or replaced."""
    options = {"mn": mn_identifier(mn_id), "prefix": home_network_prefix(), "handoff": handoff_indicator(SHARING),
               "technology": access_technology(WIMAX), "timestamp": timestamp(),
               "link_layer": link_layer_identifier("02:00:00:00:09:09"), **replaced}
    return [option for name, option in options.items() if name != without]


def exchange(lab, node, source, destination, *messages, quiet=0.4):
    """What comes back for the messages, sent from a node of the lab: Mobility Headers, else whole ICMPv6 errors as `IcmpError`."""
    done = lab.inside(node, "python3", EXCHANGE, source, destination, quiet, *(message.hex() for message in messages))
    return [IcmpError(bytes.fromhex(line[5:])) if line.startswith("icmp:") else bytes.fromhex(line) for line in done.stdout.split()]


class IcmpError:
    """RFC 4443 section 3: type, code, the Parameter Problem's pointer, and the packet that it is about."""

    def __init__(self, octets):
        self.type, self.code, self.pointer, self.packet = octets[0], octets[1], int.from_bytes(octets[4:8], "big"), octets[8:]


def type_of(message):
    return message[2]


def status_of(message):
    """The status of a Binding Acknowledgement or of a Binding Error."""
    return message[6]
