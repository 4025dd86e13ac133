"""The slow twin's racks: plain lists, looked through from end to end every time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

HOST, DOMAIN, RACK, POD, SITE = range(5)
WORD = 2**64
GAMMA = 0x9E3779B97F4A7C15


def luck_of(seed: int, job: int, starts: int) -> float:
    """SplitMix64, spelt out: the draw of a job's start."""

    def mixed(z: int) -> int:
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % WORD
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % WORD
        return z ^ (z >> 31)

    z = mixed((seed + (job + 1) * GAMMA) % WORD)
    return (mixed((z + (starts + 1) * GAMMA) % WORD) >> 11) * 2.0**-53


def pick(luck: float, among: list[Any]) -> Any:
    return among[min(int(luck * len(among)), len(among) - 1)]


@dataclass(eq=False)
class Cell:
    rack: int
    number: int
    free: int = 0
    up: int = 0
    there: int = 0
    held: int = 0
    drain: int = 0


@dataclass
class Tree:
    layout: Any
    placement: str
    cells: list[Cell] = field(default_factory=list)
    racks: int = 0

    # Places.

    def enter(self, hosts: int, rack: int | None) -> None:
        while hosts > 0:
            room = [
                c
                for c in self.cells
                if c.there < self.layout.hosts_per_domain and rack in (None, c.rack)
            ]
            if not room:
                for _ in range(self.layout.hosts_per_rack // self.layout.hosts_per_domain):
                    self.cells.append(Cell(self.racks, len(self.cells)))
                self.racks += 1
                continue
            room[0].free += 1
            room[0].up += 1
            room[0].there += 1
            hosts -= 1

    def of(self, rack: int | None) -> list[Cell]:
        return [c for c in self.cells if rack in (None, c.rack)]

    def in_rack(self, rack: int) -> list[Cell]:
        return self.of(rack)

    def in_pod(self, pod: int) -> list[Cell]:
        return [c for c in self.cells if c.rack // self.layout.racks_per_pod == pod]

    @property
    def pods(self) -> range:
        return range(-(-self.racks // self.layout.racks_per_pod))

    # Who takes what.

    def level(self, hosts: int) -> int:
        if hosts == 1:
            return HOST
        if any(c.free >= hosts for c in self.cells):
            return DOMAIN
        if any(idle(self.in_rack(r)) >= hosts for r in range(self.racks)):
            return RACK
        if any(idle(self.in_pod(q)) >= hosts for q in self.pods):
            return POD
        return SITE

    def take(self, hosts: int, luck: float) -> list[tuple[Cell, int]]:
        level = self.level(hosts)
        if level <= DOMAIN:
            return self.pieces([self.cell_for(hosts, luck)], hosts)
        if level == RACK:
            racks = [self.in_rack(r) for r in range(self.racks)]
            return self.pieces(self.one_of(racks, hosts, luck), hosts)
        if level == POD:
            pods = [self.in_pod(q) for q in self.pods]
            return self.over_racks(self.one_of(pods, hosts, luck), hosts)
        parts = []
        for pod, n in self.fewest([self.in_pod(q) for q in self.pods], hosts):
            parts += self.over_racks(pod, n)
        return parts

    def cell_for(self, hosts: int, luck: float) -> Cell:
        able = [c for c in self.cells if c.free >= hosts]
        if self.placement == "random":
            return pick(luck, [c for c in able for _ in range(c.free if hosts == 1 else 1)])
        sign = -1 if self.placement == "worst_fit" else 1
        return min(able, key=lambda c: (sign * c.free, sign * idle(self.in_rack(c.rack)), c.number))

    def one_of(self, groups: list[list[Cell]], hosts: int, luck: float) -> list[Cell]:
        able = [g for g in groups if idle(g) >= hosts]
        if self.placement == "random":
            return pick(luck, able)
        return (max if self.placement == "worst_fit" else min)(able, key=idle)

    def over_racks(self, pod: list[Cell], hosts: int) -> list[tuple[Cell, int]]:
        parts = []
        racks = [self.in_rack(r) for r in sorted({c.rack for c in pod})]
        for rack, n in self.fewest(racks, hosts):
            parts += self.pieces(rack, n)
        return parts

    def pieces(self, cells: list[Cell], hosts: int) -> list[tuple[Cell, int]]:
        parts = []
        for (cell,), n in self.fewest([[c] for c in cells], hosts):
            cell.free -= n
            parts.append((cell, n))
        return parts

    def fewest(self, groups: list[list[Cell]], hosts: int) -> list[tuple[list[Cell], int]]:
        """Fill the emptiest groups, the last part as the policy likes it."""
        groups, found = list(groups), []
        while hosts > 0:
            able = [g for g in groups if idle(g) >= hosts]
            if able and self.placement != "worst_fit":
                best = min(able, key=idle)
            else:
                best = max(groups, key=idle)
            found.append((best, min(hosts, idle(best))))
            hosts -= found[-1][1]
            groups.remove(best)
        return found

    def idle_cell(self, k: int) -> Cell:
        return [c for c in self.cells for _ in range(c.free)][k]

    def lowest(self, wanted: Callable[[Cell], bool], rack: int | None = None) -> Cell:
        return next(c for c in self.of(rack) if wanted(c))

    def highest(self, wanted: Callable[[Cell], bool], rack: int | None = None) -> Cell | None:
        return next((c for c in reversed(self.of(rack)) if wanted(c)), None)


def idle(cells: list[Cell]) -> int:
    return sum(c.free for c in cells)
