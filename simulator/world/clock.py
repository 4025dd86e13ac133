"""Waiting for a moment: events at absolute times, to the last bit."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from heapq import heappop, heappush
from typing import Any

import simpy
from simpy.core import StopSimulation
from simpy.events import NORMAL, URGENT


class At(simpy.Event):
    """Happens exactly at a time, or now if that is past; its value is when.

    ``now + (t - now)`` is not ``t`` in floating point, so the event enters the
    environment's queue with its time rather than with a delay.

    Examples
    --------
    >>> env = simpy.Environment(0.1)
    >>> env.run(At(env, 0.3)), env.now
    (0.3, 0.3)
    """

    def __init__(self, env: simpy.Environment, t_s: float) -> None:
        # As Event's own, whose call would cost as much as all of this.
        self.env, self.callbacks, self._ok = env, [], True
        self._value = t_s = t_s if t_s > env._now else env._now
        heappush(env._queue, (t_s, NORMAL, next(env._eid), self))


class Alarm(simpy.Event):
    """An event that one process sets and waits for again and again, an `At` each time.

    To set it while somebody still waits for it would lose who waits.

    Examples
    --------
    >>> env = simpy.Environment()
    >>> alarm, heard = Alarm(env), []
    >>> def wait(env):
    ...     for t_s in (0.1, 0.3, 0.2):
    ...         heard.append((yield alarm.at(t_s)))
    >>> env.run(env.process(wait(env))); heard, env.now
    ([0.1, 0.3, 0.3], 0.3)
    """

    def __init__(self, env: simpy.Environment) -> None:
        self.env, self._ok = env, True

    def at(self, t_s: float) -> Alarm:
        """Set it to a time, or to now if that is past; its value is when. [s]."""
        env = self.env
        self._value = t_s = t_s if t_s > env._now else env._now
        self.callbacks = []
        heappush(env._queue, (t_s, NORMAL, next(env._eid), self))
        return self


class Process(simpy.Process):
    """A process of the many: begins and goes on as SimPy's own, in fewer calls.

    Parameters
    ----------
    env : simpy.Environment
    generator : Generator
    alarm : Alarm
        Begins it; it may be set again once the process is under way.

    Examples
    --------
    >>> env = simpy.Environment()
    >>> alarm = Alarm(env)
    >>> def wait(alarm):
    ...     return (yield alarm.at(0.1)) + (yield alarm.at(0.3))
    >>> env.run(Process(env, wait(alarm), alarm))
    0.4
    """

    def __init__(
        self,
        env: simpy.Environment,
        generator: Generator[simpy.Event, Any, Any],
        alarm: Alarm,
    ) -> None:
        self.env, self.callbacks, self._generator = env, [], generator
        alarm.callbacks, alarm._value = [self._resume], None
        self._target = alarm
        # Before it can be interrupted at the moment at which it begins.
        heappush(env._queue, (env._now, URGENT, next(env._eid), alarm))

    def _resume(self, event: simpy.Event) -> None:
        """Go on with what an event brought; what is not usual is left to SimPy."""
        if not event._ok:
            super()._resume(event)
            return
        env = self.env
        env._active_proc = self
        try:
            target = self._generator.send(event._value)
        except BaseException as end:
            self._ok = isinstance(end, StopIteration)
            self._value = end.value if isinstance(end, StopIteration) else end
            heappush(env._queue, (env._now, NORMAL, next(env._eid), self))
            self._target = None  # type: ignore[assignment]  # as SimPy's own
        else:
            if target.callbacks is None:  # has happened already
                super()._resume(target)
                return
            target.callbacks.append(self._resume)
            self._target = target
        env._active_proc = None


class Answer(simpy.Event):
    """What somebody waits for until another gives it, once; happens at that moment.

    Examples
    --------
    >>> env = simpy.Environment(2.5)
    >>> answer = Answer(env)
    >>> answer.give("three racks"); env.run(answer), env.now
    ('three racks', 2.5)
    """

    def __init__(self, env: simpy.Environment) -> None:
        self.env, self.callbacks = env, []  # as Event's own

    def give(self, value: Any) -> None:
        """Give it now, as `succeed` does, in one call."""
        env = self.env
        self._ok, self._value = True, value
        heappush(env._queue, (env._now, NORMAL, next(env._eid), self))


def run_to_end(env: simpy.Environment, end_s: float) -> None:
    """Run as ``env.run(until=end_s)`` does, without two calls an event, and let go of the rest.

    What was to happen later holds its processes, and they all they know: a world so
    is freed at once, not by the collector, which takes a tenth of its time for it.

    Raises
    ------
    BaseException
        What a process raised.

    Examples
    --------
    >>> env, heard = simpy.Environment(), []
    >>> for t_s in (1.0, 2.0, 3.0):
    ...     At(env, t_s).callbacks.append(lambda event: heard.append(event.env.now))
    >>> run_to_end(env, 3.0); heard, env.now, env.peek()
    ([1.0, 2.0], 3.0, inf)
    """
    queue, end = env._queue, simpy.Event(env)
    end.callbacks = [StopSimulation.callback]
    end._ok, end._value = True, None
    # Before all else that happens then.
    heappush(queue, (end_s, URGENT, -1, end))
    with suppress(StopSimulation):
        while True:
            env._now, _, _, event = heappop(queue)
            callbacks, event.callbacks = event.callbacks, None  # type: ignore[assignment]
            if len(callbacks) == 1:  # as nearly always: a quarter less than a loop takes
                callbacks[0](event)
            else:
                for callback in callbacks:
                    callback(event)
            if not event._ok and not hasattr(event, "_defused"):
                raise event._value
    for _, _, _, event in queue:
        event.callbacks = None  # type: ignore[assignment]
    queue.clear()
