"""Watts and joules of a site: nameplate, provisioned, drawn, and per unit of work.

Energy is an integral, so it is taken from the integrals a run keeps (host-seconds
in service, host-seconds busy), never from samples.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simulator.laws.arrays import Array, floats, require_not_negative, require_positive


def _require_pue(pue: npt.ArrayLike) -> None:
    if not np.all(floats(pue) >= 1):
        raise ValueError(f"pue must be >= 1, got {floats(pue).tolist()}")


def facility_power_w(it_w: npt.ArrayLike, pue: npt.ArrayLike) -> Array:
    """Power a site takes from the grid for its IT power. [W]

    Parameters
    ----------
    it_w : array_like
        Critical IT power. [W]
    pue : array_like
        Power usage effectiveness, facility over IT, >= 1. [1]

    References
    ----------
    ISO/IEC 30134-2:2016.

    Examples
    --------
    >>> float(facility_power_w(800e6, 1.25))
    1000000000.0
    """
    _require_pue(pue)
    return floats(it_w) * floats(pue)


def it_power_w(facility_w: npt.ArrayLike, pue: npt.ArrayLike) -> Array:
    """Critical IT power a grid connection carries. [W]

    Examples
    --------
    >>> float(it_power_w(1e9, 1.25))
    800000000.0
    """
    _require_pue(pue)
    return floats(facility_w) / floats(pue)


def drawn_power_w(
    idle_w: npt.ArrayLike, busy_w: npt.ArrayLike, in_service: npt.ArrayLike, busy: npt.ArrayLike
) -> Array:
    """IT power a pool draws at one instant. [W]

    Parameters
    ----------
    idle_w, busy_w : array_like
        Measured power of one host in service, idle and training. [W]
    in_service, busy : array_like
        Hosts in service, and those of them training; ``busy <= in_service``.

    Raises
    ------
    ValueError
        If more are busy than in service.

    Examples
    --------
    >>> float(drawn_power_w(2e3, 8e3, in_service=10, busy=6))
    56000.0
    """
    require_not_negative(idle_w=idle_w, busy_w=busy_w, busy=busy)
    serving, training = floats(in_service), floats(busy)
    # Integrals of busy and of service are summed apart: allow their last bits.
    if np.any(training > serving * (1 + 1e-9)):
        raise ValueError(f"busy {training.tolist()} exceeds in service {serving.tolist()}")
    return floats(idle_w) * serving + (floats(busy_w) - floats(idle_w)) * training


def pool_energy_j(
    idle_w: npt.ArrayLike,
    busy_w: npt.ArrayLike,
    in_service_s: npt.ArrayLike,
    busy_s: npt.ArrayLike,
) -> Array:
    """IT energy a pool used over a span: idle while in service, more while busy. [J]

    Parameters
    ----------
    idle_w, busy_w : array_like
        Measured power of one host in service, idle and training. [W]
    in_service_s, busy_s : array_like
        Integrals over the span of hosts in service and of hosts busy. [host·s]

    Examples
    --------
    One host in service for an hour and busy for half of it:

    >>> float(pool_energy_j(2e3, 8e3, 3600, 1800))
    18000000.0
    """
    return drawn_power_w(idle_w, busy_w, in_service_s, busy_s)


def stranded_power_w(provisioned_w: npt.ArrayLike, peak_drawn_w: npt.ArrayLike) -> Array:
    """Provisioned power that no load ever draws. [W]

    Racks are admitted by their nameplate and draw less: what lies between is
    paid for and cannot be used.

    Parameters
    ----------
    provisioned_w : array_like
        Power set aside, by nameplate. [W]
    peak_drawn_w : array_like
        Highest power drawn. [W]

    Examples
    --------
    >>> float(stranded_power_w(140e3, 105e3))
    35000.0
    """
    return np.maximum(floats(provisioned_w) - floats(peak_drawn_w), 0.0)


def racks_admitted(it_w: npt.ArrayLike, rack_w: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Whole racks that fit under a power limit.

    Parameters
    ----------
    it_w : array_like
        Critical IT power energised, >= 0. [W]
    rack_w : array_like
        Power each rack is admitted by, > 0. [W]

    Examples
    --------
    >>> racks_admitted([1e6, 0.99e6], 100e3).tolist()
    [10, 9]
    """
    require_not_negative(it_w=it_w)
    require_positive(rack_w=rack_w)
    # 1e6 / (1e6 / 3) may fall a bit short of 3: nudge before flooring.
    return np.floor(floats(it_w) / floats(rack_w) * (1 + 1e-12)).astype(np.int64)


def energy_per_work(energy_j: npt.ArrayLike, work: npt.ArrayLike) -> Array:
    """Energy spent per unit of training work; infinite where none was done. [J per unit]

    Parameters
    ----------
    energy_j : array_like
        Energy over a span. [J]
    work : array_like
        Productive work in the same span, >= 0. [any one unit, such as rce·s]

    Examples
    --------
    >>> energy_per_work([700.0, 700.0], [1.0, 0.0]).tolist()
    [700.0, inf]
    """
    require_not_negative(work=work)
    energy, done = np.broadcast_arrays(floats(energy_j), floats(work))
    return np.divide(energy, done, out=np.full(energy.shape, np.inf), where=done > 0)
