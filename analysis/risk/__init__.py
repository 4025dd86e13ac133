"""Dependency risk, measured in training work."""
