"""Links between sites: shares counted by hand, and each link down in turn in a running world."""

import numpy as np
import pytest

from simulator import load
from simulator.spec.loader import SpecError
from simulator.spec.network import Backbone as Spec
from simulator.world.network_backbone import Backbone
from simulator.world.world import World
from tests.spec.example import BASE, write
from tests.world.test_network_world import DAY_S, NETWORK, shares, within_capacity

GB = 1e9
FIGURE = {"status": "published", "source": "test", "date": "2025"}
#: As sites are listed: north, south, west.
NORTH, SOUTH, WEST = range(3)


def spec_of(pairs, stored=("south",), gb_per_s=2):
    return Spec.model_validate(
        {
            "source": "test",
            "links": [
                {"ends": list(ends), "bandwidth": {"value": f"{gb_per_s} GB/s", **FIGURE}}
                for ends in pairs
            ],
            "reads": {"ranking": {"rate": {"value": "20 MB/s", **FIGURE}, "stored": list(stored)}},
        }
    )


RING = (("north", "south"), ("south", "west"), ("west", "north"))


def ring(stored=("south",)):
    return Backbone(spec_of(RING, stored), ["north", "south", "west"], ["ranking"])


def test_reads_share_the_links_as_counted_by_hand():
    backbone = ring()
    wanted = np.array([3.0, 50.0, 1.0]) * GB
    share, load_b_per_s = backbone.share(wanted)
    # South reads at home; north gets the 2 GB/s of its link, west all it wants.
    np.testing.assert_allclose(share, [2 / 3, 1, 1])
    assert sorted(load_b_per_s / GB) == pytest.approx([0, 0, 0, 0, 1, 2])
    backbone.fail("site-link", 0)
    # Both over south -- west now: 4 wanted of 2.
    np.testing.assert_allclose(backbone.share(wanted)[0], [0.5, 1, 0.5])
    backbone.fail("site-link", 1)
    share, load_b_per_s = backbone.share(wanted)
    assert share.tolist() == [0, 1, 0]
    assert not load_b_per_s.any()
    assert [backbone.fed(site).tolist() for site in ("north", "south", "west")] == [
        [False], [True], [False],
    ]  # fmt: skip
    backbone.repair("site-link", 0)
    # North beside it, west behind north: max-min by what each wants, 4 of 2 again.
    np.testing.assert_allclose(backbone.share(wanted)[0], [0.5, 1, 0.5])
    backbone.repair("site-link", 1)
    np.testing.assert_allclose(backbone.share(wanted)[0], [2 / 3, 1, 1])
    with pytest.raises(ValueError, match="is not down"):
        backbone.repair("site-link", 1)


def test_what_two_sites_store_is_read_from_both_in_equal_parts():
    backbone = ring(stored=("south", "west"))
    share, load_b_per_s = backbone.share(np.array([5.0, 9.0, 9.0]) * GB)
    np.testing.assert_allclose(share, [0.8, 1, 1])
    assert sorted(load_b_per_s / GB) == pytest.approx([0, 0, 0, 0, 2, 2])


def scenario_of(folder, pairs=RING, gb_per_s=1, stored="[south]"):
    """Return three sites of H100 racks, of which one stores what all jobs read."""
    site = BASE[BASE.index("  north:") : BASE.index("services:")]
    sites = "".join(
        site.replace("north", name).replace("North", name) for name in ("south", "west")
    )
    text = BASE.replace("services:", sites + "services:", 1)
    rack = "    - {chip: h100-sxm, site: north, racks: 60, source: own}\n"
    text = text.replace(rack, "".join(rack.replace("north", s) for s in ("north", "south", "west")))
    text = text.replace("value: 900 rce_day/day", "value: 2200 rce_day/day").replace(
        "      - {chips: 8, share: 1, run_time: {median: 5 h, p90: 20 h}}\n",
        "      - {chips: 8, share: 0.2, run_time: {median: 30 h, p90: 90 h}}\n"
        "      - {chips: 64, share: 0.4, run_time: {median: 30 h, p90: 90 h}}\n"
        "      - {chips: 256, share: 0.4, run_time: {median: 30 h, p90: 90 h}}\n",
    )
    figure = "status: published, source: paper, date: 2024"
    links = "".join(
        f"      - {{ends: [{a}, {b}], bandwidth: {{value: {gb_per_s} GB/s, {figure}}}}}\n"
        for a, b in pairs
    )
    backbone = (
        f"  backbone:\n    source: paper\n    links:\n{links}    reads:\n      ranking:\n"
        f"        rate: {{value: 20 MB/s, {figure}}}\n        stored: {stored}\n"
    )
    changed = NETWORK.replace("racks: 192", "racks: 20").replace("planes: 16", "planes: 4")
    return load(write(folder, base=text + changed + backbone)).scenario


def running(scenario, until_s):
    world = World(scenario, 0, 0)
    world.begin()
    world.env.run(until=until_s)
    return world


def sites_of(world):
    """Site of each run there is, small ones too."""
    run = world.engine._state.run
    pools = run["pool"][run["job"] >= 0]
    return {world.pools[p][0] for p in np.unique(pools).tolist()}


@pytest.mark.parametrize("pairs", [RING, RING[:2]])
def test_each_site_link_down_in_turn_in_a_running_world(tmp_path, pairs):
    """On a ring all goes on the other way round; on a chain what is cut off stops at once."""
    world = running(scenario_of(tmp_path, pairs), 10 * DAY_S)
    backbone = world.interconnect.backbone
    _, before = shares(world)
    assert before.min() < 1
    within_capacity(world)
    assert sites_of(world) == {"north", "south", "west"}
    for number, ends in enumerate(pairs):
        held = world.engine.running()
        world.interconnect.break_down("all/backbone", "site-link", number)
        cut = set() if len(pairs) == 3 else set(ends) - {"south"}
        assert sites_of(world) == {"north", "south", "west"} - cut
        stopped = set(held.tolist()) - set(world.engine.running().tolist())
        assert bool(stopped) == bool(cut)
        # They wait again at once, or run where they are fed.
        assert {int(s) for s in world.engine._state.job["state"][list(stopped)]} <= {1}
        world.env.run(until=world.env.now + 3600.0)
        assert sites_of(world) == {"north", "south", "west"} - cut
        runs, speed = shares(world)
        assert ((speed > 0) & (speed <= 1)).all()
        np.testing.assert_allclose(world.engine._state.run["fraction"][runs.run], speed, rtol=1e-11)
        within_capacity(world)
        assert backbone.lost_share() == pytest.approx(1 / len(pairs))
        world.interconnect.mend("all/backbone", "site-link", number)
        world.env.run(until=world.env.now + 2 * DAY_S)
        assert sites_of(world) == {"north", "south", "west"}


def test_wide_links_and_data_everywhere_slow_nobody(tmp_path):
    for k, change in enumerate(({"gb_per_s": 1000}, {"stored": "[north, south, west]"})):
        folder = tmp_path / str(k)
        folder.mkdir()
        world = running(scenario_of(folder, **change), 5 * DAY_S)
        assert (world.interconnect.network.links["fed"] == 1).all()


def test_a_site_link_to_nowhere_is_told(tmp_path):
    with pytest.raises(SpecError) as told:
        scenario_of(tmp_path, (("north", "suoth"),))
    assert "suoth" in str(told.value)
    assert "south" in str(told.value)
