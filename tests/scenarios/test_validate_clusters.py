"""Whole clusters beside what others published of them; skipped where the logs are not there."""

import json
import os

import pytest
from typer.testing import CliRunner

from scenarios.validate import validate_app

runner = CliRunner()
needs_data = pytest.mark.skipif(
    not os.environ.get("SILICONMIX_DATA"), reason="SILICONMIX_DATA is not set"
)


def lines(*arguments):
    result = runner.invoke(validate_app, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


@needs_data
def test_openb_is_allocated_within_a_point_of_another_simulator():
    rows = lines("openb", "--replications", "3")
    assert len(rows) == 2 * 131
    # The published means are of ten orders of arrival, ours of three: their standard
    # errors are 0.1 and 0.2 points.
    assert max(abs(row["error_points"]) for row in rows) < 1.0
    last = {row["rule"]: row["published_pct"] for row in rows if row["asked_pct"] == 130}
    assert last["best_fit"] - last["random"] > 5  # so either rule would fail as the other


@pytest.mark.parametrize("command", ["openb"])
def test_a_folder_without_the_log_is_told(command, tmp_path, monkeypatch):
    result = runner.invoke(validate_app, [command, "--data", str(tmp_path)])
    assert result.exit_code == 2
    assert "cannot read" in result.output
    monkeypatch.delenv("SILICONMIX_DATA", raising=False)
    result = runner.invoke(validate_app, [command])
    assert result.exit_code == 2
    assert "give --data FOLDER" in result.output
