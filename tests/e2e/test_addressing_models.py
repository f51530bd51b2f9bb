# SPDX-License-Identifier: Apache-2.0
"""How a node with several interfaces may be addressed: one shared address, several in a shared prefix (the third model, a prefix for each
interface, is in test_prefix_sets.py); and an interface's session that is handed to another interface (Handoff Indicator 2)."""
import pytest

from conftest import eventually

VIDEO_PORT, OTHER_PORT = 5004, 6004
# Of a hundred a second: what overtakes the anchor's answer to the new gateway, which may have to wait for a busy machine.
OVERTAKES = 5
WLAN, WIMAX = "02:00:00:00:01:02", "02:00:00:00:01:01"


def home_address(lab, host):
    return lab.ask("lma", "show", "bindings")["bindings"][0]["address"].split("/")[0] + host


def counted(lab, flow):
    row = next(row for row in lab.ask("lma", "show", "flows")["flows"] if row["flow"] == flow)
    return row["traffic"]["down"]["packets"], row["traffic"]["up"]["packets"]


class Echoes:
    """A correspondent asks an address, a hundred times a second if nothing else is said, until it has asked so often."""

    def __init__(self, lab, address, count, interval=0.01):
        self.count = count
        self.process = lab.spawn("cn", "ping", "-6", "-i", str(interval), "-c", str(count), "-W", "5", address)

    def assert_lossless(self):
        out, err = self.process.communicate(timeout=120)
        assert f"{self.count} packets transmitted, {self.count} received, 0% packet loss" in out, out[-600:] + err
        assert "DUP!" not in out


def test_one_shared_address(lab, stream):
    """Two flows of one address by two links, and each to the other and back."""
    video, other = stream(VIDEO_PORT), stream(OTHER_PORT)
    assert lab.bindings() == {"video": "mag1", "*": "mag2"}
    for flow, there, back in (("video", "mag2", "mag1"), ("*", "mag1", "mag2")):
        for to in (there, back):
            lab.ask("lma", "flow", "move", flow, "--to", to)
            eventually(lambda: lab.bindings()[flow] == to, what=f"{flow} at {to}")
            video.run_for(1)
    video.assert_lossless()
    other.assert_lossless()


@pytest.fixture(name="second_address")
def with_another_address(lab):
    address = home_address(lab, "beef")
    lab.inside("mn", "ip", "-6", "address", "add", f"{address}/128", "dev", "vif0", "nodad")
    yield address
    lab.inside("mn", "ip", "-6", "address", "del", f"{address}/128", "dev", "vif0")


def test_addresses_of_their_own_in_a_shared_prefix(lab, second_address, tmp_path):
    """What is for one address goes by one link, what is for the other by the other, and moves alone."""
    file = tmp_path / "policy.toml"
    rule = """[[policy]]
name = "addresses"
default = true

[[policy.rule]]
name = "second"
prefer = ["{first}", "{then}"]

[policy.rule.match]
destination = "{address}"
"""
    first = lab.address("mn")
    try:
        for to, other in (("mag1", "mag2"), ("mag2", "mag1"), ("mag1", "mag2")):
            asked = Echoes(lab, second_address, 300), Echoes(lab, first, 300)
            file.write_text(rule.format(first=to, then=other, address=second_address), encoding="utf-8")
            lab.ask("lma", "policy", "apply", str(file))
            eventually(lambda: lab.bindings().get("second") == to, what=f"the second address at {to}")
            for one in asked:
                one.assert_lossless()
            before = counted(lab, "second"), counted(lab, "*")
            Echoes(lab, second_address, 50).assert_lossless()
            after = counted(lab, "second"), counted(lab, "*")
            assert (after[0][0] - before[0][0], after[0][1] - before[0][1]) == (50, 50)
            assert lab.bindings()["*"] == "mag2"
    finally:
        lab.ask("lma", "policy", "reload")


def test_a_whole_interface_is_handed_to_another(lab, stream):
    """Handoff Indicator 2 (RFC 5213 section 5.4.1): the session is the same one, and everything that it had goes with it."""
    lab.ask("mag2", "detach", "wlan", "--mac", WLAN)
    sessions = lambda: [row for row in lab.ask("lma", "show", "sessions")["sessions"] if row["state"] == "active"]
    eventually(lambda: set(lab.bindings().values()) == {"mag1"}, what="everything at mag1")
    eventually(lambda: len(lab.ask("lma", "show", "sessions")["sessions"]) == 1, seconds=30, what="the former session's end")
    before, address = sessions(), home_address(lab, "")
    video, other = stream(VIDEO_PORT), stream(OTHER_PORT)
    lab.ask("mag2", "attach", "wlan", "--mac", WLAN, "--handoff-indicator", "between-interfaces")
    eventually(lambda: set(lab.bindings().values()) == {"mag2"}, what="everything at mag2")
    after = sessions()
    assert [row["session"] for row in after] == [row["session"] for row in before]
    assert home_address(lab, "") == address and after[0]["mag"] == "mag2" and after[0]["access_technology"] == "802.11"
    assert set(lab.bindings()) == {"video", "*"}
    video.run_for(2)
    for one in (video, other):
        report = one.end()
        assert report["complete"]
        print("whole interface handed over, 100 packets/s:", {way: (report[way]["sent"], report[way]["lost"]) for way in ("outgoing", "incoming")})
        for way, allowed in (("outgoing", 0), ("incoming", OVERTAKES)):
            assert report[way]["sent"] > 200 and report[way]["lost"] <= allowed and report[way]["duplicated"] == 0, report[way]
    record = eventually(lambda: next((row for row in lab.ask("lma", "show", "handovers")["handovers"] if row["kind"] == "handoff" and row["state"] == "complete"), None),
                        what="a complete record of the handoff")
    whole = lab.ask("lma", "show", "handovers", str(record["handover"]))["handovers"][0]
    assert (whole["from"], whole["to"], whole["session"]) == ("mag1", "mag2", after[0]["session"])
    paths = whole["paths"]
    assert paths["down"]["new"]["packets"] > 50 and paths["up"]["new"]["packets"] > 50, paths
    assert {"last-on-old-path", "first-on-new-path"} <= {step["step"] for step in whole["timeline"]}
    assert whole["interruption_ms"] is not None
    lab.ask("mag1", "attach", "wimax", "--mac", WIMAX)
