"""``siliconmix fabric FILE``: check an interconnect, measure it, load it, break it, draw it."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from analysis.figures import style
from analysis.figures.fabric import fabric_tiers, tier_table
from simulator.laws.cuts import Survey, survey
from simulator.laws.fabric import Fabric, Tier
from simulator.laws.interconnect import FabricError, read_graph, single_points
from simulator.laws.maxmin import max_min_rates
from simulator.laws.outages import single_outages
from simulator.laws.paths import Flows, Routes, capacity_of
from simulator.laws.topologies import backbone, clos, dragonfly, scale_up_domain, torus
from simulator.laws.traffic import tier_utilisation
from simulator.spec.fabric import Fabrics, LinkTerms, load_fabrics
from simulator.spec.faults import Fault, SpecError, hint

__all__ = ["built", "examine", "fabric", "read_fabrics"]

#: Up to so many links and switches each is failed in turn; of more, the first of each tier.
_ALL_FAILURES = 400
#: Endpoints that send in the load test; of more, evenly spaced ones with scaled amounts.
_SENDERS = 4096


def fabric(file: Path, json: bool = False, out: Path | None = None) -> None:
    """Check and describe the fabrics of a file; write a drawing of each if a folder is given.

    Parameters
    ----------
    file : Path
        GraphML, node-link JSON, or YAML in the form of the catalogue; ``FILE.yaml:NAME`` for one
        fabric of several.
    json : bool
        One object a line on standard output instead of tables.
    out : Path, optional
        Folder for ``NAME.png``, ``NAME.svg`` and the table behind them.

    Raises
    ------
    SpecError
        With every fault of the file.
    """
    console, err = Console(), Console(stderr=True, highlight=False)
    for name, label, graph in read_fabrics(file):
        seen, tiers = survey(graph), examine(graph)
        weak = single_points(graph)
        if json:
            print(jsonlib.dumps(_row(name, label, seen, tiers, weak)))
        else:
            _tell(console, label, seen, tiers, weak)
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            figure, ax = style.canvas(9.0, 1.9 + 0.75 * len(tiers))
            table = tier_table(tiers)
            fabric_tiers(table, ax)
            table.write_csv(out / f"{name}.csv")
            footer = f"{label}, {seen.chips:,} chips. Load: {_LOAD}. Failures: {_FAILURES}."
            png, _ = style.save(figure, out / name, footer)
            err.print(f"Drawing: {png}")
    if not json:
        console.print(_COLUMNS, soft_wrap=True, style="dim")


_LOAD = (
    "each endpoint sends at line rate to the one half the fabric further on, shared max-min fairly"
)
_WORST = "worst of those tried; mean over all senders"
_FAILURES = f"one link of the tier down, {_WORST}"

_COLUMNS = (
    f"TB/s: one way, all links of the tier. Load (mean) and hottest (its fullest link): {_LOAD}. "
    f"One link down: change of what is sent, {_WORST}. Cut: senders that then reach "
    "nobody. Down: links out of service at a time, expected from their times between failures "
    "and to repair."
)


def read_fabrics(file: Path) -> list[tuple[str, str, Fabric]]:
    """Return name, label and fabric of everything in a file, or of the one named after a colon.

    Raises
    ------
    SpecError
        If it cannot be read, is malformed, or lacks the fabric named.
    """
    stem, colon, wanted = str(file).rpartition(":")
    path = Path(stem) if colon and not file.exists() else file
    if path.suffix not in {".yaml", ".yml"}:
        try:
            return [(path.stem, path.stem, read_graph(path))]
        except FabricError as error:
            raise SpecError([Fault(error.where, None, "", text) for text in error.found]) from None
    fabrics = load_fabrics(path)
    names = fabrics.names()
    if path != file and wanted not in names:
        message = f"has no fabric {wanted!r}{hint(wanted, names)}"
        raise SpecError([Fault(str(path), None, "fabrics", message)])
    chosen = names if path == file else [wanted]
    found: list[Fault] = []
    out: list[tuple[str, str, Fabric]] = []
    for name in chosen:
        try:
            out.append((name, *built(fabrics, name)))
        except ValueError as reason:
            found.append(Fault(str(path), None, f"fabrics.{name}", str(reason)))
    if found:
        raise SpecError(found)
    return out


def _terms(terms: LinkTerms) -> Tier:
    plain = Tier()
    return Tier(
        plain.latency_s if terms.latency is None else terms.latency.value,
        plain.mtbf_s if terms.mtbf is None else terms.mtbf.value,
        plain.mttr_s if terms.mttr is None else terms.mttr.value,
    )


def built(fabrics: Fabrics, name: str) -> tuple[str, Fabric]:
    """Return label and fabric of the one called *name*.

    Raises
    ------
    ValueError
        If its counts do not go together.
    KeyError
        If there is none of that name.
    """
    if name in fabrics.domains:
        d = fabrics.domains[name]
        terms = {tier: _terms(t) for tier, t in d.tiers.items()}
        return d.label, scale_up_domain(d.chips, d.switches, d.chip_bandwidth.value, terms)
    if name in fabrics.clos:
        c = fabrics.clos[name]
        return c.label, clos(
            c.pods, c.racks, c.hosts, c.chips, c.nic_bandwidth.value,
            planes=c.planes, spines=c.spines, rails=c.rails,
            rack_oversubscription=c.rack_oversubscription,
            pod_oversubscription=c.pod_oversubscription,
            tiers={tier: _terms(t) for tier, t in c.tiers.items()},
        )  # fmt: skip
    if name in fabrics.tori:
        t = fabrics.tori[name]
        wear = {tier: _terms(x) for tier, x in t.tiers.items()}
        return t.label, torus(t.shape, t.link_bandwidth.value, wear)
    if name in fabrics.dragonflies:
        g = fabrics.dragonflies[name]
        return g.label, dragonfly(
            g.groups, g.routers, g.hosts, g.chips, g.nic_bandwidth.value,
            local_b_per_s=g.local_bandwidth.value, global_b_per_s=g.global_bandwidth.value,
            global_links=g.global_links, tiers={tier: _terms(x) for tier, x in g.tiers.items()},
        )  # fmt: skip
    b = fabrics.backbones[name]
    return b.label, backbone(
        {site: built(fabrics, inner)[1] for site, inner in b.sites.items()},
        [(x.ends[0], x.ends[1], x.bandwidth.value, _terms(x.terms)) for x in b.links],
        dict.fromkeys(b.sites, b.site_bandwidth.value),
        {tier: _terms(x) for tier, x in b.tiers.items()},
    )


def examine(graph: Fabric) -> list[dict[str, Any]]:
    """Return a row for each tier: capacity, load, what one failed link costs.

    Keys: ``tier``, ``links``, ``capacity_b_per_s`` (one way, all links), ``utilisation`` and
    ``hottest`` under the load test [1], ``lost_share`` of all senders' bandwidth and ``cut``
    senders with one link of the tier down, the worst of ``tried``, ``down_links`` expected at a
    time.
    """
    flows = _half_turn(graph)
    routes, _ = Routes(graph).incidence(flows)
    rate = max_min_rates(routes, capacity_of(graph))
    links, tiers = tier_utilisation(graph, routes, rate)
    both = np.r_[graph.tier, graph.tier]
    every = graph.tail.size <= _ALL_FAILURES
    rows = []
    for k, tier in enumerate(graph.tiers):
        mine = np.flatnonzero(graph.tier == k)
        # Links carry unequal load where the tier is not symmetric: try the hottest as well.
        load = np.maximum(links[mine], links[mine + graph.tail.size])
        tried = mine if every else np.unique([mine[0], mine[-1], mine[load.argmax()]])
        outages = list(single_outages(graph, flows, routes, links=tried.tolist()))
        lost = [1 - float(o.rate_b_per_s.sum() / rate.sum()) for o in outages]
        rows.append(
            {
                "tier": tier,
                "links": mine.size,
                "capacity_b_per_s": float(graph.capacity_b_per_s[mine].sum()),
                "utilisation": float(tiers[k]),
                "hottest": float(links[both == k].max()),
                "lost_share": max(0.0, *lost),
                "cut": max(o.cut.size for o in outages),
                "tried": len(outages),
                "down_links": _down(graph, mine),
            }
        )
    return rows


def _down(graph: Fabric, links: NDArray[np.int64]) -> float:
    """Links expected to be down at a time: sum of MTTR / (MTBF + MTTR)."""
    mttr, mtbf = graph.mttr_s[links], graph.mtbf_s[links]
    return float((mttr / (mtbf + mttr)).sum())


def _half_turn(graph: Fabric) -> Flows:
    """Each endpoint sends to the one half the fabric further on, a unit for each of its chips."""
    ends = graph.endpoints
    pick = np.linspace(0, ends.size - 1, min(ends.size, _SENDERS)).astype(np.int64)
    source, target = ends[pick], ends[(pick + ends.size // 2) % ends.size]
    amount = (graph.chips[source] * (ends.size / pick.size)).astype(np.float64)
    return Flows(source, target, amount, np.arange(pick.size), pick.size)


def _row(
    name: str, label: str, seen: Survey, tiers: list[dict[str, Any]], weak: list[str]
) -> dict[str, object]:
    return {
        "name": name,
        "label": label,
        "chips": seen.chips,
        "endpoints": seen.endpoints,
        "switches": seen.switches,
        "links": seen.links,
        "bisection_b_per_s": seen.bisection_b_per_s,
        "bisection_share": seen.bisection_share,
        "mean_hops": seen.mean_hops,
        "hops": {str(hops): pairs for hops, pairs in seen.hops.items()},
        "hops_sampled": seen.hops_sampled,
        "latency_s": seen.latency_s,
        "most_latency_s": seen.most_latency_s,
        "single_points": weak,
        "tiers": tiers,
    }


def _tell(
    console: Console, label: str, seen: Survey, tiers: list[dict[str, Any]], weak: list[str]
) -> None:
    console.print(
        f"[bold]{label}[/bold]: {seen.chips:,} chips on {seen.endpoints:,} endpoints, "
        f"{seen.switches:,} switches, {seen.links:,} links; connected, all capacities positive."
    )
    most = max(seen.hops, default=0)
    sampled = " (of a sample of pairs)" if seen.hops_sampled else ""
    console.print(
        f"Bisection {seen.bisection_b_per_s / 1e12:,.2f} TB/s one way, "
        f"{100 * seen.bisection_share:.1f} % of what half the chips can send; "
        f"{seen.mean_hops:.2f} links from chip to chip on average, at most {most}{sampled}; "
        + (
            f"{1e6 * seen.latency_s:,.1f} us one way, at most {1e6 * seen.most_latency_s:,.1f} us."
            if seen.most_latency_s
            else "no latency given."
        )
    )
    if weak:
        more = f" and {len(weak) - 3:,} more" if len(weak) > 3 else ""
        console.print(f"Single points of failure: {', '.join(weak[:3])}{more}.")
    table = Table("tier", *("links", "TB/s", "load", "hottest", "one link down", "cut", "down"))
    for row in tiers:
        table.add_row(
            row["tier"],
            f"{row['links']:,}",
            f"{row['capacity_b_per_s'] / 1e12:,.1f}",
            f"{100 * row['utilisation']:.0f} %",
            f"{100 * row['hottest']:.0f} %",
            f"-{100 * row['lost_share']:.3g} %" if row["lost_share"] > 1e-9 else "no loss",
            str(row["cut"]),
            f"{row['down_links']:.2g}",
        )
    console.print(table)
