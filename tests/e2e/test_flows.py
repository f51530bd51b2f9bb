# SPDX-License-Identifier: Apache-2.0
"""Two flows on two accesses under one address, and what it means to move one of them."""
import pytest

from conftest import eventually

VIDEO_PORT, OTHER_PORT = 5004, 6004


def test_bindings_are_those_of_figure_3(lab):
    rows = lab.ask("lma", "show", "bindings")["bindings"]
    assert len(rows) == 2 and len({(row["mn"], row["address"]) for row in rows}) == 1
    assert {row["mag"] for row in rows} == {"mag1", "mag2"}
    assert lab.bindings()["video"] == "mag1"
    assert all(row["state"] == "active" and row["remaining_seconds"] > 0 for row in rows)


def test_only_the_virtual_interface_has_a_global_address(lab):
    """The draft's Tables 1 and 2."""
    shown = lab.inside("mn", "ip", "-o", "-6", "address", "show", "scope", "global").stdout.splitlines()
    assert [line.split()[1] for line in shown] == ["vif0"]
    links = lab.inside("mn", "ip", "-o", "-6", "address", "show", "scope", "link").stdout
    assert {"if1", "if2"} <= {line.split()[1] for line in links.splitlines()}


def member_of(lab, port):
    """The link of the newest flow with this port of the correspondent, and how often it moved."""
    flows = [flow for flow in lab.ask("mn", "show", "flows")["flows"] if port in (flow["source_port"], flow["destination_port"])]
    newest = min(flows, key=lambda flow: flow.get("idle_ms", 0))
    return newest["member"], newest["moves"]


def flow_row(lab, name):
    return next(row for row in lab.ask("lma", "show", "flows")["flows"] if row["flow"] == name)


def test_a_flow_moves_and_comes_back_without_losing_a_packet(lab, stream):
    video, other = stream(VIDEO_PORT), stream(OTHER_PORT)
    default = next(name for name in lab.bindings() if name != "video")
    moves_of_default = flow_row(lab, default)["moves"]
    assert member_of(lab, VIDEO_PORT)[0] == "if1"
    path_of_other = member_of(lab, OTHER_PORT)
    assert path_of_other[0] == "if2"
    for mag, member in (("mag2", "if2"), ("mag1", "if1")):
        moved = lab.ask("lma", "flow", "move", "video", "--to", mag)
        assert moved["to"] == mag and moved["changed"]
        assert lab.bindings()["video"] == mag
        eventually(lambda: member_of(lab, VIDEO_PORT)[0] == member, what=f"the uplink on {member}")
        video.run_for(1)
    assert member_of(lab, OTHER_PORT) == path_of_other
    assert flow_row(lab, default)["moves"] == moves_of_default
    video.assert_lossless()
    other.assert_lossless()


def test_an_attachment_asks_for_the_services_it_was_told(lab):
    """Not for those that its access stands for."""
    before = lab.bindings()
    assert before["video"] == "mag1" and before["*"] == "mag2"
    mac = "02:00:00:00:01:01"
    lab.ask("mag1", "detach", "wimax", "--mac", mac)
    eventually(lambda: lab.bindings()["video"] == "mag2", what="all flows away from mag1")
    lab.ask("mag1", "attach", "wimax", "--mac", mac, "--services", "internet")
    eventually(lambda: lab.bindings()["*"] == "mag1", what="the internet's flow at the latest link that asked for it")
    lab.ask("lma", "flow", "move", "*", "--to", "mag2")
    assert lab.bindings() == before


def record_of_last_move(lab, **expected):
    """When it is complete: with its steps by their names, and where they stand."""
    def complete():
        number = lab.ask("lma", "show", "handovers", "--flow", "video")["handovers"][-1]["handover"]
        row = lab.ask("lma", "show", "handovers", str(number))["handovers"][0]
        return row if row["state"] != "observing" else None
    row = eventually(complete, what="the record")
    assert {key: row[key] for key in expected} == expected
    return row, {(step["step"], step.get("way")): step["at_ms"] for step in row["timeline"]}


def test_a_move_under_traffic_leaves_a_record(lab, stream):
    video = stream(VIDEO_PORT)
    lab.ask("lma", "flow", "move", "video", "--to", "mag2")
    video.run_for(1)
    row, steps = record_of_last_move(lab, state="complete", trigger="command", kind="moved", to="mag2", **{"from": "mag1"})
    assert row["mn"] == "mn1@example.net" and row["because"] == "it is bound to that link"
    order = ["trigger", "decided", "switch-asked", "switched", "complete"]
    assert [step["step"] for step in row["timeline"] if step["step"] in order] == order
    for way in ("down", "up"):
        seen = row["paths"][way]
        assert seen["new"]["packets"] > 10 and seen["old"]["last"], row
        assert steps[("switch-asked", None)] <= steps[("first-on-new-path", way)]
        assert seen["interruption_ms"] < 100, "a packet each 10 ms"
    assert row["interruption_ms"] == max(row["paths"][way]["interruption_ms"] for way in ("down", "up"))
    lab.ask("lma", "flow", "move", "video", "--to", "mag1")
    video.assert_lossless()


def test_a_link_that_fails_leaves_a_record_with_its_messages(lab, stream):
    video = stream(VIDEO_PORT)
    mac = "02:00:00:00:01:01"
    lab.ask("mag1", "detach", "wimax", "--mac", mac)
    video.run_for(1)
    row, steps = record_of_last_move(lab, state="complete", trigger="deregistration", kind="fallback", to="mag2")
    assert row["paths"]["up"]["new"]["packets"] > 10 and 0 <= row["interruption_ms"] < 1000
    assert steps[("pbu-received", None)] <= steps[("decided", None)] <= steps[("switched", None)]
    assert ("pba-sent", None) in steps
    lab.ask("mag1", "attach", "wimax", "--mac", mac, "--services", "video")
    eventually(lambda: lab.bindings()["video"] == "mag1", what="the flow back")
    record_of_last_move(lab, trigger="link-open")
    video.end()


def test_moving_to_where_it_is_changes_nothing(lab):
    assert lab.ask("lma", "flow", "move", "video", "--to", lab.bindings()["video"])["changed"] is False


@pytest.mark.parametrize("flow,mag,code", [("vidoe", "mag2", "no-such-flow"), ("video", "mag9", "no-such-mag")])
def test_what_cannot_be_moved(lab, flow, mag, code):
    before = lab.bindings()
    answer = lab.ask("lma", "flow", "move", flow, "--to", mag, check=False)
    assert answer["exit"] == 1 and answer["error"]["code"] == code
    assert lab.bindings() == before


def test_counters_add_up(lab, stream):
    before = flow_row(lab, "video")["traffic"]
    video = stream(VIDEO_PORT)
    video.run_for(1)
    report = video.assert_lossless()
    after = flow_row(lab, "video")["traffic"]
    assert after["down"]["packets"] - before["down"]["packets"] >= report["incoming"]["sent"]
    assert after["up"]["packets"] - before["up"]["packets"] >= report["outgoing"]["sent"]
