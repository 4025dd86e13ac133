"""Step time: FLOPs by hand, single-resource bounds, published memory, monotonicity."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.laws.maturity import settled_share, years_to_reach
from simulator.laws.memory import activation_b, state_b
from simulator.laws.training import local_params, step_time
from simulator.laws.training_exchanges import copies_sent, dispatch_s
from simulator.laws.training_fit import Prior, fit_constants, group_weights
from simulator.laws.training_recommendation import (
    RecommendationModel,
    RecommendationSoftware,
    recommendation_step_s,
)
from simulator.laws.training_target import chip_rate, time_to_target_min
from tests.laws.transformers import (
    CHIP,
    NETWORK,
    SOFTWARE,
    gpt,
    plan,
    plans,
    plans_of,
    seconds,
    shapes,
)


def test_flops_of_gpt3_by_the_published_formula():
    # Narayanan et al., SC'21: 72 B s L h^2 (1 + s/6h + V/12Lh) without recomputation
    model, batch = gpt(), 1536
    s, h, layers, v = 2048, 12288, 96, 51200
    published = 72 * batch * s * layers * h**2 * (1 + s / (6 * h) + v / (12 * layers * h))
    ours = float(model.model_flops_per_token) * batch * s
    assert ours == pytest.approx(published, rel=1e-9)


def test_gpt3_has_its_published_size():
    assert float(gpt().params) == pytest.approx(175e9, rel=0.01)


@given(shapes)
def test_twice_the_layers_twice_the_layers_flops(model):
    twice = dataclasses.replace(model, layers=2 * model.layers)
    assert float(twice.layer_flops_per_token) == pytest.approx(
        2 * float(model.layer_flops_per_token)
    )


@settings(max_examples=150, deadline=None)
@given(shapes, plans, st.floats(1.0, 20.0), st.integers(0, 4))
def test_more_of_a_resource_never_slows(model, layout, factor, which):
    base = seconds(model, CHIP, NETWORK, layout)
    assert np.isfinite(base)
    assert base > 0
    fields = ["matmul_flops_per_s", "wide_flops_per_s", "memory_b_per_s", "up_b_per_s",
              "out_b_per_s"]  # fmt: skip
    field = fields[which]
    chip = dataclasses.replace(CHIP, **{field: getattr(CHIP, field) * factor})
    network = NETWORK
    if field.endswith("_b_per_s") and field != "memory_b_per_s":
        network = dataclasses.replace(NETWORK, **{field: getattr(NETWORK, field) * factor})
    assert seconds(model, chip, network, layout) <= base * (1 + 1e-9)


@settings(max_examples=100, deadline=None)
@given(shapes, plans, st.floats(1.0, 8.0))
def test_a_higher_peak_never_slows_even_where_shapes_are_small(model, layout, factor):
    faster = dataclasses.replace(
        CHIP,
        matmul_flops_per_s=CHIP.matmul_flops_per_s * factor,
        wide_flops_per_s=CHIP.wide_flops_per_s * factor,
    )
    # Each of three dimensions is padded by peak^power: were it above 1/3, speed would be lost.
    software = dataclasses.replace(SOFTWARE, half_power=np.asarray(0.9))
    before = seconds(model, CHIP, NETWORK, layout, software)
    assert seconds(model, faster, NETWORK, layout, software) <= before * (1 + 1e-9)


@settings(max_examples=150, deadline=None)
@given(shapes, plans)
def test_no_faster_than_any_single_resource(model, layout):
    total = seconds(model, CHIP, NETWORK, layout)
    tokens = float(layout.global_batch) * float(model.sequence)
    chips = float(layout.chips)
    # half the scores are computed when causal
    scores = 12 * float(model.layers) * float(model.attention_width) * float(model.sequence)
    work = (float(model.model_flops_per_token) - 0.5 * scores) * tokens
    assert total >= work / (chips * 989e12 * 0.75) * (1 - 1e-9)
    share = float(state_b(model, layout)) / 18.0
    assert total >= share * 2.0 / 3.35e12  # every weight is read at least once


@settings(max_examples=100, deadline=None)
@given(shapes, plans_of(dp=[512], sharding=[0, 1], ep=[1]))
def test_no_faster_than_gradients_cross_the_fabric(model, layout):
    # A ring over d members sends 2 (d-1)/d of 2 B a weight, over the ports of those in one domain.
    dense, experts = local_params(model, layout)
    members = float(layout.dp * layout.cp)
    inside = min(max(8.0 / float(layout.tp), 1.0), members)
    sent = 2 * (members - 1) / members * 2.0 * float(dense + experts) / inside
    assert seconds(model, CHIP, NETWORK, layout) >= sent / 50e9 * (1 - 1e-9)


@settings(max_examples=100, deadline=None)
@given(shapes, plans_of(tp=[8]))
def test_no_faster_than_activations_are_summed_in_the_domain(model, layout):
    # Four sums a layer and micro-batch, each 2 x 7/8 of 2 B a token and width, none hidden.
    shown = dataclasses.replace(SOFTWARE, tp_hidden=np.asarray(0.0))
    tokens = float(layout.global_batch * model.sequence) / float(layout.dp * layout.cp)
    layers = float(model.layers) / float(layout.pp)
    bound = 4 * layers * 2 * 7 / 8 * 2.0 * tokens * float(model.hidden) / 450e9
    assert seconds(model, CHIP, NETWORK, layout, shown) >= bound * (1 - 1e-9)


@settings(max_examples=100, deadline=None)
@given(shapes, plans)
def test_utilisation_never_exceeds_what_matmuls_achieve(model, layout):
    time = step_time(model, CHIP, NETWORK, layout, SOFTWARE)
    scores = 12 * model.layers * model.attention_width * model.sequence
    done = (model.model_flops_per_token - 0.5 * scores) * layout.global_batch * model.sequence
    assert float(done / time.total_s / layout.chips / 989e12) <= 0.75


@settings(max_examples=50, deadline=None)
@given(shapes, plans)
def test_the_parts_sum_to_the_whole(model, layout):
    time = step_time(model, CHIP, NETWORK, layout, SOFTWARE)
    parts = time.compute_s + time.exposed_s + time.bubble_s + time.overhead_s
    assert float(parts) == pytest.approx(float(time.total_s), rel=1e-9)


def test_a_pipeline_waits_as_published():
    # Narayanan et al., SC'21: the bubble is (p - 1) / (v m) of the rest
    time = step_time(gpt(), CHIP, NETWORK, plan(vp=3, global_batch=128), SOFTWARE)
    work = float(time.bubble_s) * 3 / 7 * 64
    assert float(time.compute_s) < work < float(time.total_s)


def test_state_of_a_sharded_model_by_hand():
    # 18 B a weight, 6 of them kept whole: 8-way sharding leaves 6 + 12/8
    model, layout = gpt(layers=8), plan(tp=1, pp=1, dp=8)
    weights = float(model.params)
    assert float(state_b(model, layout)) == pytest.approx(weights * 7.5, rel=1e-9)


def test_activations_of_gpt3_by_the_published_formula():
    # Korthikanti et al.: 34 s b h / t a layer, sequence parallel, scores recomputed
    layout = plan(tp=8, pp=1, dp=1, global_batch=1)
    logits = 6 * 2048 * 51200 / 8
    found = (float(activation_b(gpt(), layout)) - logits) / 96
    assert found == pytest.approx(34 * 2048 * 12288 / 8, rel=0.03)


def test_settling_by_hand():
    # after one settling time 1/e of the loss is left
    assert float(settled_share(10.0, 0.2, 10.0)) == pytest.approx(1 - 0.2 / np.e)
    years = years_to_reach(0.95, 0.2, 1.5)
    assert float(settled_share(years, 0.2, 1.5)) == pytest.approx(0.95)


@pytest.mark.parametrize(("experts", "groups", "top_k"), [(8, 4, 1), (256, 8, 8), (128, 64, 4)])
def test_copies_of_a_token_by_drawing_its_experts(experts, groups, top_k):
    rng = np.random.default_rng(3)
    drawn = rng.integers(0, experts, (20_000, top_k)) // (experts // groups)
    ordered = np.sort(drawn, axis=1)
    distinct = 1 + (np.diff(ordered, axis=1) > 0).sum(axis=1)
    error = distinct.mean() - float(copies_sent(np.asarray(top_k), np.asarray(groups)))
    assert abs(error) < 4 * distinct.std() / np.sqrt(distinct.size) + 1e-12


def test_experts_that_stay_in_a_domain_send_nothing_outside():
    model = gpt(layers=24, hidden=4096, heads=32, experts=8)
    layout, message = plan(tp=1, pp=1, dp=16, ep=8), (np.asarray(1e9), np.asarray(8.0))
    far = dataclasses.replace(NETWORK, out_b_per_s=1e6)
    here = dispatch_s(model, NETWORK, layout, *message)
    assert float(dispatch_s(model, far, layout, *message)) == float(here)
    assert float(dispatch_s(model, far, layout, message[0], np.asarray(4.0))) > float(here)


@pytest.mark.parametrize(("loss", "settling"), [(1.0, 1.0), (-0.1, 1.0), (0.1, 0.0)])
def test_settling_out_of_range_is_refused(loss, settling):
    with pytest.raises(ValueError, match="must be"):
        settled_share(1.0, loss, settling)


@given(st.floats(1.0, 50.0), st.integers(0, 3))
def test_recommendation_more_of_a_resource_never_slows(factor, which):
    resources = {"peak_flops_per_s": 1e15, "memory_b_per_s": 3e12, "up_b_per_s": 4.5e11}
    resources["out_b_per_s"] = 5e10
    model = RecommendationModel(5e4, 6656, [(3456, 512, 3), (1024, 1024, 2)], 1.6e7)
    software = RecommendationSoftware(0.4, 0.7, 460, 310, 0.3, 0.9, 4e6, 5e-4, 6e-5)

    def step(**r):
        return float(recommendation_step_s(model, software, batch=131072, chips=64, domain=8, **r))

    before = step(**resources)
    key = list(resources)[which]
    assert step(**(resources | {key: resources[key] * factor})) <= before


def test_a_time_to_target_by_hand():
    # 100 chip-minutes, doubled by the batch, over 4 chips twice as fast, and 3 minutes once
    minutes = time_to_target_min(batch=16, chips=4, domains=1, rate=2.0, work_min=100,
                                 convergence=2.0, latency_samples=0.0, spread=0.0,
                                 fixed_min=3.0)  # fmt: skip
    assert float(minutes) == pytest.approx(100 * 2 / 8 + 3)


@given(st.floats(0.1, 10), st.floats(0.1, 10), st.floats(0, 1))
def test_a_chips_rate_lies_between_its_ratios(peak, memory, share):
    rate = float(chip_rate(peak, memory, share))
    assert min(peak, memory) * (1 - 1e-9) <= rate <= max(peak, memory) * (1 + 1e-9)


def test_fit_finds_the_constants_that_made_the_data():
    rng = np.random.default_rng(7)
    x = rng.uniform(1, 10, 400)
    truth = (2.0 * x + 5.0) * np.exp(rng.normal(0, 0.05, x.size))
    fit = fit_constants(
        lambda c: c["slope"] * x + c["base"], truth,
        {"slope": Prior(1.0, 1.0), "base": Prior(1.0, 2.0)}, noise=0.05,
    )  # fmt: skip
    for name, value in (("slope", 2.0), ("base", 5.0)):
        z = np.log(fit.values[name] / value) / fit.spreads[name]
        assert abs(z) < 4


def test_a_constant_no_row_speaks_of_stays_at_its_prior():
    fit = fit_constants(lambda c: np.full(3, c["a"]), [2.0, 2.0, 2.0],
                        {"a": Prior(1.0, 1.0), "b": Prior(3.0, 0.5)}, noise=0.1)  # fmt: skip
    assert fit.values["b"] == pytest.approx(3.0, rel=1e-3)
    assert fit.spreads["b"] == pytest.approx(0.5, rel=1e-3)


def test_weights_of_groups():
    weights = group_weights(["a"] * 96 + ["b"] * 3)
    assert weights[-1] == 1.0
    assert weights[0] == pytest.approx(0.5)


def test_fit_refuses_what_has_no_logarithm():
    with pytest.raises(ValueError, match="must be > 0"):
        fit_constants(lambda c: np.ones(1), [0.0], {"a": Prior(1.0, 1.0)}, noise=0.1)
