"""Rows of several files, what is left out together, and constants fitted anew."""

import json
import re

import pytest
from typer.testing import CliRunner

from scenarios.validate import validate_app
from scenarios.validate_rows import typed_cases
from scenarios.validate_training import GROUPS, model_family, priors, refitted_lines

HEADER = (
    "id,chip,n_chips,global_batch_seqs,micro_batch,hidden,heads,layers,seq_len,tp,dp,pp,recompute,"
    "step_time_s\n"
)


def run(*arguments):
    return CliRunner().invoke(validate_app, ["training", *map(str, arguments)])


def test_rows_of_several_files_are_predicted_together(tmp_path):
    for name in ("a", "b"):
        row = f"{name},A100,8,64,4,2048,16,24,1024,2,4,1,full,0.9\n"
        (tmp_path / f"{name}.csv").write_text(HEADER + row)
    found = run("--rows", tmp_path / "a.csv", "--rows", tmp_path / "b.csv", "--json")
    assert found.exit_code == 0
    rows = [json.loads(line) for line in found.stdout.splitlines()]
    assert [row["id"] for row in rows] == ["a", "b"]
    assert rows[0]["predicted"] == rows[1]["predicted"]


def test_a_group_nobody_knows_is_refused():
    found = run("--loo", "--by", "colour")
    assert found.exit_code == 2
    assert "--by is 'colour', must be one of model, family, chip, source" in found.stderr


@pytest.mark.parametrize("name", GROUPS)
def test_every_row_is_left_out_once_and_with_its_like(name):
    cases, _ = typed_cases()
    steps = [case for case in cases if case.kind != "recommendation"]
    groups = {GROUPS[name](case) for case in steps}
    assert 1 < len(groups) < len(steps)


def test_models_of_one_line_are_one_family():
    assert model_family("Llama3-8B") == model_family("Llama3.1-405B")
    assert model_family("GPT3-175B") != model_family("GPT-OSS-120B")


def test_constants_fitted_anew_are_lines_of_the_calibration():
    cases, _ = typed_cases()
    lines = refitted_lines([case for case in cases if case.kind == "dense"][:4])
    assert len(lines) == len(priors())
    pattern = (
        r"    [\w.-]+: \{value: [\de.+-]+, prior: [\de.+-]+, prior_spread: [\d.]+, spread: [\d.]+\}"
    )
    assert all(re.fullmatch(pattern, line) for line in lines)


def test_what_is_known_in_part_gets_the_wider_band(tmp_path):
    names = {"id": "x", "chip": "A100", "model": "GPT3-175B", "n_chips": "512", "tp": "8",
             "pp": "16", "global_batch_seqs": "1536", "micro_batch": "1", "seq_len": "2048",
             "step_time_s": "50"}  # fmt: skip
    found = []
    for tier in "AB":
        row = names | {"tier": tier}
        (tmp_path / "r.csv").write_text(",".join(row) + "\n" + ",".join(row.values()) + "\n")
        found.append(json.loads(run("--rows", tmp_path / "r.csv", "--json").stdout))
    known, partly = found
    assert partly["predicted"] == known["predicted"]
    assert partly["low"] < known["low"] < known["predicted"] < known["high"] < partly["high"]
