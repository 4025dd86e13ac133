"""The page on study files: its tables are the spec's, its examples are good, its units are read."""

import re
from pathlib import Path
from typing import Any

import pytest

from analysis.metrics import BY_ID
from scenarios.studies import read_study
from simulator.spec import yamlfile
from simulator.spec.quantities import DIMENSIONS, parse
from simulator.spec.study import KINDS
from simulator.spec.study_file import study_of
from simulator.study.kinds import plan_all
from tests.study.reference import DOCUMENT, written

ROOT = DOCUMENT.parents[1]
TEXT = DOCUMENT.read_text(encoding="utf-8")
#: The heading above each example, and what it says.
EXAMPLES = [
    (heading, yamlfile.parse(block, "example").plain())
    for part in re.split(r"^#{2,3} ", TEXT, flags=re.M)
    for heading in [part.partition("\n")[0]]
    for block in re.findall(r"```yaml\n(.*?)```", part, re.S)
]


def test_the_tables_are_those_of_the_spec():
    assert written(TEXT) == TEXT, "write them anew: python -m tests.study.reference"


def test_every_kind_has_its_example_under_its_name():
    shown = [(heading, [*told]) for heading, told in EXAMPLES if next(iter(told)) in KINDS]
    assert sorted(shown) == sorted((kind, [kind]) for kind in KINDS)


def test_the_examples_are_a_good_study():
    """All in one file: every key, case and node is there, and each question has its runs."""
    told: dict[str, Any] = {
        "title": "Every example",
        "scenario": "scenarios/inhouse_pilot.yaml",
        "replications": 2,
    }
    for heading, example in EXAMPLES[1:]:
        told |= example if heading in (*KINDS, "cases", "purchases") else {}
    file = study_of(told, BY_ID, ROOT / "study.yaml")
    planned = plan_all(file)
    assert [question.kind for question, _ in planned] == [*KINDS]
    assert all(len(arms) > 1 for _, arms in planned)


def test_the_first_example_is_a_whole_file(tmp_path: Path):
    block = re.findall(r"```yaml\n(.*?)```", TEXT, re.S)[0]
    path = tmp_path / "asked.yaml"
    path.write_text(block.replace("scenarios/", f"{ROOT}/scenarios/"), encoding="utf-8")
    assert read_study(path).plan.outcome == "unserved_share"


def test_the_inputs_of_the_example_are_there(tmp_path: Path):
    (inputs,) = [told for heading, told in EXAMPLES if heading == "inputs"]
    told = {
        "title": "Inputs",
        "scenario": "scenarios/inhouse_pilot.yaml",
        "replications": 2,
        "tornado": {"case": "foundry_outage", **inputs},
    }
    ((_, arms),) = plan_all(study_of(told, BY_ID, ROOT / "study.yaml"))
    assert len(arms) == 1 + 2 * len(inputs["inputs"])


@pytest.mark.parametrize(
    ("text", "si"),
    [
        ("90 s", 90.0),
        ("2 minutes", 120.0),
        ("1 hour", 3600.0),
        ("1 day", 86_400.0),
        ("2 weeks", 14 * 86_400.0),
        ("1 year", 365.25 * 86_400.0),
        ("12 months", 365.25 * 86_400.0),
    ],
)
def test_the_units_of_time_that_are_named_are_read(text: str, si: float):
    assert parse(text, "time") == pytest.approx(si)


@pytest.mark.parametrize(
    ("text", "dimension", "si"),
    [
        ("1 MW", "power", 1e6),
        ("1 kJ", "energy", 1e3),
        ("1 Wh", "energy", 3600.0),
        ("2 GUSD", "money", 2e9),
        ("3 MUSD", "money", 3e6),
        ("1 GiB", "bytes", 2.0**30),
        ("1 GB", "bytes", 1e9),
        ("1 PFLOP/s", "compute rate", 1e15),
        ("2 rce_day", "work", 2 * 86_400.0),
    ],
)
def test_the_other_units_that_are_named_are_read(text: str, dimension: str, si: float):
    assert parse(text, dimension) == pytest.approx(si)


def test_every_dimensions_example_is_read():
    assert all(parse(example, name) > 0 for name, (_, example) in DIMENSIONS.items())
