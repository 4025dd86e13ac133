"""Figures: data and axes in, axes out."""
