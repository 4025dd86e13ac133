"""The metrics a study names: whether there are such, also of one service or one quarter."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from simulator.spec.faults import Fault, Loc, fault, hint
from simulator.spec.located import Located
from simulator.spec.scenario import Scenario

#: Stands for each service in turn.
EACH = "*"
_QUARTER = re.compile(r"\d{4}Q[1-4]")


@dataclass(frozen=True)
class Metrics:
    """What metrics there are.

    Parameters
    ----------
    names : collection of str
        Of the whole.
    parted : collection of str
        Those of them that may be told of a part: ``work_done.feed-ranking``,
        ``work_done.2026Q4``, ``work_done.feed-ranking.2026Q4``.
    scenario : Scenario or None
        Whose services and quarters; None if it cannot be read: then parts are not looked at.
    """

    names: Collection[str]
    parted: Collection[str]
    scenario: Scenario | None

    def faults(self, own: Located) -> Iterator[Fault]:
        """Yield each metric of a study file that there is not."""
        listed = own.child("metrics")
        items = len(listed.value) if listed and listed.is_list else 0
        places: list[Loc] = [("outcome",), ("replications", "precision", "metric")]
        places += [("frontier", name) for name in ("cost", "work", "risk")]
        places += [("metrics", k) for k in range(items)]
        for loc in places:
            named = own.at(loc)
            if named is not None and isinstance(named.value, str):
                message = self._unknown(named.value, each=loc[0] == "metrics")
                if message:
                    yield fault(named.place, loc, message)

    def every(self, names: Iterable[str]) -> list[str]:
        """Return names with those of each service written out."""
        services = [] if self.scenario is None else [*self.scenario.services]
        found: list[str] = []
        for name in names:
            parts = name.split(".")
            each = services if EACH in parts else [""]
            found += [".".join(one if p == EACH else p for p in parts) for one in each]
        return [*dict.fromkeys(found)]

    def _unknown(self, name: str, *, each: bool) -> str:
        metric, *parts = name.split(".")
        if metric not in self.names:
            return f"unknown metric {name!r}{hint(metric, self.names)}"
        if not parts or self.scenario is None:
            return ""
        if metric not in self.parted:
            told = ", ".join(self.parted)
            return f"{name!r}: {metric!r} is not told by service or quarter; {told} are"
        services, quarters = self.scenario.services, self.scenario.horizon.calendar.names()
        service = parts[0] if _QUARTER.fullmatch(parts[0]) is None else None
        quarter = parts[-1] if len(parts) > 1 or service is None else None
        if len(parts) > (1 if service is None else 2):
            return f"{name!r} is not of the form METRIC.SERVICE.QUARTER"
        if service is not None and not (service in services or (each and service == EACH)):
            known = hint(service, services)
            return f"{name!r}: unknown service {service!r}{known}"
        if quarter is not None and quarter not in quarters:
            return f"{name!r}: {quarter!r} is no quarter of {quarters[0]} to {quarters[-1]}"
        return ""
