"""Reads results; never runs a model."""
