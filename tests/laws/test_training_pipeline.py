"""Pipelines against a schedule played turn by turn; rings through part of a host by hand."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.laws.training import step_time
from simulator.laws.training_exchanges import local_params, reduce_s
from tests.laws.transformers import CHIP, NETWORK, SOFTWARE, gpt, plan


def one_forward_one_backward(stages, micro_batches, forward, backward):
    """Last moment of a 1F1B schedule, each stage doing its turns in order as inputs arrive."""
    done = {}
    orders = []
    for stage in range(stages):
        ahead = min(stages - stage - 1, micro_batches)
        order = [("f", i) for i in range(ahead)]
        for i in range(micro_batches - ahead):
            order += [("f", ahead + i), ("b", i)]
        orders.append(order + [("b", micro_batches - ahead + i) for i in range(ahead)])
    free, place = [0.0] * stages, [0] * stages
    while any(place[s] < len(orders[s]) for s in range(stages)):
        for s in range(stages):
            if place[s] == len(orders[s]):
                continue
            kind, i = orders[s][place[s]]
            if kind == "f":
                needs = ("f", s - 1, i) if s > 0 else None
            else:
                needs = ("b", s + 1, i) if s < stages - 1 else ("f", s, i)
            if needs is None or needs in done:
                start = max(free[s], done.get(needs, 0.0))
                free[s] = start + (forward if kind == "f" else backward)[s]
                done[kind, s, i] = free[s]
                place[s] += 1
    return max(free)


@pytest.mark.parametrize(("stages", "micro_batches"), [(2, 1), (2, 8), (4, 3), (8, 8), (8, 64)])
def test_a_pipeline_ends_when_its_schedule_played_out_does(stages, micro_batches):
    layout = plan(tp=1, pp=stages, dp=1, global_batch=micro_batches)
    bare = dataclasses.replace(SOFTWARE, straggle=np.asarray(0.0))
    time = step_time(gpt(layers=16, hidden=4096), CHIP, NETWORK, layout, bare)
    body = float(time.bubble_s) / (stages - 1)
    last = float(time.compute_s + time.exposed_s) / micro_batches
    assert last > body  # the vocabulary is on the last stage
    turns = np.array([body] * (stages - 1) + [last])
    played = one_forward_one_backward(stages, micro_batches, turns / 3, 2 * turns / 3)
    pipeline = float(time.compute_s + time.exposed_s + time.bubble_s)
    assert pipeline == pytest.approx(played, rel=1e-9)


@given(st.integers(1, 4), st.sampled_from([2, 4, 8]), st.floats(0, 1e-2))
def test_each_turn_hands_on_twice_a_chunk(vp, pp, seconds):
    layout = plan(pp=pp, vp=vp, dp=1)
    bare = dataclasses.replace(SOFTWARE, straggle=np.asarray(0.0))
    slower = dataclasses.replace(bare, hand_on_s=np.asarray(seconds))
    before, after = (step_time(gpt(), CHIP, NETWORK, layout, s).total_s for s in (bare, slower))
    turns = 128 + (pp - 1) / vp
    assert float(after - before) == pytest.approx(2 * vp * turns * seconds, abs=1e-9)


@pytest.mark.parametrize(
    ("tp", "dp", "slower"),
    [(8, 64, 1), (4, 10, 1), (4, 12, 4), (4, 64, 4), (2, 20, 1), (2, 24, 4), (1, 64, 1)],
)
def test_rings_through_part_of_a_host_share_its_ways_out(tp, dp, slower):
    # Four chips of eight a ring, or two: past five hosts only a quarter of the bandwidth is left.
    wire = dataclasses.replace(
        NETWORK, out_efficiency=1.0, up_latency_s=0.0, out_latency_s=0.0, half_b=0.0
    )
    sharing = dataclasses.replace(SOFTWARE, part_out=np.asarray(0.25))
    model, layout = gpt(), plan(tp=tp, dp=dp, pp=1)
    dense, _ = local_params(model, layout)
    inside = 8 / tp
    by_hand = slower * 2 * (dp - 1) / dp * 2.0 * float(dense) / (50e9 * inside)
    within = 2 * (inside - 1) / inside * 2.0 * float(dense) / (450e9 * 0.8)
    found = float(reduce_s(model, wire, CHIP, layout, sharing))
    assert found == pytest.approx(max(by_hand, within), rel=1e-9)
