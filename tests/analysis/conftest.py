"""The hand-written study, written once a session."""

from __future__ import annotations

import pytest

from analysis import Study, open_study
from tests.analysis.synthetic import write_study


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return open_study(write_study(tmp_path_factory.mktemp("study")))


@pytest.fixture(scope="session")
def lone_study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """One replication only: no interval can be had."""
    return open_study(write_study(tmp_path_factory.mktemp("lone"), replications=1))


