"""Processes of the world's own beside SimPy's: the same story, moment by moment."""

from collections.abc import Callable, Generator
from typing import Any

import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from simulator.world.clock import Alarm, Process, run_to_end

Begin = Callable[[simpy.Environment, Generator[simpy.Event, Any, Any]], simpy.Process]
Told = list[tuple[float, int, str, Any]]


def own(env: simpy.Environment, story: Generator[simpy.Event, Any, Any]) -> simpy.Process:
    return Process(env, story, Alarm(env))


def fail_later(env: simpy.Environment, delay: int) -> simpy.Event:
    event = env.event()
    event.defused = True  # nobody may listen any more
    env.timeout(delay).callbacks.append(lambda _: event.fail(ValueError(delay)))
    return event


def tell(
    env: simpy.Environment, begin: Begin, who: int, steps: list[tuple[str, int]], told: Told
) -> Generator[simpy.Event, Any, int]:
    """Go through some steps, telling what each brought and when; return how many."""
    done = env.timeout(0, "long ago")
    told.append((env.now, who, "begins", env.active_process is not None))
    for what, length in steps:
        try:
            if what == "wait":
                got = yield env.timeout(length, length)
            elif what == "twice":
                yield done
                got = yield done  # has happened by now
            elif what == "fail":
                got = yield fail_later(env, length)
            elif what == "child":
                got = yield begin(env, tell(env, begin, who + 10, [("wait", length)], told))
            else:
                return -length
        except (ValueError, simpy.Interrupt) as error:
            got = repr(error)
        told.append((env.now, who, what, got))
    return len(steps)


def story(
    begin: Begin, programs: list[list[tuple[str, int]]], interrupts: list[tuple[int, int]]
) -> Told:
    """Run some programs beside each other, interrupted at some times."""
    env, told = simpy.Environment(), list[tuple[float, int, str, Any]]()
    processes = [begin(env, tell(env, begin, k, p, told)) for k, p in enumerate(programs)]

    def end(who: int) -> Callable[[simpy.Event], None]:
        return lambda process: told.append((env.now, who, "ends", process.value))

    for k, process in enumerate(processes):
        process.callbacks.append(end(k))

    def interrupt() -> Generator[simpy.Event, Any, None]:
        at = 0
        for later, who in interrupts:
            at += later
            yield env.timeout(later)
            process = processes[who % len(processes)]
            told.append((env.now, who, "alive", process.is_alive))
            if process.is_alive:
                process.interrupt("now")

    env.process(interrupt())
    run_to_end(env, 1000)
    return told


STEPS = st.tuples(st.sampled_from(["wait", "twice", "fail", "child", "leave"]), st.integers(0, 3))


@given(
    programs=st.lists(st.lists(STEPS, max_size=5), min_size=1, max_size=3),
    interrupts=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=4),
)
def test_a_process_tells_the_story_that_simpys_own_tells(programs, interrupts):
    assert story(own, programs, interrupts) == story(simpy.Process, programs, interrupts)


@pytest.mark.parametrize("begin", [own, simpy.Process])
def test_what_a_process_raises_comes_out_of_the_run(begin: Begin):
    env = simpy.Environment()

    def fails() -> Generator[simpy.Event, Any, None]:
        yield env.timeout(1)
        raise KeyError("a fault")

    begin(env, fails())
    with pytest.raises(KeyError, match="a fault"):
        run_to_end(env, 10)
    assert env.now == 1


@pytest.mark.parametrize("begin", [own, simpy.Process])
def test_no_process_is_active_once_all_wait(begin: Begin):
    env, seen = simpy.Environment(), []

    def looks() -> Generator[simpy.Event, Any, None]:
        seen.append(env.active_process)
        yield env.timeout(1)
        seen.append(env.active_process)

    process = begin(env, looks())
    assert process.target.triggered  # it waits to begin
    env.run(until=2)
    assert process.target is None
    assert seen == [process, process]
    assert env.active_process is None
    assert not process.is_alive
