"""Accounts of orders: what is paid, given back, written off, and what held racks up."""

import pytest

from scenarios.supply_rows import pipeline_rows
from simulator.units import DAY_S, WEEK_S
from tests.world.books_of import costs, rack_s_waited
from tests.world.buying import buying, chip, figure, lead, node, rack, run, spread
from tests.world.test_programme import scenario as with_programme
from tests.world.test_programme import states


def one_order(racks=100, weeks=30.0, cancel=None, **more):
    """Racks of 1 USD ordered in 2025Q1; rack work ends after 90 % of the lead time."""
    terms = {"prepay": 1.0, "take_or_pay": 0.6, "cancel_before": "ship", "source": "a test"}
    shares = {"ship_share": 0.1, **more.pop("shares", {})}
    line = {"chip": "gpu", "quarter": "2025Q1", "racks": racks, "cancel": cancel}
    return run(
        buying(
            racks={"gpu": rack("gpu", usd=1.0)},
            plan=[line],
            contracts={"gpu": {**terms, **more.pop("terms", {})}},
            lead_times={"gpu": lead(weeks * WEEK_S, **shares)},
            **more,
        )
    )


@pytest.mark.parametrize(
    ("prepay", "cash"),
    [(1.0, {"2025Q1": 100.0, "2025Q2": -40.0}), (0.1, {"2025Q1": 10.0, "2025Q2": 50.0})],
)
def test_what_a_vendor_keeps_of_a_cancelled_order_is_cash_and_cost(prepay, cash):
    """Of 100 USD 60 are kept: 40 come back or 50 are paid in 2025Q2, when 60 are written off."""
    w = one_order(cancel="2025Q2", terms={"prepay": prepay})
    racks, cancelled = costs(w, "cash", "racks"), costs(w, "cash", "cancellation")
    both = {quarter: racks[quarter] + cancelled.get(quarter, 0.0) for quarter in racks}
    assert both == pytest.approx(cash)
    # No rack came, so none was paid for: all that is gone went for cancelling.
    assert sum(racks.values()) == pytest.approx(0.0)
    assert cancelled == pytest.approx({"2025Q2": 60.0})
    assert costs(w, "accrual", "cancellation") == pytest.approx({"2025Q2": 60.0})
    assert costs(w, "accrual", "racks") == {}
    assert costs(w, "owed", "racks") == costs(w, "owed", "cancellation") == {}


def test_racks_that_landed_are_written_off_over_their_life():
    """100 racks of 1 USD serve from day 210 of 730 on, over a life of 1.7e8 s."""
    w = one_order()
    served_s = w.scenario.horizon.calendar.horizon_s - 210 * DAY_S
    assert sum(costs(w, "accrual", "racks").values()) == pytest.approx(100 * served_s / 1.7e8)
    assert costs(w, "cash", "racks") == pytest.approx({"2025Q1": 100.0})


def written_off(life_days: float, **more) -> dict[str, float]:
    """By quarter, of racks listed at 2 USD that serve at once."""
    scenario = buying(racks={"gpu": rack("gpu", usd=2.0)}, **more)
    life = scenario.economics.model_copy(
        update={
            "rack_life": scenario.economics.rack_life.model_copy(
                update={"value": life_days * DAY_S}
            )
        }
    )
    return costs(run(scenario.model_copy(update={"economics": life})), "accrual", "racks")


def test_each_line_is_written_off_at_its_own_price_whatever_is_bought_later():
    """Ten racks at 1 USD over 1000 days: 90 in the first quarter; ten at 9 from day 640 on."""
    cheap = {"chip": "gpu", "quarter": "2025Q1", "racks": 10, "price": 1.0}
    dear = {**cheap, "quarter": "2026Q4", "price": 9.0}
    alone, both = (written_off(1000, plan=plan) for plan in ([cheap], [cheap, dear]))
    assert alone["2025Q1"] == both["2025Q1"] == pytest.approx(10 * 90 / 1000)
    last_days = 730 - 638  # 1 October 2026 is day 638
    assert both["2026Q4"] == pytest.approx((10 + 90) * last_days / 1000)


