"""The supply command: its rows add up, its figures show them, and it speaks JSON."""

import json
from pathlib import Path
from statistics import mean, stdev

import pytest
from typer.testing import CliRunner

from analysis.figures import style
from analysis.figures import supply as figures
from analysis.figures.supply_graph import users
from scenarios.cli import app
from scenarios.supply_deliveries import delivery_rows
from scenarios.supply_graph import bought_shares, edge_rows, node_rows
from scenarios.supply_notes import catch_up_meant, gate_rules
from scenarios.supply_rows import gate_rows, pipeline_rows, ramps, runs, stranded_rows
from simulator.spec.loader import load
from simulator.units import DAY_S, WEEK_S, YEAR_S
from simulator.world.chain import Chain
from tests.world.buying import buying, chip, lead, node, rack
from tests.world.test_late_pilot import supplied
from tests.world.test_programme import scenario as with_programme

TINY = Path(__file__).parents[1] / "data" / "tiny.yaml"


@pytest.fixture(scope="module")
def worlds():
    scenario = load(TINY).scenario
    return runs(Chain(scenario), 0, 6)


def of(rows, chip, what):
    """Rows of deliveries of one chip and measure, by quarter."""
    return [row for row in rows if (row["chip"], row["what"]) == (chip, what)]


def test_what_is_ordered_is_in_the_pipeline_or_in_service(worlds):
    quarters = worlds[0].scenario.horizon.calendar.names()
    in_pipe = dict.fromkeys(quarters, 0.0)
    for row in pipeline_rows(worlds):
        in_pipe[row["quarter"]] += row["musd"]
    calendar, each = worlds[0].scenario.horizon.calendar, 1e6 * len(worlds)
    for quarter in quarters:
        # What happens at a quarter's start has happened.
        now = calendar.at(quarter)
        bought = [o for w in worlds for o in w.supply.orders if o.cause != "in_service"]
        price = {o.name: o.price_usd for o in bought}
        ordered = sum(o.racks * o.price_usd for o in bought if o.wanted_s <= now)
        told = [w.record.tables["deliveries"] for w in worlds]
        came = sum(
            racks * price[order]
            for d in told
            for order, racks, t in zip(d["order"], d["racks"], d["in_service_s"], strict=True)
            if order in price and t <= now
        )
        assert in_pipe[quarter] * 1e6 == pytest.approx((ordered - came) / len(worlds))
    last = of(delivery_rows(worlds), "all", "ordered")[-1]
    ordered_in_all = sum(o.racks * o.price_usd for o in bought)
    assert last["musd"] == pytest.approx(ordered_in_all / each)


def test_chances_of_the_gate_sum_to_one(worlds):
    rows = gate_rows(worlds)
    assert sum(row["share"] for row in rows) == pytest.approx(1)
    assert all(row["low"] <= row["share"] <= row["high"] for row in rows)


def test_chips_without_a_port_are_stranded_until_it_is_there():
    """Ten racks of 32 stand; the family is ported after four months, in the second quarter."""
    task = {"family": "ranking", "chip": "gpu", "start": "2025Q1", "engineers": 1}
    effort = {"median": 4.0, "p90": 4.0}
    porting = {"engineers": 1, "tasks": [{**task, "effort": effort, "source": "a test"}]}
    scenario = load(TINY).change({"supply.porting": porting}).scenario
    found = stranded_rows(runs(Chain(scenario), 0, 2))
    chips = {
        row["quarter"]: row["chips"]
        for row in found
        if (row["chip"], row["family"]) == ("gpu", "any")
    }
    calendar = scenario.horizon.calendar
    # Two racks more land in week 20, after the port: only the ten are ever stranded.
    share = (4 * YEAR_S / 12 - calendar.at("2025Q2")) / (91 * DAY_S)
    assert chips == {"2025Q1": pytest.approx(320), "2025Q2": pytest.approx(320 * share)}
    # One family asks: what none runs on is what it does not run on.
    assert chips == {
        row["quarter"]: row["chips"]
        for row in found
        if (row["chip"], row["family"]) == ("gpu", "ranking")
    }


