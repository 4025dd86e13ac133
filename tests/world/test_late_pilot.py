"""A pilot that does not come in time: the chip is dropped, and the fallback queues at the back."""

import pytest
from pydantic import ValidationError

from simulator.units import DAY_S, WEEK_S
from tests.world.buying import figure, run, spread
from tests.world.test_programme import scenario, states

STOP = {"node": "partner", "quarter": "2025Q1", "duration": 500 * WEEK_S, "severity": 1.0}


def supplied(given, **more):
    """The scenario with other supply."""
    tree = given.model_dump(mode="json")
    tree["supply"].update(more)
    return type(given).from_si(tree)


def dropped(world):
    """When the chip was dropped [s] and why."""
    told = world.record.tables["events"]
    (why,) = (d for k, d in zip(told["kind"], told["detail"], strict=True) if k == "judged")
    assert "gate" not in states(world)
    return states(world)["cancel"], why


@pytest.mark.parametrize(("latest", "last"), [(None, "2026Q3"), ("2025Q4", "2025Q4")])
def test_no_pilot_by_the_last_date_drops_the_chip_whatever_is_forced(latest, last):
    """The gate is in 2025Q3, four quarters on in 2026Q3; the rest as at a gate that cancels."""
    gate = {"forced": "ramp", "latest": latest}
    w = run(supplied(scenario(gate=gate, take_or_pay=figure(7.0)), shocks=[STOP]))
    when_s, why = dropped(w)
    assert when_s == w.scenario.horizon.calendar.at(last)
    assert why == f"cancel: no pilot is in service by {last}"
    assert w.programme.spent == [(when_s, 7.0, "cancellation")]
    (fallback,) = (o for o in w.supply.orders if o.cause == "fallback")
    # 100 USD buy 50 racks, behind ten weeks at the back of the queue, once 2025Q4 has begun.
    assert (fallback.chip, fallback.racks, fallback.wanted_s) == ("gpu", 50, when_s)
    assert fallback.due_s == pytest.approx(when_s + 14 * WEEK_S)


def test_a_pilot_smaller_than_its_contracts_minimum_never_comes():
    terms = {"own": {"minimum": 2, "source": "a test"}}
    w = run(supplied(scenario(), contracts=terms))
    assert dropped(w)[0] == w.scenario.horizon.calendar.at("2026Q3")
    assert not [o for o in w.supply.orders if o.cause == "pilot"]


def test_a_pilot_that_waits_for_money_is_called_off_and_owes_nothing():
    """A budget of 1 USD pays no rack of 2: nothing is paid, owed, or held up behind it."""
    given = supplied(scenario(), plan=[{"chip": "gpu", "quarter": "2025Q2", "racks": 1}])
    tree = given.model_dump(mode="json")
    tree["economics"]["budget"] = {"2025Q1": 1.0, "2025Q2": 0.5, "2025Q3": 0.0}
    tree["catalog"]["racks"]["gpu"]["price"]["value"] = 1.0
    w = run(type(given).from_si(tree))
    pilot, plan = (o for o in w.supply.orders if o.cause in ("pilot", "plan"))
    assert pilot.cancelled_s == dropped(w)[0] == plan.funded_s
    assert pilot.payments == []
    assert w.treasury.balance_usd == pytest.approx(0.5)


@pytest.mark.parametrize("spin_days", [300, 500])
def test_silicon_that_is_not_up_by_the_last_date_orders_no_pilot(spin_days):
    """Two spins and little else: up on day 606 or 1006, where 2026Q3 begins on day 546."""
    silicon = {
        "start": "2025Q1",
        "design": spread(5 * DAY_S),
        "spin": spread(spin_days * DAY_S),
        "spin_success": [0.0],
        "spin_cost": figure(5.0),
        "bring_up": spread(1 * DAY_S),
    }
    w = run(scenario(silicon=silicon))
    when_s, _ = dropped(w)
    assert when_s == w.scenario.horizon.calendar.at("2026Q3")
    assert "pilot_ordered" not in states(w)
    # The second tape-out is on day 305 or 505.
    assert w.programme.spent == [((5 + spin_days) * DAY_S, 5.0, "development")]


def test_a_pilot_in_service_by_the_last_date_runs_its_time():
    """In service in week 4, it runs 700 days; the gate comes then, behind its last date."""
    w = run(scenario(pilot_run=700 * DAY_S, gate={"forced": "ramp"}))
    assert states(w)["ramp"] == pytest.approx(4 * WEEK_S + 700 * DAY_S)
    assert states(w)["ramp"] > w.scenario.horizon.calendar.at("2026Q3")


def test_a_last_date_before_the_gate_is_refused():
    with pytest.raises(ValidationError, match="before the gate's quarter, 2025Q3"):
        scenario(gate={"latest": "2025Q2"})