def test_no_more_is_written_off_than_was_paid():
    """A life of 100 days: 90 of them in the first quarter, ten in the next, then nothing."""
    told = written_off(100, plan=[{"chip": "gpu", "quarter": "2025Q1", "racks": 10}])
    assert told == pytest.approx({"2025Q1": 18.0, "2025Q2": 2.0})


@pytest.mark.parametrize(
    ("racks", "rest"),
    # The four oldest go first, at 2 USD, after 181 of 1000 days; then those bought on day 90.
    [(4, 4 * 2 * 819 / 1000), (6, 4 * 2 * 819 / 1000 + 2 * 3 * 909 / 1000)],
)
def test_what_is_left_of_racks_that_are_retired_is_written_off_then(racks, rest):
    plan = [
        {"chip": "gpu", "quarter": "2025Q1", "racks": 4},
        {"chip": "gpu", "quarter": "2025Q2", "racks": 5, "price": 3.0},
    ]
    gone = [{"chip": "gpu", "quarter": "2025Q3", "site": "site", "racks": racks}]
    kept, told = written_off(1000, plan=plan), written_off(1000, plan=plan, retirements=gone)
    served = (2 * 4 * (4 - min(racks, 4)) / 4 + 3 * (9 - max(racks, 4))) * 92 / 1000
    assert told["2025Q3"] == pytest.approx(rest + served)
    assert [told[q] for q in ("2025Q1", "2025Q2")] == [kept[q] for q in ("2025Q1", "2025Q2")]


def test_racks_that_stood_at_the_start_leave_nothing_when_they_go():
    """Their age is not known: ten serve 181 days of 1000, and that is all."""
    stood = [{"chip": "gpu", "site": "site", "racks": 10, "source": "a test"}]
    gone = [{"chip": "gpu", "quarter": "2025Q3", "site": "site", "racks": 10}]
    told = written_off(1000, in_service=stood, retirements=gone)
    assert sum(told.values()) == pytest.approx(10 * 2 * 181 / 1000)


@pytest.mark.parametrize(
    ("line", "racks", "usd"),
    [
        ({"spend": 11.0}, 4, 10.0),
        ({"spend": 11.0, "price": 2.0}, 5, 10.0),
        ({"spend": 11.0, "discount": 0.12}, 5, 11.0),
        ({"racks": 3}, 3, 7.5),
        ({"racks": 3, "price": 4.0}, 3, 12.0),
        ({"racks": 3, "discount": 0.2}, 3, 6.0),
        ({"racks": 3, "discount": 0.0}, 3, 7.5),
    ],
)
def test_a_line_pays_its_own_price_or_its_discount_off_the_listed(line, racks, usd):
    """Racks are listed at 2.5 USD, and serve at once for all of a life of 1.7e8 s."""
    line = {"chip": "gpu", "quarter": "2025Q1", **line}
    w = run(buying(racks={"gpu": rack("gpu", usd=2.5)}, plan=[line]))
    (order,) = w.supply.orders
    assert (order.racks, order.worth_usd) == (racks, pytest.approx(usd))
    assert costs(w, "cash", "racks") == pytest.approx({"2025Q1": usd})
    assert w.treasury.paid_usd == pytest.approx(usd)
    written_off = usd * w.scenario.horizon.calendar.horizon_s / 1.7e8
    assert sum(costs(w, "accrual", "racks").values()) == pytest.approx(written_off)


def test_a_discount_stays_with_its_line():
    """Two lines of one chip in one quarter: 10 racks at 2 USD, 10 at 1.5; the budget pays both."""
    plan = [{"chip": "gpu", "quarter": "2025Q1", "racks": 10}]
    plan.append({**plan[0], "discount": 0.25})
    w = run(buying(racks={"gpu": rack("gpu", usd=2.0)}, plan=plan, budget=35.0))
    assert [o.price_usd for o in w.supply.orders] == [2.0, 1.5]
    assert w.treasury.balance_usd == pytest.approx(0.0)


