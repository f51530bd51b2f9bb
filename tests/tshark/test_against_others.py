# SPDX-License-Identifier: Apache-2.0
"""The codec against those of others: what our encoder writes is read by tshark, what scapy writes and what we wrote
by hand is read by `flowmob decode`. Only where tshark 4.0.17 is right: it knows no flow options, no L flag of the
Home Network Prefix, no handoff indicator 6, no identifier but the NAI, no Update Notification, no option above 55."""
import json
import os
import pathlib
import subprocess

import pytest
from scapy.layers.inet6 import (
    ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6ND_RA, ICMPv6ND_RS, ICMPv6NDOptDstLLAddr, ICMPv6NDOptMTU, ICMPv6NDOptPrefixInfo,
    ICMPv6NDOptSrcLLAddr, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrHopByHop, MIP6MH_BA, MIP6MH_BE, MIP6MH_BU, MIP6OptAltCoA,
    MIP6OptMNID, PadN)
from scapy.layers.l2 import CookedLinux, Dot1Q, Ether
from scapy.utils import wrpcap

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("FLOWMOB_BUILD", ROOT / "build"))
LMA, MAG = "2001:db8:f::1", "2001:db8:a::1"


def run(*command, status=0):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=60)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def decode(argument, status=0):
    return json.loads(run(BUILD / "bin/flowmob", "decode", argument, "--json", status=status))


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    path = tmp_path_factory.mktemp("samples") / "samples.pcap"
    run(BUILD / "tests/wire-samples", path)
    return path


def tshark(path, frame, field):
    """Every value of a field in one frame."""
    return run("tshark", "-r", path, "-Y", f"frame.number=={frame}", "-T", "fields", "-e", field).strip().split(",")


(REGISTRATION, FLOWS, ACCEPTED, REJECTED, ERROR, HEARTBEAT, RESTARTED, REVOCATION, REVOKED, IPV4_ASKED, IPV4_GIVEN,
 FLOW_MOBILITY_ASKED, FLOW_MOBILITY_DONE, ACCESS_NETWORK, MULTIPATH, RS, RA, NS, NA) = range(1, 20)

