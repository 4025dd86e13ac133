"""Nothing is made or lost: orders, allocations, money and racks, whatever is asked of the world."""

from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from simulator.laws.allocation import Tier, contract, joint, priority, pro_rata, whole
from simulator.units import DAY_S, WEEK_S
from simulator.world.accounts.money import cost
from simulator.world.market import Market
from tests.world.books_of import NO_ENERGY, books_of
from tests.world.buying import buying, chip, figure, lead, node, rack, run, spread, standing

QUARTERS = ["2024Q3", "2025Q1", "2025Q2", "2025Q3", "2026Q1"]
NODES = ["vendor", "fab", "line", "maker"]
COMMON = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)

orders = st.lists(
    st.fixed_dictionaries(
        {
            "chip": st.sampled_from(["a", "b"]),
            "quarter": st.sampled_from(QUARTERS),
            "racks": st.integers(1, 90),
        },
        optional={
            "cancel": st.sampled_from(["2026Q1", "2026Q2"]),
            "discount": st.floats(0, 0.9),
        },
    ),
    min_size=1,
    max_size=8,
)
shocks = st.lists(
    st.fixed_dictionaries(
        {
            "node": st.sampled_from(NODES),
            "quarter": st.sampled_from(["2025Q1", "2025Q3"]),
            "duration": st.floats(1.0, 300 * DAY_S),
            "severity": st.floats(0.05, 1.0),
            "kind": st.sampled_from(["fire", "allocation_cut", "demand_surge"]),
            "recovery": st.sampled_from(["step", "linear", "exponential"]),
        }
    ),
    max_size=3,
)
terms = st.fixed_dictionaries(
    {
        "prepay": st.floats(0, 1),
        "take_or_pay": st.floats(0, 1),
        "minimum": st.integers(1, 5),
        "source": st.just("a test"),
    }
)


def world(plan, events=(), contract_of=None, seed=0, sharing=None, watts=None, **more):
    more.setdefault("budget", 600.0)
    line = node("packaging", "TW", capacity={"2025Q1": figure(70)}, others={"2025Q1": figure(20)})
    line |= {} if sharing is None else {"sharing": sharing}
    given_terms = {} if contract_of is None else {"a": contract_of, "b": contract_of}
    return run(
        buying(
            {"a": chip(), "b": chip(foundry={"fab": 1.0, "spare": 0.0})},
            nodes={"line": line, "idle": node("foundry"), "spare": node("foundry", "KR")},
            racks={
                "a": rack("a", usd=3.0),
                "b": rack("b", chips=2, usd=1.5, watts=(watts or {}).get("b", 1.0)),
            },
            site={"phases": [{"quarter": "2024Q4", "it_power": 150.0, "racks": 120}]},
            quarters=7,
            plan=plan,
            shocks=list(events),
            contracts=given_terms,
            lead_times={
                c: lead(20 * WEEK_S, 30 * WEEK_S, install_share=0.05, burn_in_share=0.05)
                for c in ("a", "b")
            },
            **more,
        ),
        seed,
    )


def history(w):
    """All that happened, but for names that are only labels."""
    return [
        (o.name, o.racks, o.wanted_s, o.funded_s, o.landed_s, o.cancelled_s)
        for o in sorted(w.supply.orders, key=lambda o: o.name)
    ]


