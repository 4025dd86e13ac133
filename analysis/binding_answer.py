"""What holds racks back, in words: named only where its lead is beyond luck."""

from __future__ import annotations

import math

import polars as pl

from analysis.measures import binding, work
from analysis.measures.network import was_shared
from analysis.study_reader import BASELINE, Study
from analysis.telling import too_few
from analysis.uncertainty import mean_interval, paired_difference
from analysis.views import risk as risk_views
from analysis.words import amount, interval, listing, number

__all__ = ["what_binds"]

_CAUSES = binding.NAMES


def what_binds(study: Study) -> tuple[str, tuple[str, ...]]:
    """Return the answer in a sentence, and what supports it."""
    held = risk_views.racks_held_back(study)
    quarters = held["quarter"].n_unique()
    details = [_by_quarter(held, cause, quarters) for cause in _CAUSES]
    if held["racks"].sum() > 0:
        details.append(binding.NOT_COUNTED)
    left = binding.never_paid(study)["racks"]
    if left.sum() > 0:
        details.append(f"Never paid for within the run, by money or allocation: {_racks(left)}.")
    network = _profiled_network(study)
    if len(network):
        share = mean_interval(100 * network.to_numpy())
        details.append(
            f"Network: {amount(share, '%')} of step time of the work done is network-bound on the "
            "reference chip, as the families' profiles state"
            f"{'' if was_shared(study) else '; the load of links is not simulated'}."
        )
    return _headline(study), tuple(details)


def _by_quarter(held: pl.DataFrame, cause: str, quarters: int) -> str:
    ours = held.filter(pl.col("cause") == cause)
    when = ours.filter("binds")
    told = f"{_first(_CAUSES[cause])} holds back most racks in {len(when)} of {quarters} "
    told += "quarters" if quarters > 1 else "quarter"
    if len(when):
        told += f", clearly in {when['clear'].sum()}, first in {when['quarter'][0]}"
    return f"{told} (mean {number(float(str(ours['racks'].mean())))} racks)."


def _headline(study: Study) -> str:
    """Name what holds back most racks over the run, if its lead over each other is clear."""
    means = binding.over_the_run(study)
    ranked = sorted(
        (cause for cause in means.columns if float(means[cause].sum()) > 0),
        key=lambda cause: -float(means[cause].sum()),
    )
    if not ranked:
        return "Nothing: no rack that was wanted had to wait."
    told = {cause: _racks(means[cause]) for cause in ranked}
    first, n = ranked[0], study.replications
    leads = {c: paired_difference(means[first].to_numpy(), means[c].to_numpy()) for c in ranked[1:]}
    alike = [c for c, lead in leads.items() if not lead.distinguishable()]
    if alike:
        level = [f"{_CAUSES[c]} ({told[c]})" for c in (first, *alike)]
        text = f"Not distinguishable with {n} replication{'s' if n > 1 else ''}: {listing(level)}"
        if few := too_few(leads[c] for c in alike):
            return f"{text} hold back racks, on average over the run; {few}."
        return f"{text} hold back racks alike, on average over the run."
    if not leads:
        return f"{_first(_CAUSES[first])} alone: {told[first]} wait on average over the run."
    following = ranked[1]
    return (
        f"{_first(_CAUSES[first])} holds back most: {told[first]} on average over the run, "
        f"{interval(leads[following])} more than {_CAUSES[following]}."
    )


def _first(name: str) -> str:
    return name[:1].upper() + name[1:]


def _racks(sample: pl.Series) -> str:
    return amount(mean_interval(sample.to_numpy(), within=(0.0, math.inf)), "racks")


def _profiled_network(study: Study) -> pl.Series:
    """Return the network's share of a step, if families are rated by stated profiles at all."""
    families = study.scenarios[BASELINE]["catalog"]["families"].values()
    if any(family.get("models") for family in families):
        return pl.Series(dtype=pl.Float64)  # by the step-time law: the profiles are not in use
    return work.network_share(study)["network"].drop_nulls()