READ_BY_TSHARK = [
    (REGISTRATION, {
        "mip6.proto": "59", "mip6.mhtype": "5", "mip6.bu.seqnr": "4660", "mip6.bu.a_flag": "1", "mip6.bu.h_flag": "0",
        "mip6.bu.p_flag": "1", "mip6.bu.lifetime": "900", "mip6.mnid.subtype": "1",
        "mip6.mnid.identifier": "mn1@example.org", "mip6.ss.identifier": "video", "mip6.nemo.mnp.pfl": "64",
        "mip6.nemo.mnp.mnp": "2001:db8:100::", "mip6.hi": "1", "mip6.att": "4", "mip6.mnlli.lli": "020000000001",
        "mip6.lila_lla": "fe80::200:5eff:fe00:5213", "mip6.acoa.acoa": "2001:db8:a::2",
        "mip6.timestamp_tmp": "Jan  1, 2025 00:00:00.500000000 UTC"}),
    (FLOWS, {
        "mip6.bu.a_flag": "1", "mip6.bu.h_flag": "1", "mip6.bu.l_flag": "1", "mip6.bu.k_flag": "1", "mip6.bu.m_flag": "0",
        "mip6.nemo.bu.r_flag": "1", "mip6.bu.p_flag": "1", "mip6.bu.f_flag": "1", "mip6.bu.t_flag": "1",
        "mip6.bu.b_flag": "0", "mip6.bu.lifetime": "65535", "mip6.mnid.subtype": "5", "mip6.bi.bid": "7,8,9",
        "mip6.bi.status": "0,0,0", "mip6.bi.h_flag": "0,1,0", "mip6.bi.coa_ipv4": "192.0.2.9",
        "mip6.bi.coa_ipv6": "2001:db8:a::2"}),
    (ACCEPTED, {
        "mip6.mhtype": "6", "mip6.ba.status": "0", "mip6.ba.k_flag": "0", "mip6.nemo.ba.r_flag": "1", "mip6.ba.p_flag": "1",
        "mip6.ba.seqnr": "4660", "mip6.ba.lifetime": "900", "mip6.nemo.mnp.pfl": "64,56",
        "mip6.nemo.mnp.mnp": "2001:db8:100::,2001:db8:200::", "mip6.hi": "4", "mip6.att": "5"}),
    (REJECTED, {"mip6.ba.status": "155", "mip6.nemo.ba.r_flag": "0", "mip6.ba.lifetime": "0"}),
    (ERROR, {"mip6.mhtype": "7", "mip6.be.status": "2", "mip6.be.haddr": "2001:db8:100::1"}),
    (HEARTBEAT, {"mip6.mhtype": "13", "mip6.hb.u_flag": "0", "mip6.hb.r_flag": "0", "mip6.hb.seqnr": "5"}),
    (RESTARTED, {"mip6.hb.u_flag": "1", "mip6.hb.r_flag": "1", "mip6.hb.seqnr": "4294901244", "mip6.rc": "7"}),
    (REVOCATION, {
        "mip6.mhtype": "16", "mip6.bri_br.type": "1", "mip6.bri_r.trigger": "3", "mip6.bri_seqnr": "48879",
        "mip6.bri_ip": "1", "mip6.bri_iv": "0", "mip6.bri_ig": "1", "mip6.mnid.identifier": "mn1@example.org",
        "mip6.nemo.mnp.mnp": "2001:db8:100::"}),
    (REVOKED, {
        "mip6.bri_br.type": "2", "mip6.bri_status": "1", "mip6.bri_seqnr": "48879", "mip6.bri_ap": "1", "mip6.bri_av": "0",
        "mip6.bri_ag": "0", "mip6.mnid.identifier": "mn1@example.org"}),
    (IPV4_ASKED, {
        "mip6.bu.f_flag": "1", "mip6.att": "8", "mip6.ipv4ha.preflen": "24", "mip6.ipv4ha.ha": "192.0.2.7",
        "mip6.gre_key": "4275878552"}),
    (IPV4_GIVEN, {
        "mip6.ipv4aa.sts": "0", "mip6.ipv4ha.preflen": "24", "mip6.ipv4ha.ha": "192.0.2.7", "mip6.ipv4dra.dra": "192.0.2.1",
        "mip6.ipv4dsm.s_flag": "1", "mip6.natd.f_flag": "1", "mip6.natd.refresh_t": "110"}),
    (ACCESS_NETWORK, {
        "mip6.vsm.vendorId": "10415", "mip6.vsm.subtype": "200", "mip6.mng.sub_type": "1", "mip6.mng.mng_id": "77",
        "mip6.acc_net_id.ani": "1,2,3", "mip6.acc_net_id.e_bit": "1", "mip6.acc_net_id.net_name": "cafe",
        "mip6.acc_net_id.ap_name": "ap-7", "mip6.acc_net_id.op_id.type": "2", "mip6.dmnp.v_flag": "0,1",
        "mip6.dmnp.prefix_len": "56,24", "mip6.dmnp.dmnp_ipv6": "2001:db8:300::", "mip6.dmnp.dmnp_ipv4": "198.51.100.0"}),
    (MULTIPATH, {
        "mip6.ba.status": "180", "mip6.redir.k": "1", "mip6.redir.n": "0", "mip6.redir.addr_r2lma_ipv6": "2001:db8:f::2",
        "mip6.load_inf.priority": "1", "mip6.load_inf.maximum_capacity": "5", "mip6.alt_ip4": "192.0.2.77"}),
    (RS, {"icmpv6.type": "133", "icmpv6.checksum.status": "1", "icmpv6.opt.src_linkaddr": "02:00:00:00:00:01"}),
    (RA, {
        "icmpv6.type": "134", "icmpv6.checksum.status": "1", "icmpv6.nd.ra.cur_hop_limit": "64", "icmpv6.nd.ra.flag.m": "0",
        "icmpv6.nd.ra.flag.o": "1", "icmpv6.nd.ra.router_lifetime": "1800", "icmpv6.nd.ra.reachable_time": "30000",
        "icmpv6.nd.ra.retrans_timer": "1000", "icmpv6.opt.prefix.length": "64", "icmpv6.opt.prefix.flag.l": "1",
        "icmpv6.opt.prefix.flag.a": "1", "icmpv6.opt.prefix.valid_lifetime": "86400",
        "icmpv6.opt.prefix.preferred_lifetime": "14400", "icmpv6.opt.prefix": "2001:db8:100::", "icmpv6.opt.mtu": "1428"}),
    (NS, {"icmpv6.type": "135", "icmpv6.checksum.status": "1", "icmpv6.nd.ns.target_address": "2001:db8:100::1"}),
    (NA, {
        "icmpv6.type": "136", "icmpv6.checksum.status": "1", "icmpv6.nd.na.flag.r": "1", "icmpv6.nd.na.flag.s": "1",
        "icmpv6.nd.na.flag.o": "1", "icmpv6.nd.na.target_address": "2001:db8:100::1",
        "icmpv6.opt.target_linkaddr": "02:00:00:00:00:01"}),
]


