"""Quantities as people write them: what is proposed is read to the number that was meant."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.spec import slips
from simulator.spec.loader import SpecError, load
from simulator.spec.quantities import parse

TINY = Path(__file__).parent.parent / "data" / "tiny.yaml"


@pytest.mark.parametrize(
    ("text", "usd"),
    [
        ("$40B", 40e9),
        ("$40 bn", 40e9),
        ("40 bn USD", 40e9),
        ("USD 40 bn", 40e9),
        ("40 billion dollars", 40e9),
        ("US$300m", 300e6),
        ("300 M USD", 300e6),
        ("20 k USD", 20e3),
        ("$1.5 trillion", 1.5e12),
        ("$ 250", 250.0),
        ("40,5 GUSD", 40.5e9),
        ("1,200 MUSD", 1.2e9),
        ("$1,200,000", 1.2e6),
    ],
)
def test_a_sum_in_other_letters_is_proposed_as_a_file_has_it(text: str, usd: float):
    with pytest.raises(ValueError, match="USD") as refused:
        parse(text, "money")
    (proposed,) = re.findall(r"'([^']+)'$", str(refused.value))
    assert parse(proposed, "money") == usd


@pytest.mark.parametrize("text", ["soon", "40 apples", "40.5.1 GUSD", "4,0,5 GUSD", "-3 GUSD"])
def test_what_is_not_clear_is_not_guessed(text: str):
    with pytest.raises(ValueError, match="write it like '65 GUSD'"):
        parse(text, "money")


numbers = st.decimals(0, 10**6, places=2)


@given(numbers)
def test_a_decimal_comma_and_a_percentage_are_understood(number):
    text = f"{number:f}"
    proposed = slips.quantity(f"{text.replace('.', ',')} weeks", "time").partition(": ")[2]
    assert parse(proposed.strip("'"), "time") == pytest.approx(float(text) * 7 * 86_400)
    assert slips.percent(f"{text} %") == pytest.approx(float(text) / 100)


@given(numbers)
def test_what_is_written_well_is_left_alone(number):
    assert not slips.number(f"{number:f}")
    assert not slips.quantity(f"{number:f} weeks", "time")


def refused(change: str) -> str:
    path = [f"{part}" for part in change.split("\n")]
    with pytest.raises(SpecError) as error:
        load(TINY, None, path)
    return str(error.value)


def test_growth_is_a_factor(tmp_path: Path):
    service = next(iter(load(TINY).tree["services"]))
    for key in ("growth_per_year", "growth_per_year.value"):
        told = refused(f"services.{service}.{key}=70 %")
        assert told.endswith("found '70 %'; growth is a factor: 70 % more a year is 1.7")
    assert refused("economics.training_share.value=14 %").endswith("; as a share: 0.14")


def test_a_comma_between_braces_is_told_for_what_it_is():
    told = refused("economics.budget={2025Q1: 40,5 GUSD}")
    assert "economics.budget.5 GUSD: a comma between braces begins a new key" in told
    assert told.count("5 GUSD: ") == 1
    assert "decimal point" not in refused("supply.shocks=[{node: fab-a, quarter: }]")


def test_a_tab_is_told_for_what_it_is(tmp_path: Path):
    path = tmp_path / "mine.yaml"
    path.write_text("title: x\nhorizon:\n\tstart: 2025Q1\n", encoding="utf-8")
    with pytest.raises(SpecError) as error:
        load(path)
    assert str(error.value) == (
        f"{path}:3: not YAML: a tab stands where the line begins; indent with spaces"
    )