def test_what_a_vendor_keeps_is_a_part_of_the_lines_own_price():
    """100 racks at 0.5 instead of 1 USD: of 50 USD paid 60 % are kept."""
    terms = {"prepay": 1.0, "take_or_pay": 0.6, "cancel_before": "ship", "source": "a test"}
    line = {"chip": "gpu", "quarter": "2025Q1", "racks": 100, "cancel": "2025Q2", "price": 0.5}
    leads = {"gpu": lead(30 * WEEK_S, ship_share=0.1)}
    w = run(buying(plan=[line], contracts={"gpu": terms}, lead_times=leads))
    assert costs(w, "cash", "racks") == pytest.approx({"2025Q1": 50.0, "2025Q2": -50.0})
    for basis in ("cash", "accrual"):
        assert costs(w, basis, "cancellation") == pytest.approx({"2025Q2": 30.0})


@pytest.mark.parametrize(
    ("line", "prepay", "paid", "owed"),
    [
        # Of 100 racks of 1 USD, 30 or 100 are paid with the order; two years are too short.
        ({"racks": 100}, 0.3, 30.0, 70.0),
        ({"racks": 100}, 1.0, 100.0, 0.0),
        ({"racks": 100}, 0.0, 0.0, 100.0),
        # A fifth off: 80 USD in all.
        ({"racks": 100, "discount": 0.2}, 0.3, 24.0, 56.0),
        # Before the start all is paid, whatever the contract says.
        ({"racks": 100, "quarter": "2024Q4"}, 0.3, 0.0, 0.0),
    ],
)
def test_what_is_still_to_come_is_owed_at_the_horizon(line, prepay, paid, owed):
    given = {"chip": "gpu", "quarter": "2025Q1", **line}
    terms = {"prepay": prepay, "source": "a test"}
    leads = {"gpu": lead(300 * WEEK_S)}
    w = run(buying(plan=[given], contracts={"gpu": terms}, lead_times=leads))
    (order,) = w.supply.orders
    assert order.landed_s is None
    assert sum(costs(w, "cash", "racks").values()) == pytest.approx(paid)
    assert sum(costs(w, "owed", "racks").values()) == pytest.approx(owed)
    assert costs(w, "owed", "racks").keys() <= {w.scenario.horizon.calendar.names()[-1]}
    assert costs(w, "pending", "racks") == {}


def test_a_stop_does_not_save_what_is_owed():
    """The balance of 70 USD is paid in week 27, or owed still when its line stands till the end."""
    given = {"shares": {"fab_share": 0.5}, "terms": {"prepay": 0.3}}
    stop = {"node": "fab", "quarter": "2025Q1", "duration": 900 * DAY_S, "severity": 1.0}
    calm, stopped = one_order(**given), one_order(**given, shocks=[stop])
    assert sum(costs(calm, "cash", "racks").values()) == pytest.approx(100.0)
    assert costs(calm, "owed", "racks") == {}
    assert sum(costs(stopped, "cash", "racks").values()) == pytest.approx(30.0)
    assert sum(costs(stopped, "owed", "racks").values()) == pytest.approx(70.0)


def test_what_cannot_be_paid_or_is_not_allocated_is_pending_and_not_owed():
    """99 USD do not buy 100 racks of 1 USD; nothing is firm, so nothing would be owed."""
    line = {"chip": "gpu", "quarter": "2025Q1", "racks": 100}
    w = run(buying(plan=[line], budget=99.0))
    assert sum(costs(w, "pending", "racks").values()) == pytest.approx(100.0)
    assert costs(w, "owed", "racks") == costs(w, "cash", "racks") == {}
    called_off = run(buying(plan=[{**line, "cancel": "2025Q3"}], budget=99.0))
    assert costs(called_off, "pending", "racks") == {}


def test_what_a_vendor_is_still_owed_for_a_cancelled_order_is_owed():
    """Of 100 USD 60 are kept and 10 paid; the other 50 find no money left behind 45 USD."""
    line = {"chip": "gpu", "quarter": "2025Q1", "racks": 100, "cancel": "2025Q2"}
    terms = {"prepay": 0.1, "take_or_pay": 0.6, "cancel_before": "ship", "source": "a test"}
    leads = {"gpu": lead(30 * WEEK_S, ship_share=0.1)}
    w = run(buying(plan=[line], contracts={"gpu": terms}, lead_times=leads, budget=45.0))
    assert sum(costs(w, "cash", "racks").values()) == pytest.approx(0.0)
    assert costs(w, "cash", "cancellation") == pytest.approx({"2025Q2": 10.0})
    assert costs(w, "accrual", "cancellation") == pytest.approx({"2025Q2": 60.0})
    assert sum(costs(w, "owed", "cancellation").values()) == pytest.approx(50.0)