@COMMON
# Both are cancelled at one moment, when what the first gives back has just paid the second.
@example(
    plan=[
        {"chip": "a", "quarter": "2025Q1", "racks": 33},
        {"chip": "a", "quarter": "2025Q1", "racks": 46},
        {"chip": "a", "quarter": "2025Q2", "racks": 66, "cancel": "2026Q1"},
        {"chip": "a", "quarter": "2025Q2", "racks": 57, "cancel": "2026Q1"},
    ],
    events=[],
    contract_of={"prepay": 0.0, "take_or_pay": 0.0, "minimum": 1, "source": "a test"},
)
@given(orders, shocks, terms)
def test_racks_and_money_are_conserved(plan, events, contract_of):
    w = world(plan, events, contract_of)
    placed = sum(o["racks"] for o in plan if o["racks"] >= contract_of["minimum"])
    landed = sum(o.racks for o in w.supply.orders if o.landed_s is not None)
    off = sum(o.racks for o in w.supply.orders if o.cancelled_s is not None)
    piped = sum(o.racks for o in w.supply.orders if o.landed_s is None and o.cancelled_s is None)
    assert placed == landed + piped + off
    waiting = sum(c.racks for c in w.floor.dock) + w.floor.installing
    assert landed == sum(w.floor.racks.values()) + waiting
    assert all(isinstance(n, int) and n >= 0 for n in w.floor.racks.values())
    # Money: what was released is paid or still there; orders account for what is paid.
    assert w.treasury.balance_usd + w.treasury.paid_usd == pytest.approx(600.0)
    assert w.treasury.balance_usd > -0.01
    ours = sum(usd for o in w.supply.orders for t, usd in o.payments if t >= 0)
    assert ours == pytest.approx(w.treasury.paid_usd, abs=0.01)
    # Nothing is delivered that was not paid in full.
    for o in w.supply.orders:
        if o.landed_s is not None:
            assert o.paid_usd == pytest.approx(o.racks * o.price_usd)
    # Sites carry what they can.
    assert sum(w.floor.racks.values()) <= 120


@COMMON
@given(orders, shocks, terms)
def test_what_orders_are_worth_is_paid_or_owed_or_waits_to_be_firm(plan, events, contract_of):
    """By chip; of orders called off, what their vendor keeps is all that is paid or owed."""
    w = world(plan, events, contract_of)
    told = cost(books_of(w), w.supply.orders, NO_ENERGY, w.record.tables["deliveries"])
    rows = [*zip(*(told[k] for k in ("basis", "category", "subject", "usd")), strict=True)]

    def booked(bases, category, chip):
        return sum(usd for b, c, s, usd in rows if b in bases and (c, s) == (category, chip))

    for name in ("a", "b"):
        mine = [o for o in w.supply.orders if o.chip == name]
        kept = [o for o in mine if o.cancelled_s is None]
        off = [o for o in mine if o.cancelled_s is not None]
        before = sum(usd for o in kept for t, usd in o.payments if t < 0)
        # What came back in the run of orders paid before it.
        back = sum(o.worth_usd - o.owed_usd for o in off if o.wanted_s < 0)
        worth = sum(o.racks * o.price_usd for o in kept)
        left = booked(("cash", "owed", "pending"), "racks", name)
        assert left + before == pytest.approx(worth - back, abs=0.1)
        in_run = sum(o.owed_usd for o in off if o.wanted_s >= 0)
        paid_or_owed = booked(("cash", "owed"), "cancellation", name)
        assert paid_or_owed == pytest.approx(in_run, abs=0.1)
        accrued = booked(("accrual",), "cancellation", name)
        assert accrued == pytest.approx(sum(o.owed_usd for o in off), abs=0.1)


def shuffled(given_tree, random):
    """The same tree, the keys of every mapping in another order."""
    if isinstance(given_tree, dict):
        keys = list(given_tree)
        random.shuffle(keys)
        return {key: shuffled(given_tree[key], random) for key in keys}
    return [shuffled(x, random) for x in given_tree] if isinstance(given_tree, list) else given_tree


#: The first named of one chip in one quarter is the more urgent, and that is meant.
distinct = orders.map(lambda plan: list({(o["chip"], o["quarter"]): o for o in plan}.values()))


