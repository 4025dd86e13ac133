"""Which racks go where and when: cooling, order of sites and of the dock, refresh, power."""

import pytest
import simpy

from simulator.streams import Streams
from simulator.units import WEEK_S
from simulator.world.chain import Chain
from simulator.world.recorder import Recorder
from simulator.world.supply_world import SupplyWorld
from tests.world.buying import buying, chip, figure, lead, rack, run
from tests.world.test_market import order
from tests.world.test_programme import scenario as with_programme


def site(racks: int, *cooling: str, watts: float = 1e12, **more):
    return {
        "label": "A site",
        "cooling": list(cooling or ("air",)),
        "pue": figure(1.25),
        "energy_price": figure(1e-8),
        "phases": [{"quarter": "2024Q4", "it_power": watts, "racks": racks}],
        **more,
    }


def at_sites(sites, scenario):
    """The scenario on other sites."""
    tree = scenario.model_dump(mode="json")
    tree["sites"] = sites
    return type(scenario).from_si(tree)


def deliveries(world) -> list[tuple]:
    """Order, site, chip and racks of what went into service, in that order."""
    told = world.record.tables["deliveries"]
    return [*zip(*(told[k] for k in ("order", "site", "chip", "racks")), strict=True)]


def test_racks_go_only_where_their_cooling_is():
    """Ten racks that ask for liquid find four places with it; ten by air have eight."""
    chips = {"dry": chip(), "wet": chip()}
    given = buying(
        chips,
        racks={"wet": {**rack("wet"), "cooling": "liquid"}},
        plan=[order("wet", 10), order("dry", 10)],
    )
    sites = {"a": site(5), "b": site(4, "liquid"), "c": site(3, "air")}
    world = run(at_sites(sites, given))
    assert world.floor.racks == {("b", "wet"): 4, ("a", "dry"): 5, ("c", "dry"): 3}
    assert {c.chip: c.racks for c in world.floor.dock} == {"wet": 6, "dry": 2}


def test_a_floor_with_both_coolings_takes_both():
    given = buying(
        {"dry": chip(), "wet": chip()},
        racks={"wet": {**rack("wet"), "cooling": "liquid"}},
        plan=[order("wet", 2), order("dry", 2)],
    )
    world = run(at_sites({"a": site(3, "air", "liquid")}, given))
    assert world.floor.racks == {("a", "wet"): 2, ("a", "dry"): 1}


def test_sites_fill_in_the_order_of_their_ids():
    """Five racks: three in north, of which there are no more, and two in south, of four."""
    sites = {"south": site(4), "north": site(3), "west": site(9)}
    world = run(at_sites(sites, buying(plan=[order("gpu", 5)])))
    assert [(where, racks) for _, where, _, racks in deliveries(world)] == [
        ("north", 3),
        ("south", 2),
    ]


@pytest.mark.parametrize(
    ("places", "served"),
    [
        # Two of the ten that came first, then its rest and four of the next.
        ([2, 12], [("plan/gpu/2025Q1/1", 2), ("plan/gpu/2025Q1/1", 8), ("plan/gpu/2025Q2/1", 4)]),
        ([0, 10], [("plan/gpu/2025Q1/1", 10)]),
    ],
)
def test_the_dock_is_served_first_come_first_served(places, served):
    """Ten racks of 2025Q1 and ten of 2025Q2 wait for the places of 2025Q4."""
    phases = [
        {"quarter": quarter, "it_power": 1e12, "racks": racks}
        for quarter, racks in zip(("2024Q4", "2025Q4"), places, strict=True)
    ]
    plan = [order("gpu", 10, quarter) for quarter in ("2025Q1", "2025Q2")]
    world = run(buying(site={"phases": phases}, plan=plan))
    assert [(name, racks) for name, _, _, racks in deliveries(world)] == served


def test_racks_are_burnt_in_once_they_are_installed():
    """Of 20 weeks two go to installation and five to burn-in: weeks 13 to 15, and to 20."""
    shares = {"package_share": 0.1, "install_share": 0.1, "burn_in_share": 0.25}
    world = run(buying(plan=[order("gpu", 1)], lead_times={"gpu": lead(20 * WEEK_S, **shares)}))
    told = world.record.tables["events"]
    found = dict(zip(told["kind"], told["t_s"], strict=True))
    assert found["landed"] == pytest.approx(13 * WEEK_S)
    assert found["install done"] == pytest.approx(15 * WEEK_S)
    assert found["burn_in done"] == pytest.approx(20 * WEEK_S)


