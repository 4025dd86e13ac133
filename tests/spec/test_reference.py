"""The page on scenario files: its tables are the spec's, its examples load, its links lead on."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from pydantic import BaseModel

from simulator.spec import yamlfile
from simulator.spec.base import Figure, Spread
from simulator.spec.faults import Place
from simulator.spec.loader import Given, load
from simulator.spec.located import locate
from simulator.spec.scenario import Scenario
from tests.spec.reference import DOCUMENT, PAGE, tables, written

ROOT = DOCUMENT.parents[1]
PILOT = ROOT / "scenarios" / "inhouse_pilot.yaml"
TEXT = DOCUMENT.read_text(encoding="utf-8")
#: Headings with what stands below each.
PARTS = [part.partition("\n")[::2] for part in re.split(r"^#{2,4} ", TEXT, flags=re.M)[1:]]
#: The heading above each example, and its text.
EXAMPLES = [
    (head, block) for head, part in PARTS for block in re.findall(r"```yaml\n(.*?)```", part, re.S)
]
FRAGMENTS = [(h, b) for h, b in EXAMPLES if not b.startswith(("title:", "base:"))]


@pytest.fixture(scope="module")
def pilot() -> Given:
    return load(PILOT)


def test_the_tables_are_those_of_the_spec():
    assert written(TEXT) == TEXT, "write them anew: python -m tests.spec.reference"


def test_every_table_stands_under_its_heading_after_an_introduction():
    at = {mark: head for head, part in PARTS for mark in re.findall(r"<!-- ([a-z_ ]+) -->", part)}
    assert at.pop("units") == "quantities"
    assert at.pop("the file") == "The file"
    assert all(mark == head for mark, head in at.items())
    assert at.keys() | {"units", "the file"} == tables().keys()
    bare = [head for head, part in PARTS if part.strip().startswith("<!--")]
    assert bare == ["The file"]


def test_every_link_leads_to_a_heading():
    anchors = {re.sub(r"[^a-z0-9_ -]", "", head.lower()).replace(" ", "-") for head, _ in PARTS}
    assert {*re.findall(r"\]\(#([^)]+)\)", TEXT)} <= anchors
    for file in re.findall(r"\]\(([^)#]+)[^)]*\)", TEXT):
        assert (DOCUMENT.parent / file).is_file()


@pytest.mark.parametrize(("heading", "example"), FRAGMENTS, ids=[h for h, _ in FRAGMENTS])
def test_an_example_is_a_good_change_of_the_pilot_study(pilot: Given, heading: str, example: str):
    change = yamlfile.parse(example, heading)
    assert pilot.over(change).changes


def test_the_examples_go_together(pilot: Given):
    """All in one scenario, but for those that choose another policy, horizon or programme."""
    for heading, example in FRAGMENTS:
        if heading not in ("horizon", "maintenance"):
            pilot = pilot.over(yamlfile.parse(example, heading))
    assert pilot.scenario.network is not None


@pytest.mark.parametrize("first", ["title:", "base:"])
def test_a_whole_file_loads(tmp_path: Path, first: str):
    (text,) = [b for _, b in EXAMPLES if b.startswith(first)]
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace("scenarios/", f"{ROOT}/scenarios/"), encoding="utf-8")
    assert load(path).scenario.title in text


def test_every_part_of_a_scenario_has_an_example():
    shown = {m for _, text in EXAMPLES for m in _shown(Scenario, yamlfile.parse(text, "e").plain())}
    titles = {Figure: "figures", Spread: "spreads"}
    assert {titles.get(m, PAGE.title(m)) for m in shown} | {"units"} == tables().keys()


def test_what_is_said_of_traps_is_so(pilot: Given):
    money = {"value": "40 MUSD", "status": "published", "source": "a test", "date": "2025"}
    terms = {"take_or_pay": 0.4, "source": "a test"}
    good = pilot.change(
        {"supply.contracts": {"gb200-nvl72": terms}, "supply.programme.take_or_pay": money}
    ).scenario.supply
    assert good.contracts["gb200-nvl72"].take_or_pay == 0.4
    assert good.contracts["gb200-nvl72"].prepay == 1
    assert good.programme is not None
    assert good.programme.take_or_pay is not None
    assert good.programme.take_or_pay.value == 40e6
    cheaper = {"catalog": {"racks": {"gb200-nvl72": {"price": {"value": "3.2 MUSD"}}}}}
    price = pilot.over(locate(cheaper, Place("a case"))).scenario.catalog.racks["gb200-nvl72"].price
    was = pilot.scenario.catalog.racks["gb200-nvl72"].price
    assert (price.value, price.source, price.low) == (3.2e6, was.source, was.low)


def _shown(hint: Any, told: Any) -> Iterator[type[BaseModel]]:
    """Yield the parts of a scenario that an example states a key of."""
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        keys = {key.removesuffix("+") for key in told} if isinstance(told, dict) else set()
        if not keys & hint.model_fields.keys():
            return
        made = hint.__pydantic_generic_metadata__["origin"]
        yield made or hint
        hints = {} if made else get_type_hints(hint, include_extras=True)
        for key, value in told.items():
            if key.removesuffix("+") in hints:
                yield from _shown(hints[key.removesuffix("+")], value)
    elif get_origin(hint) is list:
        for item in told if isinstance(told, list) else ():
            yield from _shown(get_args(hint)[0], item)
    elif get_origin(hint) is dict:
        for item in told.values() if isinstance(told, dict) else ():
            yield from _shown(get_args(hint)[1], item)
    else:
        for inner in get_args(hint):
            yield from _shown(inner, told)