@COMMON
@given(distinct, shocks, terms, st.randoms(use_true_random=False))
def test_labels_and_the_order_of_entries_change_nothing(plan, events, contract_of, random):
    plain = world(plan, events, contract_of)
    given_tree = plain.scenario.model_dump(mode="json")
    tree = shuffled(given_tree, random)
    for i, named in tree["supply"]["nodes"].items():
        named["label"] = f"new {i}"
    for named in (*tree["catalog"]["chips"].values(), *tree["sites"].values()):
        named["label"] = "other"
    random.shuffle(tree["supply"]["shocks"])
    # The plan's own order is urgency within a quarter; between quarters it is nothing.
    place = {quarter: random.random() for quarter in QUARTERS}
    tree["supply"]["plan"].sort(key=lambda order: place[order["quarter"]])
    other = run(type(plain.scenario).from_si(tree))
    assert history(other) == history(plain)
    assert other.record.tables["nodes"] == plain.record.tables["nodes"]
    assert other.record.tables["deliveries"] == plain.record.tables["deliveries"]


@COMMON
@given(
    orders,
    st.sampled_from(["idle", "no share", "later"]),
    st.sampled_from(["stop", "quake", "allocation_cut", "demand_surge", "licence_withdrawal"]),
    st.floats(0.1, 1.0),
)
def test_a_shock_that_touches_nothing_changes_nothing(plan, which, kind, severity):
    """On a node nobody needs, on one that is planned for no share, or after the horizon."""
    hit = {"idle": "idle", "no share": "spare", "later": "fab"}[which]
    quarter = "2026Q4" if which == "later" else "2025Q1"
    shock = {"node": hit, "quarter": quarter, "duration": 1e7, "severity": severity, "kind": kind}
    plain, shocked = world(plan), world(plan, [shock])
    assert history(shocked) == history(plain)
    assert shocked.record.tables["deliveries"] == plain.record.tables["deliveries"]
    for c in ("a", "b"):
        assert shocked.nodes.share_left("stock", c, 1e6) == 1


@COMMON
@given(
    orders,
    shocks,
    st.sampled_from(["pro_rata", "priority", "contract"]),
    st.sampled_from([50.0, 200.0, 1e6]),
)
def test_windows_grant_what_there_is_and_is_asked_and_hold_nothing_back(plan, events, rule, budget):
    """Of every window of the running world, by what its node has and its customers ask."""
    sharing = {"rule": rule, "ranks": {"a": 2, "b": 1}, "others_rank": 1, "floors": {"b": 15.0}}
    seen, share, carried = [], Market._share, {"a": 0.0, "b": 0.0}
    unpaid, first, tell_unpaid = [], [], Market._tell_unpaid

    def watched(market, asks, supply, outside):
        asked = [(ask, ask.racks) for ask in asks]
        quarter = sum(edge <= market.env.now for edge in market.edges_s) - 1
        accepted = {c: market._acceptance(c)[quarter] for c in market.chain.bought}
        unpaid.clear()
        balance_usd = market.treasury.at_hand_usd
        share(market, asks, supply, outside)
        # All that is granted is paid, and who comes first cannot be if anybody waits for money.
        spent_usd = sum(_granted(ask) * ask.rack_usd for ask, _ in asked)
        assert spent_usd == pytest.approx(balance_usd - market.treasury.balance_usd, abs=0.1)
        if unpaid:
            assert balance_usd < spent_usd + first[-1].racks * first[-1].rack_usd
        assert all(_granted(ask) == 0 for ask in unpaid)
        given_out = [(a.order.chip, racks, _granted(a)) for a, racks in asked if a not in unpaid]
        seen.append((market, market.env.now, given_out, supply, outside, accepted))

    def noted(market, asks):
        unpaid.extend(asks)
        first.append(asks[0])
        tell_unpaid(market, asks)

    with (
        mock.patch.object(Market, "_share", watched),
        mock.patch.object(Market, "_tell_unpaid", noted),
    ):
        w = world(plan, events, sharing=sharing, budget=budget)
    assert seen
    of_quarter = {}
    for market, now_s, given_out, supply, outside, accepted in seen:
        chips = market.chain.bought
        asked = np.array([sum(n for c, n, _ in given_out if c == chip) for chip in chips])
        got = np.array([sum(g for c, _, g in given_out if c == chip) for chip in chips])
        assert all(0 <= g <= n and g == int(g) for _, n, g in given_out)
        used = market.chain.units @ got
        assert (used <= supply + 1e-9).all()
        quarter = sum(edge <= now_s for edge in market.edges_s) - 1
        of_quarter[quarter] = of_quarter.get(quarter, 0.0) + used
        # Whole racks of what is accepted; the part of a rack counts the next time.
        may = np.array(
            [_whole(n, accepted[c], carried, c) for c, n in zip(chips, asked, strict=True)]
        )
        assert (got <= may).all()
        # Who lacks a rack lacks its units somewhere, others served as far as they ask.
        left = supply - used - outside
        for k in np.flatnonzero(got < may):
            need = market.chain.units[:, k]
            assert (left[need > 0] < need[need > 0] + 1e-6).any()
    for quarter, used in of_quarter.items():
        assert (used <= w.market.chain.capacity[quarter] + 1e-9).all()


