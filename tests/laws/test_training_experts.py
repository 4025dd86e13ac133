"""What a layer of experts costs the host, by hand."""

from dataclasses import replace

import numpy as np
import pytest

from simulator.laws.training import step_time
from tests.laws.transformers import CHIP, NETWORK, SOFTWARE, gpt, plan

#: Nothing but the reordering of chunks takes time that matters.
_BOUND = replace(SOFTWARE, expert_chunk_s=np.asarray(1.0), straggle=np.asarray(0.0))


def _turn_s(experts, ep):
    model = gpt(layers=8, hidden=1024, heads=16, sequence=1024, experts=experts)
    laid = plan(tp=1, pp=1, dp=64, ep=ep, global_batch=64, micro_batch=1)
    return float(step_time(model, CHIP, NETWORK, laid, _BOUND).total_s)


@pytest.mark.parametrize("ep", [2, 8, 32])
def test_chunks_are_as_many_as_the_layer_has_experts_wherever_they_lie(ep):
    # Eight layers, three passes, 64 chunks of a second each.
    assert _turn_s(64, ep) == pytest.approx(8 * 3 * 64, rel=0.01)


def test_who_holds_one_expert_reorders_nothing():
    assert _turn_s(64, 64) < 10.0
