"""Waiting for a moment: events at absolute times, to the last bit."""

from __future__ import annotations

from heapq import heappush

import simpy
from simpy.events import NORMAL


def at(env: simpy.Environment, t_s: float) -> simpy.Event:
    """Return an event that happens exactly at *t_s*, or now if that is past.

    ``now + (t - now)`` is not ``t`` in floating point, so the event enters the
    environment's queue with its time rather than with a delay.

    Examples
    --------
    >>> env = simpy.Environment(0.1)
    >>> env.run(at(env, 0.3)); env.now
    0.3
    """
    event = simpy.Event(env)
    event._ok, event._value = True, None
    now_s = env._now
    heappush(env._queue, (t_s if t_s > now_s else now_s, NORMAL, next(env._eid), event))
    return event
