"""What a valid scenario says and hardly means: what comes to nothing, purchases gone missing.

None of these is a fault, for each can be meant; but each has been meant otherwise, and a run
shows none of them. What is said is certain: what chance may do beside it is not foretold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from simulator.spec.faults import Fault, Loc, fault
from simulator.spec.loader import Given
from simulator.spec.notices_chips import same_plants, unnamed_inputs, unported
from simulator.spec.notices_gate import late_gate, thresholds
from simulator.spec.notices_money import removed, waits
from simulator.spec.notices_orders import PLAN, orders
from simulator.spec.notices_shocks import late_shocks, surges
from simulator.spec.scenario import Scenario

Findings = Iterator[tuple[Loc, str]]

#: What is told of a scenario by itself; of its money, `waits` tells.
_CHECKS: tuple[Callable[[Scenario], Findings], ...] = (
    orders,
    late_shocks,
    surges,
    late_gate,
    thresholds,
    unported,
    unnamed_inputs,
    same_plants,
)


def notices(given: Given, before: Scenario | None = None) -> list[Fault]:
    """Return what a scenario hardly means, each with its place.

    Parameters
    ----------
    given : Given
    before : Scenario, optional
        What it is compared with, such as the baseline, for purchases that went missing.
    """
    scenario = given.scenario
    found = [*meaningless(scenario), *((wait.loc, wait.message) for wait in waits(scenario))]
    if before is not None and (message := removed(before, scenario)):
        found.append((PLAN, message))
    return [fault(given.effective.place_of(loc), loc, message) for loc, message in found]


def meaningless(scenario: Scenario) -> Findings:
    """Yield path and message of what comes to nothing, or is hardly meant, money aside."""
    for check in _CHECKS:
        yield from check(scenario)
