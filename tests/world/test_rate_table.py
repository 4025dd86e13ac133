"""The rate table: the reference is one, more is never slower, kept tables are the same."""

import numpy as np
import pytest

from scenarios.validate_catalog import calibration
from simulator import load
from simulator.laws.spread import LEVELS
from simulator.laws.traffic import slowdown
from simulator.world import rate_table as module
from simulator.world.rate_table import rate_table
from simulator.world.rates import Rates
from simulator.world.step_inputs import software

STUDY = "scenarios/inhouse_pilot.yaml"
CLASSES = (("dense-transformer", 256), ("recommendation", 512), ("vision-diffusion", 64))


@pytest.fixture(scope="module")
def study():
    return load(STUDY).scenario


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_the_reference_chip_close_together_is_one(study):
    table = rate_table(study, CLASSES)
    reference = table.chips.index(study.catalog.reference_chip)
    assert table.rate[:, reference, 0] == pytest.approx(1.0)


def test_a_pod_apart_takes_what_the_share_that_waits_says(study):
    """Amdahl's law with the published 1:7 gives the step-time law's own step between pods."""
    table, rates = rate_table(study, CLASSES), Rates(study, CLASSES, 1.0)
    narrower = study.catalog.step_law.pod_oversubscription.value
    for column, chip in enumerate(table.chips):
        rate = table.rate[:, column]
        runs, waits = rate[:, 0] > 0, rates.communication(chip)
        assert np.all((waits >= 0) & (waits < 1))
        slower = slowdown(narrower, 1.0, waits[runs])
        pod, site = (rate[runs, LEVELS.index(level)] for level in ("pod", "site"))
        assert site * slower == pytest.approx(pod)


def test_only_a_gang_that_fits_in_a_domain_loses_by_leaving_it(study):
    classes = (("recommendation", 64), ("recommendation", 512))
    rates = Rates(study, classes, 1.0)
    small, large = rates.spread("gb200-nvl72")
    assert small[1] == 1.0
    assert np.all(small[2:] < 1)
    assert large == pytest.approx(1.0)


def test_the_constants_are_those_the_rows_gave(study):
    """Those the validated law has for all chips, with software as at the end of 2025."""
    fitted = {k: v["value"] for k, v in calibration()["training"]["constants"].items()}
    tables = {k: v["value"] for k, v in calibration()["recommendation"]["constants"].items()}
    images = {k: v["value"] for k, v in calibration()["vision"]["constants"].items()}
    later = np.exp(-fitted["experts.yearly"])
    law = study.catalog.step_law
    for ours, theirs in (
        (law.matmul, fitted["matmul.all"]),
        (law.attention, fitted["attention.all"]),
        (law.half_rows, fitted["half.rows"]),
        (law.half_width, fitted["half.width"]),
        (law.half_power, min(fitted["half.power"], 1 / 3)),
        (law.context_loss, fitted["context.loss"]),
        (law.layer_passes, fitted["passes.all"]),
        (law.launch, fitted["launch.all"]),
        (law.tp_exposed, fitted["exposed.tp_overlapped"]),
        (law.ep_exposed, fitted["exposed.ep"]),
        (law.cp_exposed, fitted["exposed.cp"]),
        (law.step, fitted["step.s"]),
        (law.straggle, fitted["straggle"]),
        (law.expert_passes, fitted["sorting.all"] * later),
        (law.expert_issue, fitted["issue.all"] * later),
        (law.expert_each, fitted["each.all"] * later),
        (law.up, fitted["network.up"]),
        (law.out, fitted["network.out"]),
        (law.up_latency, fitted["network.up_latency_s"]),
        (law.out_latency, fitted["network.out_latency_s"]),
        (law.half_message, fitted["network.half_b"]),
        (law.lookup, tables["lookup_fraction"]),
        (law.towers, min(tables["matmul_fraction"], 1.0)),
        (law.exchange, tables["exchange_fraction"]),
        (law.lookup_issue, tables["issue_s"]),
        (law.lookup_spread, tables["spread_s"]),
        (law.image_half_rows, images["half_rows"]),
        (law.image_half_width, images["half_width"]),
        (law.image_passes, images["activation_passes"]),
        (law.image_layer, images["layer_s"]),
        (law.image_step, images["step_s"]),
        (law.image_straggle, images["straggle"]),
    ):
        assert ours.value == pytest.approx(theirs, rel=0.005)
        assert ours.low <= ours.value <= ours.high