@pytest.mark.parametrize(("forced", "own"), [("ramp", 0.5), ("cancel", 0.1)])
def test_the_in_house_chip_is_bought_as_the_gate_decides(forced, own):
    """Of 10 MUSD, 5 go to GPUs by plan and 1 to the pilot; a reserve of 4 goes as the gate says."""
    scenario = load(TINY).change({"supply.programme.gate.forced": forced}).scenario
    chain = Chain(scenario)
    worlds = runs(chain, 0, 3)
    shares = bought_shares(worlds)
    assert {chip: list(share) for chip, share in shares.items()} == {
        "gpu": pytest.approx([1 - own] * 3),
        "own": pytest.approx([own] * 3),
    }
    lost = {row["id"]: row["loss"] for row in node_rows(chain, shares)}
    assert lost["fab-b"] == lost["partner"] == lost["own"] == pytest.approx(own)
    assert lost["fab-a"] == lost["merchant"] == pytest.approx(1 - own)
    assert lost["package"] == lost["memory"] == pytest.approx(1.0)
    edges = {(row["id"], row["other"]): row["share"] for row in edge_rows(chain, shares)}
    assert edges["fab-b", "own"] == pytest.approx(own)
    rows = gate_rows(worlds)
    assert rows[0]["forced"] == forced
    _, ax = style.canvas()
    figures.gate_chances(figures.supply_table(rows), ax)
    assert rows[0]["ramps_low"] is None is rows[0]["ramps_high"]
    title = " ".join(ax.get_title(loc="left").split())
    assert title.startswith("Whatever is measured, the case")
    # What is forced has no chance that is told, only how often the chip deserves it.
    assert title.count("%") == 1
    assert (ramps(worlds).mean, rows[0]["ramps"]) == (float(forced == "ramp"),) * 2


def test_the_in_house_chips_part_is_known_within_what_the_gate_decides():
    """Where k of 6 ramp, its own fab carries (k 0.5 + (6 - k) 0.1) / 6, with a t interval."""
    performance = {"median": 0.9, "p90": 1.2}
    scenario = load(TINY).change({"supply.programme.performance": performance}).scenario
    chain = Chain(scenario)
    worlds = runs(chain, 0, 6)
    ramped = [
        any(o.cause == "ramp" for o in w.supply.orders if o.cancelled_s is None) for w in worlds
    ]
    assert 0 < sum(ramped) < 6
    drawn = [0.5 if ramp else 0.1 for ramp in ramped]
    half = 2.5705818 * stdev(drawn) / 6**0.5
    (row,) = (r for r in node_rows(chain, bought_shares(worlds)) if r["id"] == "fab-b")
    assert row["loss"] == pytest.approx(mean(drawn))
    assert row["loss_low"] == pytest.approx(max(0.0, mean(drawn) - half), abs=1e-7)
    assert row["loss_high"] == pytest.approx(mean(drawn) + half, abs=1e-7)
    assert ramps(worlds).mean == pytest.approx(sum(ramped) / 6)


def test_what_is_called_off_is_not_bought_and_a_discount_counts():
    """Of b 50 racks at 0.8 MUSD are 40, of c 40 at 1.5 are 60; the 100 of a are called off."""
    chips = {c: chip() for c in "abc"}
    lines = [
        {"chip": "a", "quarter": "2025Q1", "racks": 100, "cancel": "2025Q3"},
        {"chip": "b", "quarter": "2025Q1", "racks": 50, "discount": 0.2},
        {"chip": "c", "quarter": "2025Q1", "racks": 40, "price": 1.5e6},
    ]
    racks = {c: rack(c, usd=1e6) for c in chips}
    leads = {c: lead(70 * WEEK_S) for c in chips}
    given = buying(chips, racks=racks, plan=lines, lead_times=leads, quarters=4)
    shares = bought_shares(runs(Chain(given), 0, 2))
    assert {c: list(s) for c, s in shares.items()} == {
        "b": pytest.approx([0.4, 0.4]),
        "c": pytest.approx([0.6, 0.6]),
    }


