"""Files and names that are asked for and are not there: who asks, and what is really near."""

from pathlib import Path

import pytest

from scenarios.files import load_cases
from simulator.spec.faults import hint, nearest
from simulator.spec.loader import SpecError, load
from tests.spec.example import put, write


def refused(path: Path, case: str | None = None) -> str:
    with pytest.raises(SpecError) as error:
        load(path, case)
    return str(error.value)


@pytest.mark.parametrize(
    ("base", "hinted"),
    [("../pilott.yaml", "; did you mean 'pilot.yaml'?"), ("../nowhere.yaml", "")],
)
def test_a_base_that_is_missing_is_told_where_it_is_asked_for(tmp_path: Path, base: str, hinted):
    write(tmp_path)
    put(tmp_path / "one.yaml", "title: x\n")
    mine = tmp_path / "mine" / "late.yaml"
    put(mine, f"title: Late\nbase: {base}\nchange: {{}}\n")
    lacking = tmp_path / Path(base).name
    told = f"{mine}:2: base: there is no file {lacking}{hinted}"
    assert refused(mine) == told
    with pytest.raises(SpecError) as error:  # as the command line loads it
        load_cases(mine, None, [])
    assert str(error.value) == told


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("canceled", "cancelled"),
        ("forced_ramp_2nd_foundry", None),
        ("second_line", None),
        ("baselin", "baseline"),
        ("second_foundry", "ramp_second_foundry"),
        ("one", None),
    ],
)
def test_a_name_is_proposed_only_if_it_is_near(asked: str, meant: str | None):
    known = ["baseline", "buy_only", "cancelled", "ramp_second_foundry", "nowhere"]
    assert nearest(asked, known) == meant


def test_all_valid_choices_are_named():
    known = [f"choice-{k:02}x" for k in range(40)]
    assert hint("quite-other", known) == f"; known are {', '.join(known)}"


def test_who_set_the_gate_hears_of_the_gate(tmp_path: Path):
    """The pilot is ordered in 2025Q3; nobody wrote `latest`, which is a year after the gate."""
    for gate, key, what in (
        ("gate: {quarter: 2025Q2", "gate.quarter", "2025Q2 is before the pilot is ordered"),
        ("gate: {quarter: 2025Q4, latest: 2025Q2", "gate", "latest is 2025Q2, before the gate's"),
        ("gate: {quarter: 2025Q3, latest: 2025Q3", "gate.latest", "2025Q3 is not after the pilot"),
    ):
        path = write(tmp_path)
        text = path.read_text(encoding="utf-8")
        text = text.replace("pilot_quarter: 2025Q1", "pilot_quarter: 2025Q3")
        path.write_text(text.replace("gate: {quarter: 2025Q4", gate), encoding="utf-8")
        told = refused(path)
        assert f"supply.programme.{key}: {what}" in told
        assert len(told.splitlines()) == 1