def test_the_images_model_is_the_one_measured_in_the_benchmark(study):
    (model,) = [m for m in study.catalog.families["vision-diffusion"].models if m.kind == "images"]
    assert model.products == calibration()["vision"]["models"]["stable_diffusion"]
    assert model.samples_per_chip == calibration()["vision"]["usual_batch"]["stable_diffusion"]


@pytest.mark.parametrize("family", ["dense-transformer", "recommendation", "vision-diffusion"])
def test_matmuls_that_reach_less_slow_no_more_than_themselves(family):
    """Half the reach: slower, but never by half, as not all of a step is matmuls."""
    classes = ((family, 64),)
    key = "catalog.chips.mi300x.matmul_reach.value"
    before = rate_table(load(STUDY).scenario, classes)
    after = rate_table(load(STUDY).change({key: 0.2555}).scenario, classes)
    at = before.chips.index("mi300x")
    assert np.all(after.rate[:, at] < before.rate[:, at])
    assert np.all(after.rate[:, at] > 0.5 * before.rate[:, at])


def test_a_chip_nobody_measured_reaches_what_the_law_says(study):
    law = study.catalog.step_law
    chip = study.catalog.chips["h200-sxm"].model_copy(update={"matmul_reach": None})
    given = software(law, chip, moe=False).matmul_fraction
    assert float(given) == pytest.approx(law.matmul.value * law.reach.value)


def test_farther_apart_is_never_faster(study):
    rate = rate_table(study, CLASSES).rate
    assert np.all(np.diff(rate, axis=2) <= 1e-9 * rate[:, :, :1])


@pytest.mark.parametrize(
    "resource", ["peak_bf16", "memory_bandwidth", "scaleup_bandwidth", "scaleout_bandwidth"]
)
def test_a_chip_with_more_is_never_slower(resource):
    change = {f"catalog.chips.h200-sxm.{resource}.value": _more(resource)}
    before = rate_table(load(STUDY).scenario, CLASSES)
    after = rate_table(load(STUDY).change(change).scenario, CLASSES)
    column = before.chips.index("h200-sxm")
    assert np.all(after.rate[:, column] >= 0.999 * before.rate[:, column])


def _more(resource):
    return {
        "peak_bf16": "1300 TFLOP/s",
        "memory_bandwidth": "6 TB/s",
        "scaleup_bandwidth": "600 GB/s",
        "scaleout_bandwidth": "100 GB/s",
    }[resource]


def test_a_kept_table_is_the_computed_one_and_a_broken_one_is_computed_anew(study, tmp_path):
    computed = rate_table(study, CLASSES)
    (file,) = (tmp_path / "siliconmix" / "rates").glob("*.npz")
    assert np.array_equal(rate_table(study, CLASSES).rate, computed.rate)
    file.write_bytes(b"not a table")
    assert np.array_equal(rate_table(study, CLASSES).rate, computed.rate)


def test_another_chip_is_another_table(tmp_path):
    rate_table(load(STUDY).scenario, CLASSES)
    changed = load(STUDY).change({"catalog.chips.h200-sxm.memory.value": "160 GB"})
    rate_table(changed.scenario, CLASSES)
    assert len(list((tmp_path / "siliconmix" / "rates").glob("*.npz"))) == 2


def test_a_folder_that_cannot_be_written_costs_time_only(study, monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    assert np.isfinite(rate_table(study, CLASSES).rate).all()
    assert module._read(blocked / "x.npz", (1, 1, 1)) is None


def test_the_true_chip_scales_its_rate_and_shrinks_its_gang(study):
    right, slow = (Rates(study, CLASSES, factor) for factor in (1.0, 0.8))
    chip = study.supply.programme.chip
    assert slow.hardware(chip) == pytest.approx(0.8 * right.hardware(chip))
    runs = right.hardware(chip) > 0
    assert slow.gang_factor(chip)[runs] == pytest.approx(right.gang_factor(chip)[runs] / 0.8)
    assert right.hardware("h200-sxm") == pytest.approx(slow.hardware("h200-sxm"))
    assert right.gang_factor(chip)[~runs] == pytest.approx(1.0)
