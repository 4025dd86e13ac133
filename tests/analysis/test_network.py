"""Measures of the network on a study written by hand."""

import pytest

from analysis.measures import network
from simulator.units import DAY_S
from tests.analysis.synthetic import HORIZON_S, LENGTH_S, REPLICATIONS


def test_load_is_added_up_by_month(study):
    rows = network.by_month(study).filter(replication=0)
    # Rows begin at 0 and at day 90, so months 0 and 3.
    assert rows["month"].to_list() == [0, 3]
    assert (rows["mean"] / rows["capacity"]).to_list() == pytest.approx([0.2, 0.1])
    assert (rows["peak"] / rows["capacity"]).to_list() == pytest.approx([0.5, 0.25])
    assert rows["hottest"].to_list() == [1.0, 0.5]


def test_work_lost_is_rate_times_span(study):
    rows = network.lost(study)
    assert rows.height == REPLICATIONS
    days = [length / DAY_S for length in LENGTH_S]
    assert rows["by_fabric"].to_list() == pytest.approx([2 * days[0] + 4 * days[1]] * REPLICATIONS)
    assert rows["by_neighbours"].to_list() == pytest.approx([days[0]] * REPLICATIONS)


def test_bundles_are_told_by_load_and_time_full(study):
    rows = network.bundles(study).sort("element")
    assert rows["mean"].to_list() == pytest.approx([0.2, 0.04])
    assert rows["full"].to_list() == pytest.approx([LENGTH_S[0] / HORIZON_S, 0.0])


def test_an_outage_costs_what_stops_and_what_goes_slower(study):
    row = network.outages(study).row(0, named=True)
    assert (row["failures"], row["stopped"]) == (1, 2)
    assert row["down_d"] == pytest.approx(2.0)
    assert row["lost"] == pytest.approx(3.0)
    assert row["slower"] == pytest.approx(10.0)