def test_losses_are_told_before_and_after_substitutes_cover():
    """One supplier has 0.6, the other 0.4 and may cover 0.7: 0.6 lost at once, then 0.3."""
    split = {"shares": {"one": 0.6, "two": 0.4}, "limits": {"two": 0.7}, "source": "a test"}
    nodes = {"one": node("memory", "KR"), "two": node("memory", "JP")}
    line = {"chip": "a", "quarter": "2025Q1", "racks": 1}
    chain = Chain(buying({"a": chip(inputs={"memory": split})}, nodes=nodes, plan=[line]))
    rows = {row["id"]: row for row in node_rows(chain, bought_shares(runs(chain, 0, 2)))}
    assert (rows["one"]["loss_at_once"], rows["one"]["loss"]) == pytest.approx((0.6, 0.3))
    assert (rows["two"]["loss_at_once"], rows["two"]["loss"]) == pytest.approx((0.4, 0.4))


def test_a_scenario_without_orders_hangs_on_nothing():
    changes = {"supply.plan": [], "supply.programme": None}
    scenario = load(TINY).change(changes).scenario
    assert bought_shares(runs(Chain(scenario), 0, 2)) == {}


def test_a_study_is_told_by_the_scenario_it_asks_of(tmp_path):
    study = tmp_path / "study.yaml"
    study.write_text(
        f"title: What if?\nscenario: {TINY}\nreplications: 2\n"
        "change: {supply: {programme: {gate: {forced: cancel}}}}\n"
        "portfolio: {cases: [baseline, late]}\n"
        "cases: {late: {change: {supply: {catch_up: {value: 0.1}}}}}\n"
    )
    result = CliRunner().invoke(app, ["supply", str(study), "--replications", "2", "--json"])
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert {row["decision"] for row in rows if row["part"] == "gate"} == {"cancel"}
    sets = ["--set", "supply.programme.gate.forced=ramp"]
    result = CliRunner().invoke(app, ["supply", str(study), "--replications", "2", "--json", *sets])
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert {row["decision"] for row in rows if row["part"] == "gate"} == {"ramp"}
    result = CliRunner().invoke(app, ["supply", str(study), "--case", "basline"])
    assert (result.exit_code, "did you mean 'baseline'?" in result.output) == (2, True)


def test_bars_of_the_pipeline_stack_to_the_table(worlds):
    table = figures.supply_table(pipeline_rows(worlds))
    _, ax = style.canvas()
    figures.pipeline(table, ax)
    drawn = sum(patch.get_height() for patch in ax.patches)
    assert drawn == pytest.approx(table["musd"].sum() / 1e3)


def test_what_a_stop_holds_is_told_against_the_same_runs_without_it():
    """A line that stands 12 weeks is late by them: packaged in week 27, not 15; in service in 32.

    So all 100 are held in week 26, when 2025Q3 begins, and none in week 39.
    """
    line = {"chip": "gpu", "quarter": "2025Q1", "racks": 100}
    usd = {"gpu": rack("gpu", usd=1e6)}
    leads = {"gpu": lead(20 * WEEK_S)}
    stop = {"node": "line", "quarter": "2025Q1", "duration": 12 * WEEK_S, "severity": 1.0}
    both = [
        runs(Chain(buying(racks=usd, plan=[line], lead_times=leads, quarters=4, shocks=s)), 0, 2)
        for s in ([stop], [])
    ]
    rows = pipeline_rows(*both)
    held = {row["quarter"]: row["held"] for row in rows}
    assert held == {"2025Q1": 0.0, "2025Q2": 0.0, "2025Q3": 100.0, "2025Q4": 0.0}
    at = {(row["quarter"], row["stage"]): (row["musd"], row["without"]) for row in rows}
    assert at["2025Q3", "packaging"] == (100.0, 0.0)
    _, ax = style.canvas()
    figures.pipeline(figures.supply_table(rows), ax)
    title = " ".join(ax.get_title(loc="left").split())
    assert title.startswith("Stop at packaging from 2025Q1 for")
    assert "2025Q3, the largest part in packaging" in title
    assert title.endswith("nothing still")
    alone = pipeline_rows(both[1])
    assert {(row["held"], row["without"], row["stop"]) for row in alone} == {(None, None, None)}


