# SPDX-License-Identifier: Apache-2.0
"""A gateway with two ways to its anchor (RFC 8278): a care-of address and a tunnel for each."""

import pytest

from conftest import eventually
from test_failure import Revived

FURTHER = "2001:db8:a:2::1"


@pytest.fixture(scope="module", name="revived", autouse=True)
def two_ways(lab):
    """Both by the same cable, which is no business of the protocol's."""
    own = lab.address("mag1")
    lab.inside("mag1", "ip", "addr", "add", f"{FURTHER}/128", "dev", "lo", "nodad")
    lab.inside("lma", "ip", "-6", "route", "add", FURTHER, "via", "2001:db8:1::2")
    lab.edit("lma", f'address = "{own}"\n', f'address = "{own}"\ncare_of_addresses = ["{FURTHER}"]\n', reload=False)
    lab.ask("lma", "reload")
    lab.edit("mag1", "[[access]]\n", f'[[path]]\naddress = "{own}"\n\n[[path]]\naddress = "{FURTHER}"\ntechnology = "lte"\n\n[[access]]\n', reload=False)
    started = Revived()
    started.kill(lab, "mag1")
    started.start(lab, "mag1")
    yield started
    started.end()


def sessions(lab, mag="mag1"):
    return {row["mag_address"]: row for row in lab.ask("lma", "show", "sessions")["sessions"] if row["mag"] == mag}


def address_of(lab, flow):
    rows = lab.ask("lma", "show", "bindings")["bindings"]
    return next(row["mag_address"] for row in rows if row["flow"] == flow)


def test_the_node_is_registered_by_both(lab):
    own = lab.address("mag1")
    eventually(lambda: set(sessions(lab)) == {own, FURTHER}, what="a session for each path")
    assert [sessions(lab)[address]["path"]["id"] for address in (own, FURTHER)] == [1, 2]
    assert sessions(lab)[own]["prefixes"] == sessions(lab)[FURTHER]["prefixes"]
    (row,) = lab.ask("mag1", "show", "bindings")["bindings"]
    assert [path["state"] for path in row["paths"]] == ["registered"] * 2


def test_a_flow_moves_from_path_to_path_without_loss(lab, stream):
    video = stream(5004)
    for address in (FURTHER, lab.address("mag1"), FURTHER):
        lab.ask("lma", "flow", "move", "video", "--to", address)
        assert address_of(lab, "video") == address
        video.run_for(1)
    video.assert_lossless()


def test_all_paths_are_left(lab):
    lab.ask("mag1", "detach", "wimax", "--mac", "02:00:00:00:01:01")
    eventually(lambda: all(row["state"] == "delete-wait" for row in sessions(lab).values()), what="the end of both sessions")
    assert lab.bindings()["video"] == "mag2"
