"""Reads results; never runs a model."""

from analysis.study_reader import BASELINE, Study, open_study

__all__ = ["BASELINE", "Study", "open_study"]
