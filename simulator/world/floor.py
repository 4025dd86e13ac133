"""Sites: racks dock, wait for floor and energised power, and go into service."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, exp, inf, log
from statistics import NormalDist
from typing import Any

import simpy

from simulator.spec.scenario import Scenario
from simulator.spec.site import NetworkPhase, PowerPhase
from simulator.streams import Streams
from simulator.world.clock import At
from simulator.world.recorder import Recorder

_Z90 = NormalDist().inv_cdf(0.9)
_DELIVERY = ("order", "site", "chip", "racks", "in_service_s")
_FLEET = ("t_s", "site", "chip", "racks", "chips", "nameplate_w")


@dataclass(slots=True)
class Consignment:
    """Like racks of one order that stand on the dock; `racks` counts those still waiting."""

    order: str
    chip: str
    racks: int
    #: What is done between finding room and service: name and length. [s]
    stages: tuple[tuple[str, float], ...] = ()


@dataclass(slots=True)
class _Room:
    """What one site has left."""

    watts: float = 0.0
    positions: int = 0
    #: Positions the fabric reaches; boundless where it comes with the floor.
    network: float = inf

    def racks(self, nameplate_w: float) -> int:
        """Return for how many more racks of a kind there is room."""
        # Half a watt covers the rounding of sums of nameplates.
        fits = int((self.watts + 0.5) // nameplate_w)
        return int(min(self.positions, self.network, fits))

    def take(self, most: int, nameplate_w: float) -> int:
        """Take room for as many racks as fit; return how many."""
        racks, needed_w = most, most * nameplate_w
        if needed_w > self.watts + 0.5 or most > self.positions or most > self.network:
            racks = min(most, self.racks(nameplate_w))
            if racks <= 0:
                return 0
            needed_w = racks * nameplate_w
        self.watts -= needed_w
        self.positions -= racks
        self.network -= racks
        return racks

    def give_back(self, racks: int, nameplate_w: float) -> None:
        """Leave room that racks had."""
        self.watts += racks * nameplate_w
        self.positions += racks
        self.network += racks


class Floor:
    """All sites' rack positions, network and critical IT power.

    Invariant: at every site the racks being installed or in service fit in the
    energised positions and in those the network reaches, and their nameplate
    power in the energised power.

    Parameters
    ----------
    in_service : callable
        Called with (site, chip, racks) the moment racks go into service.
    nameplate_w : mapping of str to float
        Power to provision for a rack of each chip. [W]
    retired : callable
        Called with (site, chip, racks) the moment racks go out of service.
    streams : Streams
        For the delays of phases.
    """

    def __init__(
        self,
        env: simpy.Environment,
        scenario: Scenario,
        record: Recorder,
        in_service: Callable[[str, str, int], None],
        nameplate_w: Mapping[str, float],
        retired: Callable[[str, str, int], None],
        streams: Streams,
    ) -> None:
        self.env = env
        self.scenario = scenario
        self.record = record
        self.in_service = in_service
        self.nameplate_w = nameplate_w
        self.retired = retired
        self.streams = streams
        self._rooms = {i: _Room(network=0 if s.network else inf) for i, s in scenario.sites.items()}
        #: Sites that offer the cooling a chip's racks need; they fill in the order of their ids.
        self._sites_for = {
            chip: sorted(i for i, s in scenario.sites.items() if rack.cooling in s.cooling)
            for chip, rack in scenario.catalog.racks.items()
        }
        self.racks: dict[tuple[str, str], int] = {}
        self.dock: deque[Consignment] = deque()
        self._chips = {chip: rack.chips for chip, rack in scenario.catalog.racks.items()}
        self._tell_delivery = record.writer("deliveries", _DELIVERY)
        self._tell_fleet = record.writer("fleet", _FLEET)
        self.installing = 0
        #: Racks that may go to make room, by site and kind that comes: [chip, racks].
        self._refresh: dict[tuple[str, str], list[Any]] = {}

    def energise(self) -> Generator[simpy.Event, Any, None]:
        """Bring each later block of power or network in on its date."""
        blocks = [
            (at_s, site_id, kind, block)
            for site_id, site in self.scenario.sites.items()
            for kind, blocks in (("power", site.phases), ("network", site.network))
            for at_s, block in self._dates(site_id, kind, blocks)
            if at_s > 0
        ]
        for at_s, site_id, _, block in sorted(blocks, key=lambda b: b[:3]):
            yield At(self.env, at_s)
            self.add_phase(site_id, block)

    def start(self) -> None:
        """Have what is energised and built by the first day."""
        for site_id, site in sorted(self.scenario.sites.items()):
            for kind, blocks in (("power", site.phases), ("network", site.network)):
                for at_s, block in self._dates(site_id, kind, blocks):
                    if at_s <= 0:
                        self.add_phase(site_id, block)

    def add_phase(self, site_id: str, phase: PowerPhase | NetworkPhase) -> None:
        """Energise one block, or connect its network, and serve the dock."""
        if isinstance(phase, NetworkPhase):
            self._rooms[site_id].network += phase.racks
            self.record.event(self.env.now, "connected", site_id, f"{phase.racks} racks")
        else:
            self._rooms[site_id].watts += phase.it_power
            self._rooms[site_id].positions += phase.racks
            self.record.event(self.env.now, "energised", site_id, f"{phase.it_power / 1e6:g} MW")
        self.serve()

    def _dates(
        self, site_id: str, kind: str, blocks: Sequence[PowerPhase | NetworkPhase]
    ) -> Iterator[tuple[float, PowerPhase | NetworkPhase]]:
        """Yield when each block comes, its delay drawn from a stream of its own. [s]."""
        for block in blocks:
            late_s = 0.0
            if block.delay is not None:
                sigma = log(block.delay.p90 / block.delay.median) / _Z90
                stream = self.streams(f"{kind}/{site_id}/{block.quarter}")
                late_s = block.delay.median * exp(sigma * float(stream.standard_normal()))
            yield self.scenario.horizon.calendar.at(block.quarter) + late_s, block

    def land(self, consignment: Consignment) -> None:
        """Put racks on the dock and into service as far as sites allow."""
        # What waits there already found no room, and finds none by this one's coming.
        for site_id in self._sites_for[consignment.chip]:
            self._install(site_id, consignment)
            if not consignment.racks:
                return
        self.dock.append(consignment)

    def serve(self) -> None:
        """Move racks from the dock to sites, first come first served, whoever fits."""
        for waiting in self.dock:
            for site_id in self._sites_for[waiting.chip]:
                self._install(site_id, waiting)
        self.dock = deque(waiting for waiting in self.dock if waiting.racks)

    def install_at(self, site_id: str, consignment: Consignment) -> None:
        """Put a whole consignment into service at one named site.

        Raises
        ------
        ValueError
            If it does not fit.
        """
        asked = consignment.racks
        if site_id in self._sites_for[consignment.chip]:
            self._install(site_id, consignment)
        if consignment.racks:
            raise ValueError(
                f"{site_id}: {asked} racks of {consignment.chip} stand there at the start, "
                f"but its first phases have power and floor for {asked - consignment.racks}"
            )

    def _install(self, site_id: str, waiting: Consignment) -> None:
        chip = waiting.chip
        if self._refresh:
            self._make_room(site_id, waiting)
        racks = self._rooms[site_id].take(waiting.racks, self.nameplate_w[chip])
        if racks:
            waiting.racks -= racks
            if waiting.stages:
                self.env.process(self._commission(site_id, waiting, racks))
            else:
                self._begin(site_id, waiting, racks)

    def _commission(
        self, site_id: str, arrived: Consignment, racks: int
    ) -> Generator[simpy.Event, Any, None]:
        """Install racks and burn them in, then put them into service."""
        self.installing += racks
        end_s = self.env.now
        for stage, length_s in arrived.stages:
            end_s += length_s
            yield At(self.env, end_s)
            self.record.tell((self.env.now, f"{stage} done", arrived.order, f"{racks} racks"))
        self.installing -= racks
        self._begin(site_id, arrived, racks)

    def _begin(self, site_id: str, arrived: Consignment, racks: int) -> None:
        chip, now_s = arrived.chip, self.env.now
        kind = site_id, chip
        self.racks[kind] = here = self.racks.get(kind, 0) + racks
        self.in_service(site_id, chip, racks)
        self._record(now_s, site_id, chip, here)
        self._tell_delivery((arrived.order, site_id, chip, racks, now_s))

    def retire(self) -> Generator[simpy.Event, Any, None]:
        """Take racks out of service on their dates, and give their room to the dock."""
        calendar = self.scenario.horizon.calendar
        due = [(calendar.at(line.quarter), line) for line in self.scenario.supply.retirements]
        for at_s, line in sorted(due, key=lambda item: item[0]):
            yield At(self.env, at_s)
            if line.makes_room_for is not None:
                refresh = [line.chip, line.racks]
                self._refresh.setdefault((line.site, line.makes_room_for), []).append(refresh)
            else:
                self._take_out(line.site, line.chip, line.racks)
            self.serve()

    def _take_out(self, site_id: str, chip: str, most: int) -> int:
        """Take racks out of service, at most so many, and return how many went."""
        here = self.racks.get((site_id, chip), 0)
        racks = min(most, here)
        if racks:
            self.racks[site_id, chip] = here - racks
            self.retired(site_id, chip, racks)
            left, now_s = here - racks, self.env.now
            self._record(now_s, site_id, chip, left)
            self.record.event(now_s, "retired", site_id, f"{racks} racks of {chip}")
            self._rooms[site_id].give_back(racks, self.nameplate_w[chip])
        return racks

    def _make_room(self, site_id: str, waiting: Consignment) -> None:
        """Take out old racks as long as that, and only that, lets one more of a new kind in."""
        room, nameplate_w = self._rooms[site_id], self.nameplate_w[waiting.chip]
        for refresh in self._refresh.get((site_id, waiting.chip), ()):
            old, left = refresh
            standing = min(left, self.racks.get((site_id, old), 0))
            wanted = waiting.racks
            while wanted > room.racks(nameplate_w) and standing > 0:
                needed = _old_for_one_more(room, nameplate_w, self.nameplate_w[old])
                if needed > standing:
                    break
                standing -= needed
                refresh[1] -= self._take_out(site_id, old, needed)

    def _record(self, now_s: float, site_id: str, chip: str, here: int) -> None:
        """Tell what stands at a site from now on."""
        watts = here * self.nameplate_w[chip]
        self._tell_fleet((now_s, site_id, chip, here, here * self._chips[chip], watts))


def _old_for_one_more(room: _Room, nameplate_w: float, old_w: float) -> int:
    """Return how many old racks give the room that one more of a kind lacks."""
    one_more = room.racks(nameplate_w) + 1
    lacking_w = one_more * nameplate_w - room.watts - 0.5
    places = one_more - min(room.positions, room.network)
    return max(ceil(lacking_w / old_w), int(places), 0)
