"""Names that must mean something: each chip, site, family and node named is one that exists.

What a name must be is a table of paths, looked up in the plain tree, so that it
is checked also where other parts of the files are still wrong. What needs the
meaning of values (kinds, dates, sums) is in `simulator.spec.sense`.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from simulator.spec.faults import Loc, hint
from simulator.spec.scenario import Scenario
from simulator.spec.sense import contradictions

#: In a path: every item of a list or mapping; and: every key of a mapping, as a name itself.
_EACH, _KEYS = "*", "@"


@dataclass(frozen=True)
class Rule:
    """Names found at some paths must be keys of one mapping."""

    known: str
    """Path of the mapping."""
    message: str
    """What to say of a name that is not; ``{}`` is the name."""
    paths: tuple[str, ...]
    """Where such names stand."""


_BOUGHT = (
    "supply.plan.*.chip",
    "supply.buying.other",
    "supply.programme.chip",
    "supply.programme.fallback",
)
_STANDING = "supply.in_service.*.chip"

#: In order: at one path, only the first rule that is broken is reported.
RULES = (
    Rule(
        "catalog.chips",
        "unknown chip {}",
        (
            "catalog.reference_chip",
            "catalog.racks.@",
            "catalog.racks.*.chip",
            "catalog.software.ports.*.@",
            "supply.lead_times.@",
            "network.fabrics.*.chips.*",
            "supply.contracts.@",
            "supply.porting.tasks.*.chip",
            "supply.retirements.*.chip",
            "supply.retirements.*.makes_room_for",
            "supply.nodes.*.sharing.ranks.@",
            "supply.nodes.*.sharing.floors.@",
            _STANDING,
            *_BOUGHT,
        ),
    ),
    Rule(
        "catalog.racks",
        "no rack is described for chip {}",
        (_STANDING, "network.fabrics.*.chips.*", *_BOUGHT),
    ),
    Rule("supply.lead_times", "no lead time is given for chip {}", _BOUGHT),
    Rule("services", "unknown service {}", ("policy.weights.@", "policy.quotas.@")),
    Rule(
        "catalog.families",
        "unknown workload family {}",
        (
            "catalog.software.ports.@",
            "services.*.families.@",
            "supply.programme.ports_after_ramp.*",
            "supply.porting.tasks.*.family",
            "network.exchanges.@",
            "network.backbone.reads.@",
        ),
    ),
    Rule(
        "sites",
        "unknown site {}",
        (
            "supply.in_service.*.site",
            "supply.retirements.*.site",
            "network.backbone.links.*.ends.*",
            "network.backbone.reads.*.stored.*",
        ),
    ),
    Rule(
        "supply.nodes",
        "unknown node {}",
        (
            "catalog.chips.*.vendor",
            "catalog.chips.*.foundry.@",
            "catalog.chips.*.packaging.@",
            "catalog.chips.*.memory_makers.@",
            "catalog.chips.*.inputs.*.shares.@",
            "supply.nodes.*.inputs.*.shares.@",
            "supply.nodes.*.rests_on.*",
            "supply.queues.@",
            "supply.shocks.*.node",
            "supply.random_shocks.*.node",
            "stops.nodes.*",
        ),
    ),
)

#: Mappings whose keys name random streams.
_STREAM_IDS = ("catalog.chips", "catalog.families", "sites", "services", "supply.nodes")


def faults(scenario: Scenario, cases: Collection[str] | None = None) -> list[tuple[Loc, str]]:
    """Return path and message of each name that means nothing and each contradiction.

    Parameters
    ----------
    scenario : Scenario
        Valid in itself.
    cases : collection of str, optional
        Names of the cases there are, ``baseline`` among them; if given, the
        stop study's cases are checked.
    """
    found = unknown_names(scenario.model_dump(), cases)
    unknown = {loc for loc, _ in found}
    return found + [
        (loc, message) for loc, message in contradictions(scenario) if loc not in unknown
    ]


def unknown_names(tree: Any, cases: Collection[str] | None = None) -> list[tuple[Loc, str]]:
    """Return path and message of each name in a plain tree that means nothing.

    The tree need not be a valid scenario: what is absent or misshapen is passed over.
    """
    found: dict[Loc, str] = {}
    for rule in RULES:
        known = next((value for _, value in _walk(tree, rule.known)), None)
        if not isinstance(known, dict):
            continue  # the mapping itself is missing, and that is reported by itself
        for path in rule.paths:
            for loc, name in _walk(tree, path):
                if isinstance(name, str) and name not in known:
                    message = rule.message.format(repr(name)) + hint(name, known)
                    found.setdefault(loc, message)
    if cases is not None:
        for loc, name in _walk(tree, "stops.cases.*"):
            if isinstance(name, str) and name not in cases:
                found[loc] = f"unknown case {name!r}{hint(name, cases)}"
    return [*found.items(), *_shared_streams(tree)]


def _walk(tree: Any, path: str) -> Iterator[tuple[Loc, Any]]:
    """Yield place and value of all that a path leads to."""
    step, _, rest = path.partition(".")
    for key, value in _children(tree, step):
        if not rest:
            yield (key,), value
        else:
            for loc, name in _walk(value, rest):
                yield (key, *loc), name


def _children(tree: Any, step: str) -> Iterator[tuple[str | int, Any]]:
    if isinstance(tree, list) and step == _EACH:
        yield from enumerate(tree)
    elif isinstance(tree, dict):
        if step == _EACH:
            yield from tree.items()
        elif step == _KEYS:
            yield from ((key, key) for key in tree)
        elif step in tree:
            yield step, tree[step]


def _shared_streams(tree: Any) -> Iterator[tuple[Loc, str]]:
    """Yield ids whose random streams would be one, as streams are keyed by CRC-32.

    Streams are named by the id with words around it. Ids of one length that
    share a CRC share it among any words; what is left over, the streams refuse.
    """
    first: dict[int, str] = {}
    for path in _STREAM_IDS:
        for loc, name in _walk(tree, f"{path}.{_KEYS}"):
            other = first.setdefault(zlib.crc32(str(name).encode()), name)
            if other != name:
                yield loc, f"would share its random numbers with {other!r}; rename one"