@pytest.mark.parametrize("frame,fields", READ_BY_TSHARK)
def test_tshark_reads_what_we_write(samples, frame, fields):
    names = list(fields)
    asked = [word for name in names for word in ("-e", name)]
    line = run("tshark", "-r", samples, "-Y", f"frame.number=={frame}", "-T", "fields", "-E", "separator=|", *asked)
    # tshark prints a time as text with a comma in it; everything else is its own value.
    assert dict(zip(names, line.rstrip("\n").split("|"))) == fields


def test_tshark_finds_nothing_malformed(samples):
    assert run("tshark", "-r", samples, "-Y", "_ws.malformed", "-T", "fields", "-e", "frame.number") == ""


def test_decode_says_what_tshark_says(samples):
    messages = decode(samples)["messages"]
    assert [m["frame"] for m in messages] == list(range(1, NA + 1))
    assert {m["checksum"] for m in messages} == {"right"}
    for message in messages:
        kind = "mip6.mhtype" if message["frame"] < RS else "icmpv6.type"
        assert tshark(samples, message["frame"], kind) == [str(message["type_number"])]
    assert [m["type"] for m in messages] == [
        "proxy-binding-update", "proxy-binding-update", "proxy-binding-acknowledgement", "proxy-binding-acknowledgement",
        "binding-error", "heartbeat", "heartbeat", "binding-revocation-indication", "binding-revocation-acknowledgement",
        "proxy-binding-update", "proxy-binding-acknowledgement", "update-notification", "update-notification-acknowledgement",
        "proxy-binding-update", "proxy-binding-acknowledgement", "router-solicitation", "router-advertisement", "neighbor-solicitation",
        "neighbor-advertisement"]
    prefixes = [o for o in messages[ACCEPTED - 1]["options"] if o["option"] == "home-network-prefix"]
    assert [o["prefix"] for o in prefixes] == tshark(samples, ACCEPTED, "mip6.nemo.mnp.mnp")
    assert [o["off_link"] for o in prefixes] == [False, True]


def test_flow_options_by_hand(samples):
    """No other program reads these: the octets are laid out from RFC 6089 section 4.2 and RFC 6088 section 3.2."""
    flows = [o for o in decode(samples)["messages"][FLOWS - 1]["options"] if o["option"] == "flow-identification"]
    assert flows[0]["sub_options"][1]["selector"] == {
        "format": "ipv6", "source": {"first": "2001:db8::1", "last": "2001:db8::ff"},
        "destination": {"first": "2001:db8:100::1", "last": "2001:db8:100::1"}, "spi": {"first": 1, "last": 2},
        "flow_label": {"first": 3, "last": 0xFFFFF}, "source_port": {"first": 5000, "last": 6000},
        "destination_port": {"first": 80, "last": 80}, "dscp": {"first": 10, "last": 46}, "next_header": {"first": 6, "last": 17}}
    octets = bytes.fromhex("3b02050000000007820000002d0a0001000a00000202000b")
    by_hand = decode(octets.hex())["messages"][0]
    assert by_hand["checksum"] == "unverified"
    assert by_hand["options"] == [{
        "option": "flow-identification", "option_number": 45, "flow_id": 1, "priority": 10, "status": 0,
        "sub_options": [{"sub_option": "binding-reference", "sub_option_number": 2, "binding_ids": [11]}]}]


@pytest.mark.parametrize("form", ["pcapng", "nsecpcap"])
def test_other_capture_formats_give_the_same(samples, tmp_path, form):
    other = tmp_path / "other"
    run("tshark", "-r", samples, "-F", form, "-w", other)
    assert decode(other) == decode(samples)


def from_scapy(tmp_path, *frames):
    path = tmp_path / "scapy.pcap"
    wrpcap(str(path), list(frames))
    return decode(path)["messages"]


