"""The best use of a fleet in very many sampled worlds at once.

A linear program's optimal basis stays optimal wherever it stays feasible, and
worlds that share an efficiency matrix differ only in what is asked and what is
there. So the solver is called once a basis, not once a world: every other
world is answered by a multiplication with a basis met before, and checked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.laws.arrays import Array, floats, require_not_negative

#: Added to right sides, over the largest of them, so that none is zero. [1]
_NUDGE = 1e-8
#: A basic variable, likewise, that is surely above zero in spite of rounding. [1]
_SURE = 1e-12
#: Programs solved before the other worlds are looked at again.
_ROUND = 8

Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class ManyDispatches:
    """The best use of a fleet in each world.

    Attributes
    ----------
    served : ndarray, shape (worlds, families)
        Work done of each family. [rce]
    used : ndarray, shape (worlds, families, chips)
        Capacity of each chip that serves each family, before efficiency; no worlds if it
        was not asked for. [unit of capacity]
    """

    served: Array
    used: Array


@dataclass(frozen=True)
class _Basis:
    """Where its basic variables are not negative, they are the best answer."""

    #: From right sides to basic variables, shape (rows, rows).
    inverse: Array
    #: Which basic variables are uses of chips, and which uses those are.
    rows: Indices
    uses: Indices
    #: Worth of a unit of each right side: a vertex of the dual, shape (rows,).
    price: Array


class Dispatcher:
    """Serve as much worth as fleets can, for one efficiency matrix.

    Right to one part in a million of a world's largest amount. Among equally
    good uses, chips of less burden go first. A world's answer does not depend,
    to the last bit, on which worlds stand beside it.

    Parameters
    ----------
    efficiency : array_like, shape (families, chips)
        Work a unit of the chip's capacity does of the family; 0: not ported. [rce/unit]
    worth : array_like, shape (families,), optional
        Of a unit of each family's work; all alike by default. [1]
    burden : array_like, shape (chips,), optional
        What breaks ties, such as watts a unit; none by default.

    Attributes
    ----------
    solves : int
        Linear programs solved so far.

    References
    ----------
    Gal and Nedoma, Management Science 18(7), 1972. doi:10.1287/mnsc.18.7.406

    Examples
    --------
    Only the first of two families runs on the second chip; the first chip stops:

    >>> dispatch = Dispatcher([[1, 1], [1, 0]])
    >>> served = dispatch([[50, 50], [50, 50]], [[60, 40], [0, 40]]).served
    >>> served.sum(axis=1).round(3).tolist()
    [100.0, 40.0]
    """

    def __init__(
        self,
        efficiency: npt.ArrayLike,
        worth: npt.ArrayLike | None = None,
        burden: npt.ArrayLike | None = None,
    ) -> None:
        speed = floats(efficiency)
        if speed.ndim != 2:
            raise ValueError(f"efficiency must be families by chips, got shape {speed.shape}")
        families, chips = speed.shape
        value = np.ones(families) if worth is None else floats(worth)
        weight = np.zeros(chips) if burden is None else floats(burden)
        require_not_negative(efficiency=speed, worth=value, burden=weight)
        self.solves = 0
        self._speed = speed
        self._w, self._k = np.nonzero(speed > 0)
        self._speeds: list[float] = speed[self._w, self._k].tolist()
        use = np.arange(len(self._w))
        self._rows = np.zeros((families + chips, len(use)))
        self._rows[self._w, use] = speed[self._w, self._k]
        self._rows[families + self._k, use] = 1.0
        gain = (value[:, None] * speed)[self._w, self._k]
        # Small against any gain, so that it only breaks ties; and the last by a spread of
        # fractions, since bases of one price could not be told apart by it.
        heaviest = float(weight.max(initial=0.0)) or 1.0
        tie = (weight / heaviest)[self._k] + 0.1 * _fractions(len(gain))
        self._gain = gain - 1e-6 * gain.min(initial=1.0) * tie
        self._known: list[_Basis] = []

    def __call__(
        self, demand: npt.ArrayLike, capacity: npt.ArrayLike, *, uses: bool = True
    ) -> ManyDispatches:
        """Dispatch every world.

        Parameters
        ----------
        demand : array_like, shape (worlds, families)
            Wanted of each family, >= 0. [rce]
        capacity : array_like, shape (worlds, chips)
            Of each kind of chip in service, >= 0. [unit of capacity]
        uses : bool
            Whether to tell which chip serves which family.

        Raises
        ------
        ValueError
            If shapes differ or an amount is negative.
        """
        wanted, have = floats(demand), floats(capacity)
        families, chips = self._speed.shape
        if wanted.ndim != 2 or wanted.shape[1] != families:
            raise ValueError(f"demand must be worlds by {families}, got {wanted.shape}")
        if have.shape != (len(wanted), chips):
            raise ValueError(f"capacity must be {len(wanted)} by {chips}, got {have.shape}")
        require_not_negative(demand=wanted, capacity=have)
        # A column a world: what is done to all worlds at once runs along memory.
        right = np.vstack([wanted.T, have.T])
        largest = np.maximum(right.max(axis=0), 1e-300)
        right /= largest
        use = np.zeros((len(self._w), right.shape[1]))
        if not use.size:
            return self._result(use, right, largest, uses)
        # Unequal nudges, so that no two rows bind at once: each world has one best basis,
        # whichever way it is found.
        nudged = right + (_NUDGE * (1.0 + _fractions(len(right))))[:, None]
        todo = self._recall(nudged, use, np.arange(right.shape[1]))
        while len(todo):
            # Worlds far apart rarely share a basis.
            first = todo[:: max(len(todo) // _ROUND, 1)]
            for world in first:
                use[:, world] = self._solve(nudged[:, world])
            todo = self._recall(nudged, use, np.setdiff1d(todo, first))
        return self._result(use, right, largest, uses)

    def _recall(self, right: Array, use: Array, todo: Indices) -> Indices:
        """Answer the worlds that a known basis answers; return the others."""
        if not self._known or not len(todo):
            return todo
        # Only the dual vertex of least value can belong to a feasible basis.
        prices = np.stack([basis.price for basis in self._known])
        best = np.argmin(_product(prices, right.take(todo, axis=1)).T, axis=1)
        # Numbers of one or two bytes are sorted by counting.
        best = best.astype(np.min_scalar_type(len(self._known)))
        by_basis = np.argsort(best, kind="stable")
        edges = np.searchsorted(best[by_basis], np.arange(len(self._known) + 1)).tolist()
        worlds = todo[by_basis]
        side = right.take(worlds, axis=1)
        found, good = np.zeros((len(use), len(worlds))), np.zeros(len(worlds), bool)
        for basis, start, end in zip(self._known, edges[:-1], edges[1:], strict=True):
            if start < end:
                x = _applied(side[:, start:end], basis)
                good[start:end] = x.min(axis=0) > _SURE
                found[basis.uses, start:end] = x[basis.rows]
        if good.all():
            use[:, worlds] = found
        else:
            use[:, worlds[good]] = found[:, good]
        return np.sort(worlds[~good])

    def _solve(self, right: Array) -> Array:
        """Solve one world, keep its basis, and return its uses."""
        self.solves += 1
        n, m = self._rows.shape[1], len(right)
        basic = np.sort(_best_basis(self._rows, right, self._gain))
        inverse = np.linalg.inv(np.hstack([self._rows, np.eye(m)])[:, basic])
        gain = np.concatenate([self._gain, np.zeros(m)])[basic]
        rows = np.flatnonzero(basic < n)
        basis = _Basis(inverse, rows, basic[rows], gain @ inverse)
        self._known.append(basis)
        use = np.zeros(n)
        use[basis.uses] = _applied(right[:, None], basis)[rows, 0]
        return use

    def _result(self, use: Array, right: Array, largest: Array, uses: bool) -> ManyDispatches:
        """Take back what the nudge gave, and sum uses by family and chip."""
        families, chips = self._speed.shape
        use = np.maximum(use, 0.0, out=use)
        have, wanted = right[families:], right[:families]
        # Use by use: a sum's last bits depend on how many worlds stand side by side.
        amount = np.zeros_like(have)
        for one, chip in zip(use, self._k.tolist(), strict=True):
            amount[chip] += one
        left = _within(amount, have)
        for one, chip in zip(use, self._k.tolist(), strict=True):
            one *= left[chip]
        amount = np.zeros_like(wanted)
        for one, row, gain in zip(use, self._w.tolist(), self._speeds, strict=True):
            amount[row] += gain * one
        left = _within(amount, wanted)
        served = amount * left * largest
        used = np.zeros((use.shape[1] if uses else 0, families, chips))
        if uses:
            used[:, self._w, self._k] = (use * left[self._w] * largest).T
        return ManyDispatches(served.T, used)


def _within(amount: Array, bound: Array) -> Array:
    """Return what part of an amount is within its bound, where it exceeds that. [1]."""
    return np.divide(bound, amount, out=np.ones_like(bound), where=amount > bound)


def _fractions(n: int) -> Array:
    """Return *n* different numbers in (0, 1): the fractions of multiples of the golden ratio."""
    return np.modf(np.arange(1, n + 1) * 0.6180339887498949)[0]


#: Worlds a matrix product takes at a time. [1]
_TILE = 64


def _applied(right: Array, basis: _Basis) -> Array:
    """Return basic variables, shape (rows, worlds)."""
    return _product(basis.inverse, right)


def _product(matrix: Array, right: Array) -> Array:
    """Return a matrix product with a column a world.

    Tile by tile, for its last bits depend on how many columns it has, and a large one
    takes the time of a second thread without being done sooner.
    """
    rows, worlds = right.shape
    tiles = -(-worlds // _TILE)
    padded = np.zeros((rows, tiles * _TILE))
    padded[:, :worlds] = right
    tiled = np.ascontiguousarray(padded.reshape(rows, tiles, _TILE).transpose(1, 0, 2))
    x = (matrix @ tiled).transpose(1, 0, 2).reshape(len(matrix), -1)
    return np.asarray(x[:, :worlds])


def _best_basis(rows: Array, right: Array, gain: Array) -> Indices:
    """Return the basic variables of most gain with ``rows @ x <= right``: the simplex method.

    From the basis of slacks, always the variable of most gain a unit first (Dantzig).
    Right sides are positive and no two rows bind at once, so that it ends.
    """
    m, n = rows.shape
    table = np.hstack([rows, np.eye(m), right[:, None]])
    price = np.append(gain, np.zeros(m + 1))
    basic = np.arange(n, n + m)
    while True:
        enters = int(np.argmax(price[:-1]))
        if price[enters] <= _SURE:
            return basic
        column = table[:, enters]
        ratio = np.divide(table[:, -1], column, out=np.full(m, np.inf), where=column > _SURE)
        leaves = int(np.argmin(ratio))
        table[leaves] /= column[leaves]
        factor = table[:, enters].copy()
        factor[leaves] = 0.0
        table -= factor[:, None] * table[leaves]
        price -= price[enters] * table[leaves]
        basic[leaves] = enters