def _whole(asked, part, carried, chip):
    if part == 1:
        return asked
    due = asked * part + carried[chip]
    carried[chip] = max(0.0, due - np.floor(due + 1e-9))
    return np.floor(due + 1e-9)


def _granted(ask):
    return ask.value if ask.triggered else 0


@COMMON
@given(orders, st.sampled_from(NODES))
def test_a_stop_takes_nothing_from_what_stands(plan, which):
    stop = {"node": which, "quarter": "2025Q3", "duration": 400 * DAY_S, "severity": 1.0}
    plain, hit = world(plan), world(plan, [stop])
    begin = plain.scenario.horizon.calendar.at("2025Q3")
    assert standing(hit, begin) == standing(plain, begin)
    later = [standing(hit, begin + k * WEEK_S) for k in range(40)]
    assert later == sorted(later)


@COMMON
@given(orders, shocks)
def test_more_shocks_never_bring_an_order_sooner(plan, events):
    # Allocation apart: what one chip no longer asks for, another gets.
    outputs = [e for e in events if e["kind"] == "fire"]
    single = [{k: v for k, v in o.items() if k != "cancel"} for o in plan if o["chip"] == "a"]
    for a, b in zip(history(world(single)), history(world(single, outputs)), strict=True):
        assert b[4] is None or (a[4] is not None and b[4] >= a[4] - 1e-6)


@st.composite
def tiers(draw):
    customers = draw(st.integers(1, 4))
    asked = np.array(draw(st.lists(st.integers(0, 40), min_size=customers, max_size=customers)))
    found = []
    for _ in range(draw(st.integers(1, 3))):
        per_lot = st.lists(st.sampled_from([0.0, 0.5, 1.0, 3.0]), min_size=customers)
        need = np.array(draw(per_lot))[:customers]
        rule = draw(
            st.sampled_from(
                [
                    pro_rata,
                    lambda s, r: priority(s, r, np.arange(len(np.atleast_1d(r)))),
                    lambda s, r: contract(s, r, np.full(len(np.atleast_1d(r)), 5.0)),
                ]
            )
        )
        others = draw(st.floats(0, 50))
        found.append(Tier(draw(st.floats(0, 100)), need, others, rule))
    return asked, found


@settings(max_examples=200, deadline=None, derandomize=True)
@given(tiers())
def test_sharing_gives_no_more_than_there_is_or_is_asked_and_holds_nothing_back(case):
    asked, found = case
    parts = joint(found, asked)
    lots = whole(found, asked, parts)
    assert (lots <= asked).all()
    assert (lots >= 0).all()
    for tier in found:
        assert parts @ tier.per_lot <= tier.supply * (1 + 1e-9) + 1e-9
        assert lots @ tier.per_lot <= tier.supply * (1 + 1e-9) + 1e-6
    # Work conserving: who lacks a lot lacks one of its inputs, others served as far as they ask.
    for customer in np.flatnonzero(lots < asked):
        short = [
            t.supply - lots @ t.per_lot - t.others < t.per_lot[customer] + 1e-6
            for t in found
            if t.per_lot[customer] > 0
        ]
        assert any(short)