def test_binding_messages_of_scapy(tmp_path):
    update = IPv6(src=MAG, dst=LMA) / MIP6MH_BU(
        seq=77, flags="AHL", mhtime=150, options=[MIP6OptMNID(subtype=1, id=b"mn@x"), MIP6OptAltCoA(acoa="2001:db8:a::9")])
    acknowledgement = IPv6(src=LMA, dst=MAG) / MIP6MH_BA(status=135, seq=77, mhtime=0)
    error = IPv6(src=LMA, dst=MAG) / MIP6MH_BE(status=2, ha="2001:db8::5")
    bu, ba, be = from_scapy(tmp_path, *(Ether() / p for p in (update, acknowledgement, error)))
    assert {m["checksum"] for m in (bu, ba, be)} == {"right"}
    assert (bu["type"], bu["sequence"], bu["flags"], bu["lifetime_s"]) == ("binding-update", 77, ["A", "H", "L"], 600)
    assert [(o["option"], o.get("text", o.get("address"))) for o in bu["options"]] == [
        ("mn-identifier", "mn@x"), ("alternate-care-of-address", "2001:db8:a::9")]
    assert (ba["type"], ba["status_name"], ba["sequence"]) == ("binding-acknowledgement", "SEQUENCE_NUMBER_OUT_OF_WINDOW", 77)
    assert (be["type"], be["status"], be["home_address"]) == ("binding-error", 2, "2001:db8::5")


def test_neighbor_discovery_of_scapy(tmp_path):
    link = ICMPv6NDOptSrcLLAddr(lladdr="02:00:00:00:00:07")
    advertisement = ICMPv6ND_RA(chlim=9, M=1, O=0, routerlifetime=5) / ICMPv6NDOptPrefixInfo(
        prefix="2001:db8:7::", prefixlen=48, L=0, A=1, validlifetime=8, preferredlifetime=4) / ICMPv6NDOptMTU(mtu=1300)
    rs, ra, ns, na = from_scapy(tmp_path, *(Ether() / IPv6(src="fe80::1", dst="ff02::1", hlim=255) / body for body in (
        ICMPv6ND_RS() / link, advertisement, ICMPv6ND_NS(tgt="fe80::7") / link,
        ICMPv6ND_NA(tgt="fe80::7", R=0, S=1, O=0) / ICMPv6NDOptDstLLAddr(lladdr="02:00:00:00:00:08"))))
    assert {m["checksum"] for m in (rs, ra, ns, na)} == {"right"}
    assert rs["options"] == [{"option": "source-link-layer-address", "option_number": 1, "address": "02:00:00:00:00:07"}]
    assert (ra["current_hop_limit"], ra["flags"], ra["router_lifetime_s"]) == (9, ["M"], 5)
    assert ra["options"] == [
        {"option": "prefix-information", "option_number": 3, "prefix": "2001:db8:7::", "prefix_length": 48, "on_link": False,
         "autonomous": True, "valid_lifetime_s": 8, "preferred_lifetime_s": 4},
        {"option": "mtu", "option_number": 5, "mtu": 1300}]
    assert ns["target"] == "fe80::7"
    assert (na["flags"], na["target"], na["options"][0]["address"]) == (["S"], "fe80::7", "02:00:00:00:00:08")


def test_messages_are_found_wherever_they_are(tmp_path):
    update = IPv6(src=MAG, dst=LMA) / MIP6MH_BU(seq=5)
    limit = IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0\0")])
    for frame in (
            Ether() / update, Ether() / Dot1Q(vlan=3) / update, CookedLinux(proto=0x86DD) / update, update,
            Ether() / IPv6(src=LMA, dst=MAG) / limit / update,
            Ether() / IPv6(src=MAG, dst=LMA) / IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0\0")]) / MIP6MH_BU(seq=5)):
        message, = from_scapy(tmp_path, frame)
        assert (message["sequence"], message["source"], message["checksum"]) == (5, MAG, "right"), frame.summary()
        assert message["tunnels"] == (1 if frame.haslayer(IPv6ExtHdrDestOpt) else 0)


def test_hostile_files(tmp_path, samples):
    whole = samples.read_bytes()
    path = tmp_path / "hostile.pcap"
    for content, code in ((b"", "not-a-capture"), (b"\x7fELF" + bytes(60), "not-a-capture"), (whole[:30], "truncated-capture"),
                          (whole[:24] + b"\xff" * 16, "bad-capture"), (whole[:20] + b"\x69\0\0\0" + whole[24:], "unknown-link-type")):
        path.write_bytes(content)
        answer = decode(path, status=1)
        assert (answer["ok"], answer["error"]["code"]) == (False, code)
    path.write_bytes(whole[:-1])
    answer = decode(path, status=1)
    assert (len(answer["messages"]), answer["error"]["code"]) == (NA - 1, "truncated-capture")


def test_text_is_no_wider_than_a_hundred_columns(samples):
    text = run(BUILD / "bin/flowmob", "decode", samples)
    assert max(map(len, text.splitlines())) <= 100
    for part in ("proxy-binding-update", "mn1@example.org", "destination port 80", "binding ids 7 8", "router-advertisement"):
        assert part in text
