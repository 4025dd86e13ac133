"""Vision models as products: their published sizes, what must never happen, bounds by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.rate import rate_model
from scenarios.validate_catalog import Unknown
from scenarios.validate_vision import vision_model, vision_models
from simulator.laws.collectives import Network
from simulator.laws.training_vision import VisionModel, VisionSoftware, vision_step_s

SOFTWARE = VisionSoftware(0.7, 120.0, 120.0, 0.85, 2.0, 8e-6, 5e-3, 0.016)
CHIP = {"peak_flops_per_s": 1e15, "memory_b_per_s": 3e12}


def step(model, *, batch=256.0, chips=64.0, up=4.5e11, out=5e10, domain=8, **chip):
    network = Network(up, out)
    return float(
        vision_step_s(
            model, SOFTWARE, network, batch=batch, chips=chips, domain=domain, **(CHIP | chip)
        )
    )


@pytest.mark.parametrize(
    ("name", "params", "multiplications", "within"),
    [
        # torchvision's table of models.
        ("resnet", 25.6e6, 4.09e9, 0.02),
        # With time embeddings and the keys of the text, which are no products over places.
        ("stable_diffusion", 865e6, 339e9, 0.07),
    ],
)
def test_models_are_of_their_published_size(name, params, multiplications, within):
    model = vision_model(name)
    assert model.params == pytest.approx(params, rel=within)
    assert model.flops / 6 == pytest.approx(multiplications, rel=within)


@given(st.floats(1.0, 50.0), st.sampled_from(["peak_flops_per_s", "memory_b_per_s", "up", "out"]))
def test_more_of_a_resource_never_slows(factor, key):
    model = vision_model("resnet")
    here = {**CHIP, "up": 4.5e11, "out": 5e10}
    assert step(model, **(here | {key: here[key] * factor})) <= step(model, **here) * (1 + 1e-12)


@given(st.sampled_from(sorted(vision_models())), st.integers(0, 12), st.floats(1.0, 4096.0))
def test_a_step_is_finite_and_no_shorter_than_its_arithmetic(name, doublings, batch):
    model, chips = vision_model(name), 2.0**doublings
    found = step(model, batch=batch, chips=chips)
    assert np.isfinite(found)
    assert found >= batch * model.flops / (chips * CHIP["peak_flops_per_s"])


def test_twice_the_layers_are_twice_the_flops_and_weights():
    once = VisionModel([(3136, 576, 64, 3), (49, 4608, 512, 1)])
    twice = VisionModel([(p, i, o, 2 * n) for p, i, o, n in once.products])
    assert twice.flops == 2 * once.flops
    assert twice.params == 2 * once.params


def test_one_wide_product_by_hand():
    software = VisionSoftware(0.5, 0.0, 0.0, 1.0, 0.0, 0.0, 1e-3, 0.0)
    found = vision_step_s(
        VisionModel([(1e6, 1e3, 1e3, 1)]), software, Network(1e12, 1e11), batch=8, chips=1,
        domain=8, **CHIP,
    )  # fmt: skip
    # Three times 2e12 x 8 at half of 1e15, and a millisecond.
    assert float(found) == pytest.approx(3 * 16e12 / 0.5e15 + 1e-3, rel=1e-6)


def test_it_is_rated_as_measured():
    """MLCommons Training v4.0: 8 H100 train 57 k images a second."""
    found = rate_model("resnet", "h100-sxm", 8)
    assert found.units_per_s == pytest.approx(57e3, rel=0.2)
    assert found.units_low_per_s < found.units_per_s < found.units_high_per_s


def test_what_does_not_fit_has_its_reason():
    found = rate_model("stable-diffusion", "a10g", 8)
    assert found.step_s == np.inf
    assert "GB" in found.reason
    with pytest.raises(Unknown, match="--plan"):
        rate_model("resnet", "h100-sxm", 8, "tp=2")