def test_a_refresh_takes_out_no_more_than_its_line_names():
    """Twenty old racks fill the floor; five may go: of three and four new ones five find room."""
    plan = [order("new", 3), order("new", 4, "2025Q2")]
    line = {"chip": "old", "site": "site", "quarter": "2025Q1", "racks": 5, "makes_room_for": "new"}
    world = run(
        buying(
            {"old": chip(), "new": chip()},
            site={"phases": [{"quarter": "2024Q4", "it_power": 1e12, "racks": 20}]},
            in_service=[{"chip": "old", "site": "site", "racks": 20, "source": "a test"}],
            retirements=[line],
            plan=plan,
        )
    )
    assert world.floor.racks == {("site", "old"): 15, ("site", "new"): 5}
    assert [(name, racks) for name, _, chip, racks in deliveries(world) if chip == "new"] == [
        ("plan/new/2025Q1/1", 3),
        ("plan/new/2025Q2/1", 2),
    ]


def test_the_fleet_is_told_with_its_chips_and_power():
    """Racks of 2 hosts with 4 chips and 30 W: three, five, and four when one is retired."""
    world = run(
        buying(
            racks={"gpu": {**rack("gpu", chips=4, watts=30.0), "hosts": 2}},
            in_service=[{"chip": "gpu", "site": "site", "racks": 3, "source": "a test"}],
            plan=[order("gpu", 2)],
            retirements=[{"chip": "gpu", "site": "site", "quarter": "2025Q3", "racks": 1}],
        )
    )
    told = world.record.tables["fleet"]
    rows = [*zip(*(told[k] for k in ("racks", "chips", "nameplate_w")), strict=True)]
    assert rows == [(3, 24, 90.0), (5, 40, 150.0), (4, 32, 120.0)]


@pytest.mark.parametrize(
    ("energy", "racks"),
    # One that needs half as much again is provisioned for it; one that needs less, as planned.
    [(1.5, 10), (1.0, 15), (0.5, 15)],
)
def test_an_in_house_chip_is_provisioned_for_the_power_it_needs(energy, racks):
    """15 kW for racks of 1 kW by plan: one of the pilot's, the others of the ramp's fifty."""
    given = with_programme(
        own_watts=1000.0, energy={"median": energy, "p90": energy}, gate={"forced": "ramp"}
    )
    world = run(at_sites({"a": site(100, watts=15e3)}, given))
    assert world.floor.racks == {("a", "own"): racks}
    told = world.record.tables["fleet"]
    assert told["nameplate_w"][-1] == pytest.approx(15e3)
    # The merchant's are as planned whatever ours need.
    assert world.nameplate_w["gpu"] == 1.0


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(("lacking_w", "racks"), [(0.0, 3), (0.4, 3), (0.6, 2)])
def test_of_power_half_a_watt_may_lack(together, lacking_w, racks):
    """Three racks of a kilowatt: what rounds to their power is enough for them, and no less."""
    plan = [order("gpu", 3)] if together else [order("gpu", 1)] * 3
    given = buying(racks={"gpu": rack("gpu", watts=1000.0)}, plan=plan)
    world = run(at_sites({"a": site(9, watts=3000.0 - lacking_w)}, given))
    assert world.floor.racks == {("a", "gpu"): racks}


def test_power_that_some_of_an_order_leaves_is_there_for_others():
    """Of five racks of a kilowatt three fit in 3.5 kW; five of 100 W beside them."""
    given = buying(
        {"gpu": chip(), "small": chip()},
        racks={"gpu": rack("gpu", watts=1000.0), "small": rack("small", watts=100.0)},
        plan=[order("gpu", 5), order("small", 6, "2025Q2")],
    )
    world = run(at_sites({"a": site(99, watts=3500.0)}, given))
    assert world.floor.racks == {("a", "gpu"): 3, ("a", "small"): 5}


def test_a_refresh_takes_out_racks_of_its_own_site_alone():
    """Four old racks fill each of two sites; three new ones come for the first."""
    line = {"chip": "old", "site": "a", "quarter": "2025Q1", "racks": 9, "makes_room_for": "new"}
    given = buying({"old": chip(), "new": chip()}, plan=[order("new", 3, "2025Q2")])
    tree = given.model_dump(mode="json")
    tree["sites"] = {"a": site(4), "b": site(4)}
    tree["supply"]["retirements"] = [line]
    tree["supply"]["in_service"] = [
        {"chip": "old", "site": where, "racks": 4, "source": "a test"} for where in ("a", "b")
    ]
    world = run(type(given).from_si(tree))
    assert world.floor.racks == {("a", "old"): 1, ("a", "new"): 3, ("b", "old"): 4}


@pytest.mark.parametrize("ours", [False, True])
def test_a_listener_is_told_of_all_racks_that_go_into_service(ours):
    """With a programme, which listens too, and without."""
    given = with_programme(gate={"forced": "ramp"}) if ours else buying(plan=[order("gpu", 3)])
    told: list[tuple[str, str, int]] = []
    world = SupplyWorld(
        simpy.Environment(),
        Chain(given),
        Streams(0, 0),
        Recorder(),
        lambda *what: told.append(what),
    )
    world.run()
    assert told
    assert told == [row[1:] for row in deliveries(world)]
