"""What each figure shows, as a table: estimates with labels, ready to draw or to open."""

from analysis.views.cases import concentration_by_case, unit_cost_by_case, work_differences

__all__ = ["concentration_by_case", "unit_cost_by_case", "work_differences"]
