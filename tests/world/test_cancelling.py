"""Calling orders off on the real world: until when, what is owed, and who is paid then."""

import pytest

from simulator.units import WEEK_S
from tests.world.buying import buying, figure, lead, node, rack, run, world_of

#: Quarters of 2025 begin on days 0, 90, 181 and 273: weeks 0, 12.9, 25.9 and 39.
QUARTERS = ("2025Q2", "2025Q3", "2025Q4", "2026Q1")


def terms(**more):
    return {"prepay": 0.5, "take_or_pay": 0.1, "source": "a test", **more}


def cancelled(cancel, before, budget=1e3, weeks=60.0, **shares):
    """One order of 100 racks of 1 USD in 2025Q1, called off in a quarter."""
    line = {"chip": "gpu", "quarter": "2025Q1", "racks": 100, "cancel": cancel}
    parts = {"fab_share": 0.3, "package_share": 0.2, "ship_share": 0.1, **shares}
    w = run(
        buying(
            racks={"gpu": rack("gpu", usd=1.0)},
            budget=budget,
            plan=[line],
            contracts={"gpu": terms(cancel_before=before)},
            lead_times={"gpu": lead(weeks * WEEK_S, **parts)},
        )
    )
    return w, w.supply.orders[0]


@pytest.mark.parametrize("before", ["wafer", "packaging", "rack", "ship"])
@pytest.mark.parametrize("quarter", QUARTERS)
def test_an_order_can_be_called_off_until_it_enters_the_stage_named(before, quarter):
    """Of 60 weeks wafers end in week 18, packaging in 30, racks in 54, shipping in 60."""
    w, order = cancelled(quarter, before)
    enters_s = {"wafer": 0.0, "packaging": 18.0, "rack": 30.0, "ship": 54.0}[before] * WEEK_S
    in_time = w.scenario.horizon.calendar.at(quarter) < enters_s
    assert (order.cancelled_s is not None) == in_time
    assert (order.landed_s is None) == in_time


@pytest.mark.parametrize(("before", "comes_off"), [("packaging", False), ("ship", True)])
def test_racks_that_are_built_and_wait_for_their_balance_have_passed_packaging(before, comes_off):
    """Built in week 27 of 30, they wait for the other half of their price: 60 USD of 100."""
    _, order = cancelled("2025Q4", before, budget=60.0, weeks=30.0, fab_share=0.5)
    assert order.ends[-1][0] == "rack"
    assert order.ends[-1][1] == pytest.approx(27 * WEEK_S)
    assert (order.cancelled_s is not None) == comes_off
    assert [usd for _, usd in order.payments] == [50.0, -40.0] if comes_off else [50.0]


def test_of_an_order_before_the_start_all_but_what_the_contract_keeps_comes_back():
    """Paid in full before the run: 100 USD, of which a tenth is kept; the rest buys racks."""
    off = {"chip": "gpu", "quarter": "2024Q4", "racks": 100, "cancel": "2025Q2"}
    then = {"chip": "gpu", "quarter": "2025Q3", "racks": 90}
    w = run(
        buying(
            racks={"gpu": rack("gpu", usd=1.0)},
            budget=0.0,
            plan=[off, then],
            contracts={"gpu": {**terms(cancel_before="ship"), "prepay": 1.0}},
            lead_times={"gpu": lead(60 * WEEK_S, fab_share=0.3)},
        )
    )
    first, second = w.supply.orders
    calendar = w.scenario.horizon.calendar
    assert first.payments == [(calendar.at("2024Q4"), 100.0), (calendar.at("2025Q2"), -90.0)]
    assert second.funded_s == calendar.at("2025Q3")
    assert w.treasury.balance_usd == pytest.approx(0.0)


@pytest.mark.parametrize("why", ["money", "allocation"])
def test_an_order_that_is_not_firm_owes_nothing(why):
    """Six tenths would be owed of 100 USD; unpaid or without an allocation, nothing is."""
    scarce = {"fab": node("foundry", "TW", capacity={"2025Q1": figure(0.5)})}
    line = {"chip": "gpu", "quarter": "2025Q1", "racks": 100, "cancel": "2025Q3"}
    w = run(
        buying(
            racks={"gpu": rack("gpu", usd=1.0)},
            budget=1e3 if why == "allocation" else 99.0,
            plan=[line],
            nodes=scarce if why == "allocation" else {},
            contracts={"gpu": terms(prepay=1.0, take_or_pay=0.6)},
        )
    )
    (order,) = w.supply.orders
    assert order.cancelled_s == w.scenario.horizon.calendar.at("2025Q3")
    assert (order.payments, order.owed_usd) == ([], 0.0)
    assert w.treasury.paid_usd == 0.0


def test_who_waited_behind_a_cancelled_order_is_paid_when_it_goes():
    """Of 60 USD the first asks 100 and holds up one of 50, which is paid when it is called off."""
    first = {"chip": "gpu", "quarter": "2025Q1", "racks": 100, "cancel": "2025Q3"}
    second = {"chip": "gpu", "quarter": "2025Q2", "racks": 50}
    w = run(buying(racks={"gpu": rack("gpu", usd=1.0)}, budget=60.0, plan=[first, second]))
    a, b = w.supply.orders
    assert a.funded_s is None
    assert b.funded_s == a.cancelled_s == w.scenario.horizon.calendar.at("2025Q3")


@pytest.mark.parametrize(("install", "burn_in"), [(0.1, 0.15), (0.0, 0.15), (0.1, 0.0)])
def test_racks_are_installed_and_burnt_in_behind_the_dock(install, burn_in):
    """Of 20 weeks' lead time; what is left lies before the dock, at which nothing waits."""
    shares = {"install_share": install, "burn_in_share": burn_in, "package_share": 0.1}
    line = {"chip": "gpu", "quarter": "2025Q1", "racks": 3}
    w = run(buying(plan=[line], lead_times={"gpu": lead(20 * WEEK_S, **shares)}))
    (order,) = w.supply.orders
    assert order.landed_s == pytest.approx(20 * WEEK_S * (1 - install - burn_in))
    (served_s,) = w.record.tables["deliveries"]["in_service_s"]
    assert served_s == pytest.approx(20 * WEEK_S)


@pytest.mark.parametrize("scarce", [False, True])
def test_an_order_called_off_in_the_step_it_is_placed_pays_and_asks_for_nothing(scarce):
    """One and the same step of some process, a week into the run: nothing of it is left."""
    nodes = {"fab": node("foundry", "TW", capacity={"2025Q1": figure(1000)})} if scarce else {}
    w = world_of(buying(racks={"gpu": rack("gpu", usd=1.0)}, budget=1e3, nodes=nodes))

    def regrets():
        yield w.env.timeout(WEEK_S)
        order = w.supply.buy("gpu", "2025Q1", 100, "a whim")
        w.supply.cancel(order)

    w.env.process(regrets())
    w.run()
    (order,) = w.supply.orders
    assert (order.cancelled_s, order.payments, order.owed_usd) == (WEEK_S, [], 0.0)
    assert w.treasury.paid_usd == 0.0
    assert w.market.asks == []