@pytest.mark.parametrize(("prepay", "payments"), [(0.5, [75.0, -45.0]), (0.1, [15.0, 15.0])])
def test_a_cancelled_order_costs_what_the_contract_says(prepay, payments):
    """50 racks of 3 USD, a fifth of which is owed whatever was paid."""
    terms_of = {
        "prepay": prepay,
        "take_or_pay": 0.2,
        "cancel_before": "rack",
        "source": "a test",
    }
    plan = [{"chip": "gpu", "quarter": "2025Q1", "racks": 50, "cancel": "2025Q2"}]
    w = run(
        buying(
            racks={"gpu": rack("gpu", usd=3.0)},
            plan=plan,
            contracts={"gpu": terms_of},
            # Wafers until week 10, packaging until week 15; 2025Q2 begins in week 13.
            lead_times={"gpu": lead(20 * WEEK_S)},
        )
    )
    (order,) = w.supply.orders
    assert order.cancelled_s == w.scenario.horizon.calendar.at("2025Q2")
    assert order.landed_s is None
    assert [usd for _, usd in order.payments] == pytest.approx(payments)
    assert w.treasury.paid_usd == pytest.approx(30.0)


def test_cancelling_too_late_changes_nothing():
    plan = [{"chip": "a", "quarter": "2025Q1", "racks": 50}]
    late = [{**plan[0], "cancel": "2026Q1"}]
    assert history(world(late)) == history(world(plan))
    events = world(late).record.tables["events"]
    assert "too late to cancel" in events["kind"]


def test_retired_racks_make_room():
    stock = [{"chip": "a", "site": "site", "racks": 120, "source": "a test"}]
    plan = [{"chip": "b", "quarter": "2025Q1", "racks": 10}]
    out = [{"chip": "a", "site": "site", "quarter": "2026Q1", "racks": 30}]
    w = world(plan, in_service=stock, retirements=out)
    calendar = w.scenario.horizon.calendar
    assert standing(w, calendar.at("2026Q1") - 1, "b") == 0
    assert standing(w, calendar.at("2026Q1"), "a") == 90
    assert standing(w, calendar.at("2026Q3"), "b") == 10


def test_a_refresh_takes_out_only_what_the_new_racks_need_and_not_before_they_come():
    """115 old racks of 1 W in 150 W and 120 places; 12 new of 5 W find 35 W and 5 places.

    Five go in at once. The sixth and seventh each take an old one's place, after which 2 W are
    free; the eighth asks for 3 old ones, the ninth to eleventh for 5 each: 20 in all. The twelfth
    would ask for 5 more, of which only 2 may go.
    """
    stock = [{"chip": "a", "site": "site", "racks": 115, "source": "a test"}]
    plan = [{"chip": "b", "quarter": "2025Q1", "racks": 12}]
    line = {"chip": "a", "site": "site", "quarter": "2025Q1", "racks": 22, "makes_room_for": "b"}
    w = world(plan, in_service=stock, retirements=[line], watts={"b": 5.0})
    (order,) = (o for o in w.supply.orders if o.cause == "plan")
    assert standing(w, order.landed_s - 1.0, "a") == 115
    assert w.floor.racks == {("site", "a"): 95, ("site", "b"): 11}
    assert sum(c.racks for c in w.floor.dock) == 1


def test_a_refresh_without_newcomers_takes_out_nothing():
    stock = [{"chip": "a", "site": "site", "racks": 120, "source": "a test"}]
    line = {"chip": "a", "site": "site", "quarter": "2025Q1", "racks": 30, "makes_room_for": "b"}
    w = world([], in_service=stock, retirements=[line])
    assert w.floor.racks["site", "a"] == 120


