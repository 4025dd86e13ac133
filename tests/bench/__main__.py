"""Print the table and write the rows."""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import tests.bench
from tests.bench.measure import Row


def subjects() -> dict[str, Callable[[float], Iterator[Row]]]:
    """Return what can be measured, by name."""
    found = {}
    for part in pkgutil.iter_modules(tests.bench.__path__):
        if part.name != "__main__":
            rows = getattr(importlib.import_module(f"tests.bench.{part.name}"), "rows", None)
            if rows is not None:
                found[part.name] = rows
    return found


def show(row: Row) -> None:
    """Print one line of the table."""
    bound = "" if row.bound is None else f"{row.sense} {row.bound:g}"
    missed = "" if row.kept else "MISSED"
    beside = ", ".join(f"{name} {value:.4g}" for name, value in row.beside.items())
    sys.stdout.write(
        f"{row.name:44} {row.value:10.4g} {row.unit:6} {bound:9} {missed:6} "
        f"{row.against:22} {beside}".rstrip()
        + "\n"
    )
    sys.stdout.flush()


def main() -> None:
    """Measure the subjects named, or all."""
    known = subjects()
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("subject", nargs="*", help=f"of {', '.join(known)}; all by default")
    parser.add_argument("--size", type=float, default=1.0, help="share of the full work")
    parser.add_argument("--out", type=Path, default=Path("build/bench.jsonl"))
    asked = parser.parse_args()
    unknown = sorted(set(asked.subject) - set(known))
    if unknown:
        parser.error(f"no subject {', '.join(unknown)}; there are {', '.join(known)}")
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    with asked.out.open("w") as out:
        for name in asked.subject or known:
            began = time.perf_counter()
            sys.stdout.write(f"\n{name}\n")
            for row in known[name](asked.size):
                print(json.dumps(asdict(row)), file=out, flush=True)
                show(row)
            sys.stdout.write(f"({time.perf_counter() - began:.0f} s)\n")


if __name__ == "__main__":
    main()
