"""What no step of a drawn recommender or vision model may do; see test_training for the others."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.rate import rate_model
from simulator.laws.collectives import Network
from simulator.laws.training_recommendation import (
    RecommendationModel,
    RecommendationSoftware,
    recommendation_step_s,
)
from simulator.laws.training_vision import VisionModel, VisionSoftware, vision_step_s

PEAK, MEMORY, UP, OUT = 989e12, 3.35e12, 450e9, 50e9
RESOURCES = {
    "peak_flops_per_s": PEAK,
    "memory_b_per_s": MEMORY,
    "up_b_per_s": UP,
    "out_b_per_s": OUT,
}
REACHED = 0.7
TABLES = RecommendationSoftware(0.5, REACHED, 460.0, 310.0, 0.9, 0.9, 4e6, 5e-4, 6e-5)
IMAGES = VisionSoftware(REACHED, 120.0, 120.0, 0.85, 2.0, 8e-6, 5e-3, 0.016)

widths = st.sampled_from([1.0, 64.0, 512.0, 3456.0])
recommenders = st.builds(
    RecommendationModel,
    lookup_b=st.floats(1e3, 1e7),
    vector_b=st.floats(1e3, 1e6),
    towers=st.lists(st.tuples(widths, widths, st.integers(1, 4)), min_size=1, max_size=4),
    gradient_params=st.floats(0.0, 1e9),
)
places = st.sampled_from([1.0, 49.0, 3136.0, 65536.0])
vision_models = st.builds(
    VisionModel,
    st.lists(st.tuples(places, widths, widths, st.integers(1, 6)), min_size=1, max_size=5),
    st.sampled_from([0.0, 1e8]),
)
gangs = st.fixed_dictionaries(
    {
        "batch": st.floats(1.0, 1e6),
        "chips": st.integers(0, 12).map(lambda k: 2.0**k),
        "domain": st.sampled_from([1.0, 8.0, 72.0]),
    }
)


def recommend(model, gang, **resources):
    return float(recommendation_step_s(model, TABLES, **gang, **(RESOURCES | resources)))


def see(model, gang, **resources):
    given_ = RESOURCES | resources
    up, out = given_.pop("up_b_per_s"), given_.pop("out_b_per_s")
    return float(vision_step_s(model, IMAGES, Network(up, out), **gang, **given_))


@settings(deadline=None)
@given(recommenders, gangs, st.sampled_from(sorted(RESOURCES)), st.floats(1.0, 50.0))
def test_more_of_a_resource_never_slows_a_recommender(model, gang, key, factor):
    before = recommend(model, gang)
    assert np.isfinite(before)
    assert before > 0
    assert recommend(model, gang, **{key: factor * RESOURCES[key]}) <= before * (1 + 1e-9)


@settings(deadline=None)
@given(vision_models, gangs, st.sampled_from(sorted(RESOURCES)), st.floats(1.0, 50.0))
def test_more_of_a_resource_never_slows_a_vision_model(model, gang, key, factor):
    before = see(model, gang)
    assert np.isfinite(before)
    assert before > 0
    assert see(model, gang, **{key: factor * RESOURCES[key]}) <= before * (1 + 1e-9)


@settings(deadline=None)
@given(recommenders, gangs)
def test_a_recommender_is_no_faster_than_any_single_resource(model, gang):
    n, each = gang["chips"], gang["batch"] / gang["chips"]
    inside = min(gang["domain"], n)
    step = recommend(model, gang) * (1 + 1e-9)
    # Rows are read once forward and met twice more when updated.
    assert step >= 3 * each * model.lookup_b / MEMORY
    assert step >= gang["batch"] * model.dense_flops / (n * PEAK * REACHED)
    # Vectors go and gradients come back, to those in the domain and to those outside.
    assert step >= 2 * each * model.vector_b * (1 - inside / n) / OUT
    assert step >= 2 * each * model.vector_b * (inside - 1) / n / UP
    # A ring in the domain and one between domains, 2 B a gradient.
    assert step >= 4 * model.gradient_params * (inside - 1) / inside / UP
    if n > inside:
        assert step >= 4 * model.gradient_params * (n - 1) / n / inside / OUT


@settings(deadline=None)
@given(vision_models, gangs)
def test_a_vision_model_is_no_faster_than_any_single_resource(model, gang):
    n = gang["chips"]
    inside = min(gang["domain"], n)
    step = see(model, gang) * (1 + 1e-9)
    assert step >= gang["batch"] * model.flops / (n * PEAK * REACHED)
    # What layers put out, 2 B each, is written or read twice a pass, and backward is two passes.
    assert step >= 3 * 2 * 2.0 * gang["batch"] * model.activations / n / MEMORY
    sent = 4 * model.params * (n - 1) / n
    # A ring in the domain, or one NIC of each of its chips out of it.
    assert step >= (sent / UP if n <= inside else sent / inside / OUT)


@settings(deadline=None)
@given(recommenders, vision_models, gangs)
def test_utilisation_never_exceeds_what_matmuls_achieve(recommender, images, gang):
    whole = gang["chips"] * PEAK
    done = gang["batch"] * recommender.dense_flops / recommend(recommender, gang)
    assert done / whole <= REACHED * (1 + 1e-9)
    assert gang["batch"] * images.flops / see(images, gang) / whole <= REACHED * (1 + 1e-9)


@given(recommenders, vision_models)
def test_twice_the_layers_are_twice_the_layers_flops(recommender, images):
    towers = [(i, o, 2 * n) for i, o, n in recommender.towers]
    twice = dataclasses.replace(recommender, towers=towers)
    assert twice.dense_flops == pytest.approx(2 * recommender.dense_flops)
    deeper = VisionModel([(p, i, o, 2 * n) for p, i, o, n in images.products], images.shared)
    assert deeper.flops == pytest.approx(2 * images.flops)


@pytest.mark.parametrize(
    ("model", "chip", "count"),
    [
        ("Llama3.1-405B", "h100-sxm", 8),
        ("DeepSeek-V3", "h100-sxm", 8),
        ("dlrm-dcnv2", "a100-40", 1),
        ("stable-diffusion", "l4", 1),
    ],
)
def test_what_does_not_fit_is_infinite_with_its_reason(model, chip, count):
    found = rate_model(model, chip, count)
    assert found.step_s == np.inf
    assert found.units_per_s == 0.0
    assert found.mfu == 0.0
    assert "GB" in found.reason
