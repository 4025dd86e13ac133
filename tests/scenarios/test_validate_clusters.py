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
    rows = lines("openb", "--replications", "2")
    assert len(rows) == 2 * 131
    # The published means are of ten orders of arrival, ours of two: their standard
    # errors are 0.1 and 0.25 points.
    assert max(abs(row["error_points"]) for row in rows) < 1.0
    last = {row["rule"]: row["published_pct"] for row in rows if row["asked_pct"] == 130}
    assert last["best_fit"] - last["random"] > 5  # so either rule would fail as the other


@needs_data
def test_helios_is_forecast_better_than_by_the_week_before_or_the_mean():
    rows = lines("helios", "--fit-days", "26", "--replications", "4")
    assert len(rows) == 16
    for quantity in ("running", "pending"):
        mine = [row for row in rows if row["quantity"] == quantity]
        assert len(mine) == 8
        error = sum(row["forecast_mae"] for row in mine)
        assert error < sum(row["last_week_mae"] for row in mine)
        assert error < sum(row["mean_mae"] for row in mine)


@needs_data
def test_helios_needs_days_to_infer_from_and_to_forecast():
    for days in ("6", "31"):
        result = runner.invoke(validate_app, ["helios", "--fit-days", days])
        assert result.exit_code == 2
        assert f"not {days}" in result.output


@pytest.mark.parametrize("command", ["openb", "helios"])
def test_a_folder_without_the_log_is_told(command, tmp_path, monkeypatch):
    result = runner.invoke(validate_app, [command, "--data", str(tmp_path)])
    assert result.exit_code == 2
    assert "cannot read" in result.output
    monkeypatch.delenv("SILICONMIX_DATA", raising=False)
    result = runner.invoke(validate_app, [command])
    assert result.exit_code == 2
    assert "give --data FOLDER" in result.output