@pytest.mark.parametrize("ship", [0.0, 0.1])
def test_racks_that_wait_for_their_balance_wait_for_money(ship):
    """Half is paid with the order; the balance never comes."""
    given = {"terms": {"prepay": 0.5}, "shares": {"ship_share": ship}}
    w = one_order(**given, budget=60.0)
    horizon_s = w.scenario.horizon.calendar.horizon_s
    assert rack_s_waited(w) == pytest.approx({"money": 100 * (horizon_s - 30 * WEEK_S)})
    # Whoever pays in time waits for nothing.
    assert rack_s_waited(one_order(**given)) == {}
    stages = {
        row["stage"] for row in pipeline_rows([w]) if row["quarter"] == "2026Q2" and row["musd"]
    }
    assert stages == {"money"}


def test_a_stop_before_and_after_the_balance_is_booked_as_supply():
    """The vendor loses 13 weeks, the balance comes later still; then nothing holds it."""
    stop = {"node": "vendor", "quarter": "2025Q3", "duration": 13 * WEEK_S, "severity": 1.0}
    plan = [
        {"chip": "gpu", "quarter": "2025Q1", "racks": 100},
        {"chip": "b", "quarter": "2025Q2", "racks": 50, "cancel": "2026Q2"},
    ]
    terms = {"prepay": 0.5, "cancel_before": "ship", "source": "a test"}
    w = run(
        buying(
            {"gpu": chip(), "b": chip(fab="other", vendor="second")},
            nodes={"other": node("foundry", "KR"), "second": node("vendor")},
            racks={c: rack(c, usd=1.0) for c in ("gpu", "b")},
            budget=100.0,
            plan=plan,
            shocks=[stop],
            contracts={"gpu": terms, "b": {**terms, "prepay": 1.0}},
            lead_times={"gpu": lead(30 * WEEK_S, ship_share=0.1), "b": lead(90 * WEEK_S)},
        )
    )
    gpu, b = w.supply.orders
    paid_s = w.scenario.horizon.calendar.at("2026Q2")
    assert b.payments == [(w.scenario.horizon.calendar.at("2025Q2"), 50.0), (paid_s, -50.0)]
    # Ready in week 27 without the stop and 40 with it; shipping takes 3.
    assert gpu.owing_s == pytest.approx(40 * WEEK_S)
    assert gpu.landed_s == pytest.approx(paid_s + 3 * WEEK_S)
    assert rack_s_waited(w) == pytest.approx(
        {"supply": 100 * 13 * WEEK_S, "money": 100 * (paid_s - 40 * WEEK_S)}
    )


def test_development_spins_and_reserved_wafers_are_paid_and_accrued():
    """60 USD over the two quarters to the gate; two spins more of 5; 7 for a dropped chip."""
    silicon = {
        "start": "2025Q1",
        "design": spread(10 * DAY_S),
        "spin": spread(20 * DAY_S),
        "spin_success": [0.0, 0.0],
        "spin_cost": figure(5.0),
        "bring_up": spread(1 * DAY_S),
    }
    given = with_programme(
        silicon=silicon,
        development=figure(60.0),
        take_or_pay=figure(7.0),
        gate={"forced": "cancel"},
    )
    w = run(given)
    # Tape-outs of spins 2 and 3 on days 30 and 50; dropped at the gate.
    dropped_s = states(w)["cancel"]
    assert w.programme.spent == [
        (30 * DAY_S, 5.0, "development"),
        (50 * DAY_S, 5.0, "development"),
        (dropped_s, 7.0, "cancellation"),
    ]
    assert dropped_s == w.scenario.horizon.calendar.at("2025Q3")
    for basis in ("cash", "accrual"):
        expected = {"2025Q1": 40.0, "2025Q2": 30.0}
        assert costs(w, basis, "development") == pytest.approx(expected)
        assert costs(w, basis, "cancellation") == pytest.approx({"2025Q3": 7.0})
