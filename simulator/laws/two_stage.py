"""Orders placed before the future is known and mended after: two-stage linear programs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.laws.arrays import Array
from simulator.laws.linear_program import least_cost


@dataclass(frozen=True)
class TwoStage:
    """Values of a plan made before the state is known and mended after.

    Attributes
    ----------
    plan : ndarray, shape (first,)
        Best first-stage decision.
    recourse, wait_and_see, mean_plan : float
        Expected value of the best plan (RP), of knowing the state first (WS),
        and of the plan made for the average state (EEV). [value]
    """

    plan: Array
    recourse: float
    wait_and_see: float
    mean_plan: float

    @property
    def perfect_information(self) -> float:
        """Worth of knowing (EVPI). [value]"""
        return self.wait_and_see - self.recourse

    @property
    def stochastic_solution(self) -> float:
        """Worth of planning for the spread and not for the average (VSS). [value]"""
        return self.recourse - self.mean_plan


@dataclass(frozen=True)
class Recourse:
    """A two-stage linear program: decide x, see the state, then decide y.

    Least ``cost @ x + E[second_cost @ y]`` with ``limit_rows @ x <= limits``,
    ``technology[s] @ x + second_rows @ y <= bounds``, ``0 <= y <= most`` and ``x >= 0``.

    Attributes
    ----------
    cost : ndarray, shape (first,)
    limit_rows : ndarray, shape (rows, first)
    limits : ndarray, shape (rows,)
    second_cost : ndarray, shape (second,)
    technology : ndarray, shape (states, rows of second stage, first)
    second_rows : ndarray, shape (rows of second stage, second)
    bounds : ndarray, shape (rows of second stage,)
    most : ndarray, shape (second,)
    chances : ndarray, shape (states,)
    """

    cost: Array
    limit_rows: Array
    limits: Array
    second_cost: Array
    technology: Array
    second_rows: Array
    bounds: Array
    most: Array
    chances: Array

    def _solve(
        self, technology: Array, chances: Array, plan: Array | None = None
    ) -> tuple[float, Array]:
        states, first, second = len(chances), len(self.cost), len(self.second_cost)
        blocks = [np.hstack([self.limit_rows, np.zeros((len(self.limits), states * second))])]
        for s in range(states):
            later = np.zeros((len(self.bounds), states * second))
            later[:, s * second : (s + 1) * second] = self.second_rows
            blocks.append(np.hstack([technology[s], later]))
        rows, bounds = np.vstack(blocks), np.concatenate([self.limits, *[self.bounds] * states])
        cost = np.concatenate([self.cost, *(p * self.second_cost for p in chances)])
        most = np.concatenate([np.full(first, np.inf), *[self.most] * states])
        if plan is not None:
            bounds = bounds - rows[:, :first] @ plan
            answer = least_cost(cost[first:], rows[:, first:], bounds, most[first:])
            return float(answer.cost + self.cost @ plan), plan
        answer = least_cost(cost, rows, bounds, most)
        return answer.cost, answer.x[:first]

    def solve(self) -> TwoStage:
        """Return the best plan, and what knowing or ignoring the spread would change.

        References
        ----------
        Birge and Louveaux, Introduction to Stochastic Programming, 2nd ed. (2011),
        sections 1.1 and 4.1 to 4.4.
        """
        one = np.ones(1)
        cost, plan = self._solve(self.technology, self.chances)
        known = [self._solve(t[None], one)[0] for t in self.technology]
        average = np.tensordot(self.chances, self.technology, axes=1)
        _, mean_plan = self._solve(average[None], one)
        mean_cost, _ = self._solve(self.technology, self.chances, mean_plan)
        return TwoStage(plan, -cost, -float(self.chances @ known), -mean_cost)
