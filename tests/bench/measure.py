"""What is measured, and how: processor time, memory, rows."""

from __future__ import annotations

import gc
import importlib
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: Once so much is spent on a figure, no further call is made. [s]
LONG_S = 12.0
#: Calls of what another is held against, before and after it.
_BESIDE = 3


@dataclass(frozen=True)
class Row:
    """One figure and what it is held against."""

    name: str
    value: float
    unit: str
    #: What the value is a ratio to; empty: it is an amount.
    against: str = ""
    #: Where it must not pass; None: reported only.
    bound: float | None = None
    #: ``max``: the bound is the most the value may be; ``min``: the least.
    sense: str = "max"
    #: What to know beside it, such as load or queue length, with the unit in the name.
    beside: dict[str, float] = field(default_factory=dict)

    @property
    def kept(self) -> bool:
        """Whether the value keeps its bound."""
        if self.bound is None:
            return True
        return self.value <= self.bound if self.sense == "max" else self.value >= self.bound


def seconds(
    function: Callable[..., object],
    times: int = 3,
    prepare: Callable[[], tuple[Any, ...]] = lambda: (),
) -> float:
    """Return the median processor time of some calls, each with what *prepare* made. [s].

    A call that takes long is not noisy, and is not made again.
    """
    spent: list[float] = []
    while len(spent) < times and sum(spent) < LONG_S:
        spent.append(_once(function, *prepare()))
    return statistics.median(spent)


def ratio(
    function: Callable[[], object], against: Callable[[], object], times: int = 3
) -> tuple[float, float]:
    """Return the median of what a call takes over what another takes, and of that. [1], [s].

    The other is called a few times before and after each, for the speed of a machine drifts.
    """
    ratios, others = [], [_once(against) for _ in range(_BESIDE)]
    for _ in range(times):
        spent = _once(function)
        others += [_once(against) for _ in range(_BESIDE)]
        ratios.append(spent / statistics.median(others[-2 * _BESIDE :]))
    return statistics.median(ratios), statistics.median(others)


def _once(function: Callable[..., object], *arguments: Any) -> float:
    """Return the processor time of a call. [s]."""
    gc.collect()
    began = time.process_time()
    function(*arguments)
    return time.process_time() - began


def peak_bytes(module: str, function: str, *arguments: Any) -> float:
    """Return the peak of resident memory of a call above that before it. [B].

    In a fresh process; *function* of *module* gets the arguments, and
    ``warm()`` of the module is called first, so that imports and compiled code
    do not count.
    """
    # A command of its own, for which the script that is running need not be imported again.
    call = f"from {__name__} import report_peak; report_peak{(module, function, *arguments)!r}"
    run = subprocess.run([sys.executable, "-c", call], check=True, stdout=subprocess.PIPE)
    return float(run.stdout.split()[-1])


def report_peak(module: str, function: str, *arguments: Any) -> None:
    """Measure in this process, and write the peak to standard output. [B]."""
    found = importlib.import_module(module)
    found.warm()
    gc.collect()
    # 5 resets the high-water mark of resident memory (proc(5)).
    Path("/proc/self/clear_refs").write_text("5")
    before = _status_bytes("VmRSS")
    getattr(found, function)(*arguments)
    sys.stdout.write(f"{_status_bytes('VmHWM') - before}\n")


def _status_bytes(key: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return float(line.split()[1]) * 1024
    raise OSError(f"/proc/self/status has no {key}")
