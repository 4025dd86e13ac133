"""The planner's question, answered in plain words from the study's tables.

Every sentence is computed and carries its interval; what an interval cannot bear out
is called not distinguishable.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from analysis import comparison, metrics
from analysis.binding_answer import what_binds
from analysis.estimates import Array, of_row, settled
from analysis.measures import dependence
from analysis.measures.network import was_shared
from analysis.network_answer import cost_of_the_network
from analysis.study_reader import BASELINE, Study
from analysis.telling import too_few
from analysis.uncertainty import Estimate, PairedDifference, paired_difference
from analysis.views import cases as case_views
from analysis.views import fleet as fleet_views
from analysis.views import risk as risk_views
from analysis.views import work as work_views
from analysis.words import EXACTLY_NONE, amount, interval, listing, number

_CLEAR = ("higher", "lower")


@dataclass(frozen=True)
class Answer:
    """One question of a planner: the answer in a sentence, and what supports it."""

    question: str
    headline: str
    details: tuple[str, ...]


def answers(study: Study, summary: pl.DataFrame) -> list[Answer]:
    """Answer the planner's questions.

    Parameters
    ----------
    study : Study
    summary : DataFrame
        :func:`analysis.comparison.summary`.
    """
    found = [_mix(study, summary), _work(study, summary), _money(study, summary)]
    if study.stops:
        vendors = "What is lost if a supplier stops?"
        shared = "And if something that suppliers share stops?"
        found += [
            _stop(study, vendors, is_vendor=True),
            _stop(study, shared, is_vendor=False),
        ]
    if was_shared(study):
        headline, details = cost_of_the_network(study)
        found.append(Answer("What does the network cost?", headline, details))
    headline, details = what_binds(study)
    return [*found, Answer("What binds?", headline, details)]


def choices(study: Study) -> list[str]:
    """Return the cases a buyer can choose: those that add no shock and force no failure."""
    base = study.scenarios[BASELINE]["supply"]
    found = []
    for case, scenario in study.scenarios.items():
        supply = scenario["supply"]
        programme = supply.get("programme") or {}
        fails = (programme.get("gate") or {}).get("forced") == "cancel"
        if supply.get("shocks", []) == base.get("shocks", []) and not fails:
            found.append(case)
    return found


def _mix(study: Study, summary: pl.DataFrame) -> Answer:
    differences = case_views.work_differences(study)
    open_cases = differences.filter(pl.col("case").is_in(choices(study)))
    clear = open_cases.filter(pl.col("verdict") == "higher").sort("difference")
    if clear.is_empty():
        few = too_few(of_row(r, "difference", r["replications"]) for r in open_cases.to_dicts())
        headline = "No mix on offer does distinguishably more work than the baseline"
        if few:
            headline = f"Which mix does most work cannot be said: {few}"
        if not open_cases.is_empty():
            top = open_cases.sort("difference").row(-1, named=True)
            headline += f" (nearest: {top['label']}, {_relative(top)})"
    else:
        best = clear.row(-1, named=True)
        headline = f"{best['label'].capitalize()} does most work: {_relative(best)} on the baseline"
        if rivals := _rivals(study, str(best["case"]), open_cases):
            headline += f"; not distinguishable from it: {listing(rivals)}"
    rest = [
        f"{row['label']} {_relative(row)}"
        for row in open_cases.iter_rows(named=True)
        if clear.is_empty() or row["case"] != clear.row(-1, named=True)["case"]
    ]
    details = [_standing(study, summary)]
    if rest:
        details.append(f"Other mixes, work against the baseline: {listing(rest)}.")
    if gate := _gate(study):
        details.append(gate)
    return Answer("What mix do we buy?", f"{headline}.", tuple(details))


def _rivals(study: Study, best: str, open_cases: pl.DataFrame) -> list[str]:
    """Return the labels of cases whose work cannot be told from that of the best."""
    done = {
        case: metrics.numbers(study, case, ["work_done"])["work_done"]
        for case in (best, *open_cases["case"])
    }
    found = []
    for row in open_cases.iter_rows(named=True):
        delta = metrics.difference(done[best], done[row["case"]])
        if row["case"] != best and (delta is None or not delta.distinguishable()):
            found.append(row["label"])
    return found


def _relative(row: dict[str, object]) -> str:
    n = int(str(row["replications"]))
    if row["verdict"] not in _CLEAR:
        if row["difference_low"] == 0 == row["difference_high"]:
            return "exactly as much"
        return f"{_per_cent(row, n)}, not distinguishable with {n} replication{'s' * (n > 1)}"
    return _per_cent(row, n)


def _per_cent(row: dict[str, object], n: int) -> str:
    base = float(str(row["baseline"])) / 100
    return f"{interval(of_row(row, 'difference', n), base, sign=True)} %" if base > 0 else "none"


def _standing(study: Study, summary: pl.DataFrame) -> str:
    chips = fleet_views.chips_by_quarter(study)
    if chips.is_empty():
        return "No chip is in service in the baseline."
    last = chips["quarter"][-1]
    end = chips.filter((pl.col("quarter") == last) & (pl.col("chips") > 0))
    if end.is_empty():
        return f"No chip is in service at the end of {last} in the baseline."
    total = of_row(end.row(0, named=True), "total", study.replications)
    parts = [
        f"{number(100 * row['chips'] / total.mean, 2)} % {row['label']}"
        for row in end.sort("chips", descending=True).head(4).iter_rows(named=True)
    ]
    return (
        f"Baseline at the end of {last}: {amount(total, 'chips')} in service on "
        f"{_said(summary, 'power_at_end')} of nameplate power, {listing(parts)}."
    )


def _gate(study: Study) -> str:
    outcomes = risk_views.gate_outcomes(study)
    if outcomes.is_empty():
        return ""
    first = outcomes.row(0, named=True)
    if first["forced"]:
        return ""
    chance = of_row({k: 100 * v for k, v in first.items() if k.startswith("ramp")}, "ramp", 2)
    ramps = outcomes.filter(pl.col("decision") == "ramp").height
    return (
        f"The pilot chip passes its gate in {ramps} of {study.replications} replications: "
        f"{amount(chance, '%')}."
    )


def _estimate(summary: pl.DataFrame, metric: str, case: str = BASELINE) -> Estimate | None:
    rows = summary.filter((pl.col("metric") == metric) & (pl.col("case") == case))
    return comparison.row_estimate(rows.row(0, named=True))


def _said(summary: pl.DataFrame, metric: str) -> str:
    estimate = _estimate(summary, metric)
    return amount(estimate, metrics.BY_ID[metric].unit) if estimate else "no number"


def _work(study: Study, summary: pl.DataFrame) -> Answer:
    by_service = work_views.work_by_service(study)
    whole = by_service.row(by_predicate=pl.col("rank") < 0, named=True)
    ranked = by_service.filter((pl.col("rank") >= 0) & pl.col("share").is_not_null()).sort("share")
    share = "none"
    if whole["share"] is not None:
        share = amount(of_row(whole, "share", study.replications), "%")
    details = [
        f"Unserved (given up, or not started by the horizon): {_said(summary, 'unserved')}.",
        _waiting(study, summary),
    ]
    if ranked.height > 1:
        least, most = ranked.row(0, named=True), ranked.row(-1, named=True)
        details.insert(
            1,
            f"Done of asked: least for {least['label']} "
            f"({amount(of_row(least, 'share', study.replications), '%')}), most for "
            f"{most['label']} ({amount(of_row(most, 'share', study.replications), '%')}).",
        )
    headline = (
        f"{_said(summary, 'work_done')} of training: {share} of what the services ask is done by "
        f"the end, {_said(summary, 'unserved_share')} goes unserved, the rest is under way."
    )
    return Answer("What work gets done?", headline, tuple(details))


def _waiting(study: Study, summary: pl.DataFrame) -> str:
    if not study.queues_jobs():
        return (
            "No waits: the fluid fidelity dispatches work and knows no single jobs "
            "(policy.fidelity: jobs queues them)."
        )
    tail = _estimate(summary, "wait_p95")
    if tail is not None and tail.mean == 0:
        return "At least 95 jobs of 100 start at once, in every replication."
    return (
        f"Half of all jobs wait no longer than {_said(summary, 'wait_p50')}; one in twenty waits "
        f"longer than {_said(summary, 'wait_p95')}."
    )


def _money(study: Study, summary: pl.DataFrame) -> Answer:
    costs = summary.filter((pl.col("metric") == "unit_cost") & (pl.col("case") != BASELINE))
    names = {key: thing.label for key, thing in study.things("cases").items()}
    told = []
    for row in costs.iter_rows(named=True):
        delta = comparison.row_estimate(row, "difference")
        if row["verdict"] in _CLEAR and delta is not None:
            told.append(f"{names[row['case']]} {interval(delta, sign=True)}")
    against = listing(told) if told else "no case differs distinguishably"
    if len(costs) > len(told) > 0:
        against += "; the others are not distinguishable"
    pending = _estimate(summary, "pending")
    not_firm = ""
    if pending is not None and pending.mean > 0:
        not_firm = f", and orders of {amount(pending, 'USD')} are not firm"
    details = [
        f"Cash for racks, development and cancelling over the horizon: "
        f"{_said(summary, 'capital')}; at its end {_said(summary, 'owed')} more are owed on firm "
        f"orders{not_firm}.",
        f"Energy of the facilities: {_said(summary, 'energy')}; chips are productive for "
        f"{_said(summary, 'productive')} of their time in service.",
    ]
    cancelling = _estimate(summary, "cancelling")
    if cancelling is not None and cancelling.mean > 0:
        details.insert(1, f"Cancelling costs {amount(cancelling, 'USD')}, when it is done.")
    if not costs.is_empty():
        details.append(f"Against the baseline, USD per rce-day: {against}.")
    headline = f"{_said(summary, 'unit_cost')} of work, accrued, in the baseline."
    return Answer("At what cost and energy?", headline, tuple(details))


def _stop(study: Study, question: str, *, is_vendor: bool) -> Answer:
    nodes = study.scenarios[BASELINE]["supply"]["nodes"]
    losses = risk_views.work_lost_by_stop(study).filter(
        pl.col("node").map_elements(
            lambda node: (nodes[node]["kind"] == "vendor") == is_vendor, return_dtype=pl.Boolean
        )
    )
    home = BASELINE if BASELINE in study.stops else next(iter(study.stops))
    here = losses.filter(pl.col("case") == home).sort("lost", descending=True)
    if here.is_empty():
        return Answer(question, "No such stop was run.", ())
    stops = study.scenarios[home]["stops"]
    length = f"{stops['quarters']} quarter{'s' if stops['quarters'] > 1 else ''}"
    worst = here.row(0, named=True)
    if worst["verdict"] not in _CLEAR:
        seen = [of_row(row, "lost", row["replications"]) for row in here.to_dicts()]
        headline = f"No loss that can be told from zero with {study.replications} replications."
        if all(loss.low == loss.high == 0 for loss in seen):
            headline = "Nothing is lost in any replication."
        elif few := too_few(seen):
            headline = f"{few[0].upper()}{few[1:]}."
    else:
        headline = (
            f"{worst['label']} out for {length} from {stops['quarter']}: "
            f"{amount(of_row(worst, 'lost_share', study.replications), '%')} of the work, "
            f"{amount(of_row(worst, 'lost', study.replications), 'rce-days')}."
        )
    details = []
    others = [_short_loss(row, study.replications) for row in here[1:].iter_rows(named=True)]
    if others:
        details.append(f"Others: {listing(others)}.")
    for case in study.stops:
        if case != home and worst["node"] in study.stops[case]:
            details.append(_loss_in(study, case, home, worst["node"], worst["label"]))
    return Answer(question, headline, tuple(details))


def _short_loss(row: dict[str, object], n: int) -> str:
    if row["verdict"] not in _CLEAR:
        if row["lost_low"] == row["lost_high"] == 0:
            return f"{row['label']} {EXACTLY_NONE}"
        share = amount(of_row(row, "lost_share", n), "%")
        return f"{row['label']} {share} (not distinguishable from zero)"
    return f"{row['label']} {amount(of_row(row, 'lost_share', n), '%')}"


def loss_difference(study: Study, node: str, case: str, home: str) -> PairedDifference:
    """Estimate how much more a node's stop costs in one case than in another. [rce-days]"""
    stops = dependence.stops(study).filter(pl.col("node") == node)
    there, here = (
        _losses(stops.filter(pl.col("case") == name).sort("replication")) for name in (case, home)
    )
    return paired_difference(there, here)


def _losses(stops: pl.DataFrame) -> Array:
    run = stops["run"].to_numpy()
    return run - settled(stops["stopped"].to_numpy(), run)


def _loss_in(study: Study, case: str, home: str, node: str, label: str) -> str:
    delta = loss_difference(study, node, case, home)
    name = study.things("cases")[case].label
    if delta.low == delta.high == 0:
        told = "exactly as much"
    elif not delta.distinguishable():
        shown = amount(delta, "rce-days")
        told = f"not distinguishably more or less ({shown}, {delta.n} replications)"
    else:
        low, high = sorted((abs(delta.low), abs(delta.high)))
        less = Estimate(abs(delta.mean), low, high, delta.n, 0.95)
        told = f"{amount(less, 'rce-days')} {'more' if delta.mean > 0 else 'less'}"
    return f"In {name}, a stop of {label} costs {told}."