def test_chips_hang_on_suppliers_of_their_suppliers():
    """The plant feeds the line, the line both chips; the maker only one; nothing passes of idle."""
    edges = [
        {"id": i, "other": other, "share": share}
        for i, other, share in (
            ("plant", "line", 1.0),
            ("line", "a", 0.7),
            ("line", "b", 0.3),
            ("maker", "b", 0.3),
            ("idle", "a", 0.0),
        )
    ]
    assert users(edges, ["a", "b"]) == {"plant": ["a", "b"], "line": ["a", "b"], "maker": ["b"]}


def test_how_long_a_stop_takes_to_be_made_up_follows_from_the_catch_up():
    scenario = load(TINY)
    for rate, told in ((0.1, "10 times"), (0.25, "4 times")):
        changed = scenario.change({"supply.catch_up.value": rate, "supply.catch_up.high": 0.5})
        assert told in catch_up_meant(changed.scenario)
    still = scenario.change({"supply.catch_up.value": 0.0, "supply.catch_up.low": 0.0})
    assert catch_up_meant(still.scenario).startswith("No line makes up")


def test_all_rules_of_the_gate_are_named():
    spec = load(TINY).scenario.supply.programme
    gate = {"min_yield": 0.5, "max_cost_of_work": 1.1, "min_ported_share": 0.4, "hold": WEEK_S}
    full = spec.model_copy(update={"gate": spec.gate.model_copy(update=gate)})
    for rule in ("performance at", "performance per watt", "cost of work", "yield", "ported"):
        assert rule in gate_rules(full)
    assert "yield" not in gate_rules(spec)
    assert "Forced" not in gate_rules(full)
    forced = full.gate.model_copy(update={"forced": "ramp"})
    assert "without the hold" in gate_rules(full.model_copy(update={"gate": forced}))


def test_the_command_tells_and_draws(tmp_path):
    words = ["supply", str(TINY), "--replications", "4"]
    result = CliRunner().invoke(app, [*words, "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert {p.name for p in tmp_path.glob("*.png")} == {
        "dependency.png",
        "pipeline.png",
        "deliveries.png",
        "gate.png",
    }
    result = CliRunner().invoke(app, [*words, "--json"])
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    parts = {row["part"] for row in rows}
    assert parts == {"dependency", "pipeline", "deliveries", "gate"}
    lost = {row["id"]: row["loss"] for row in rows if row.get("what") == "node"}
    # All that is bought is packaged on one line, and made in one fab or the other.
    assert lost["package"] == 1.0
    assert lost["fab-a"] + lost["fab-b"] == pytest.approx(1.0)


def test_a_chip_dropped_for_want_of_a_pilot_is_no_verdict_of_the_gate():
    stop = {"node": "partner", "quarter": "2025Q1", "duration": 500 * WEEK_S, "severity": 1.0}
    given = supplied(with_programme(), shocks=[stop])
    rows = gate_rows(runs(Chain(given), 0, 3))
    assert [(row["decision"], row["deserved"], row["share"]) for row in rows] == [
        ("cancel", "none", 1.0)
    ]
    assert (rows[0]["ramps"], rows[0]["errs"]) == (0.0, 0.0)
    _, ax = style.canvas()
    figures.gate_chances(figures.supply_table(rows), ax)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["is dropped: no pilot in time"]