def test_a_shock_by_country_hits_all_that_stands_there_at_once():
    quake = {"country": "TW", "quarter": "2025Q2", "duration": 4 * WEEK_S, "severity": 0.6}
    w = world([{"chip": "a", "quarter": "2025Q1", "racks": 1}], [{**quake, "kind": "quake"}])
    events = w.record.tables["events"]
    hit = {s for k, s in zip(events["kind"], events["subject"], strict=True) if k == "shock"}
    assert hit == {"fab", "line"}


def test_a_second_source_takes_over_after_its_lag_and_once_qualified():
    terms_of = {
        "limits": {"spare": 0.5},
        "switch_lag": 4 * WEEK_S,
        "qualified": {"spare": "2025Q3"},
        "source": "a test",
    }
    chips = {"gpu": chip(foundry={"fab": 1.0, "spare": 0.0}, terms={"foundry": terms_of})}
    stop = {"node": "fab", "quarter": "2025Q1", "duration": 500 * DAY_S, "severity": 1.0}
    scenario = buying(
        chips,
        nodes={"spare": node("foundry", "KR")},
        shocks=[stop],
        plan=[{"chip": "gpu", "quarter": "2025Q1", "racks": 1}],
        lead_times={"gpu": lead(10 * WEEK_S, fab_share=1.0, package_share=0.0)},
    )
    (order,) = run(scenario).supply.orders
    # Nothing until the spare is qualified in 2025Q3, then half speed.
    expected = scenario.horizon.calendar.at("2025Q3") + 20 * WEEK_S
    assert order.landed_s == pytest.approx(expected)


def test_a_queue_that_is_sold_out_makes_orders_wait():
    state = {"wait": 30 * WEEK_S, "granted": 1.0}
    queue = {
        "regimes": {"loose": {**state, "wait": 0.0}, "sold_out": state},
        "start": "loose",
        "known": {"2025Q2": "sold_out"},
        "source": "a test",
    }
    plan = [{"chip": "gpu", "quarter": q, "racks": 1} for q in ("2025Q1", "2025Q2")]
    w = run(buying(plan=plan, queues={"vendor": queue}, lead_times={"gpu": lead(10 * WEEK_S)}))
    first, second = w.supply.orders
    assert first.landed_s == pytest.approx(10 * WEEK_S)
    calendar = w.scenario.horizon.calendar
    assert second.landed_s == pytest.approx(calendar.at("2025Q2") + 40 * WEEK_S)


def test_waits_of_regimes_have_the_stationary_mean_of_their_chain():
    """Loose half of the time, tight half: chances of .3 either way."""
    state = {"leaves_to": {"tight": 0.3}, "wait": 0.0}
    queue = {
        "regimes": {
            "loose": state,
            "tight": {"leaves_to": {"loose": 0.3}, "wait": 1.0},
        },
        "start": "loose",
        "source": "a test",
    }
    scenario = buying(queues={"vendor": queue}, quarters=20)
    last = [run(scenario, 1, r).market.regimes["vendor"][-1] == "tight" for r in range(400)]
    expected = 0.5 * (1 - 0.4**19)
    assert abs(np.mean(last) - expected) < 4 * np.sqrt(0.25 / 400)


def test_spread_of_lead_times_is_the_stated_one():
    scenario = buying(
        plan=[{"chip": "gpu", "quarter": "2025Q1", "racks": 1}],
        lead_times={"gpu": {**lead(), "total": spread(10 * WEEK_S, 15 * WEEK_S)}},
    )
    late = [run(scenario, 2, r).supply.orders[0].landed_s > 15 * WEEK_S for r in range(400)]
    assert abs(np.mean(late) - 0.1) < 4 * np.sqrt(0.09 / 400)
