"""Closing the books at the horizon: what happened, by quarter.

Everything here is an exact integral of what the engine and the recorder wrote
down; nothing was sampled.
"""

from simulator.world.accounts.books import Books
from simulator.world.accounts.fleet import energy, fleet_quarters, stranded
from simulator.world.accounts.money import cost
from simulator.world.accounts.orders import order_rows, waiting
from simulator.world.accounts.work import asked, job_rows, work

__all__ = [
    "Books",
    "asked",
    "cost",
    "energy",
    "fleet_quarters",
    "job_rows",
    "order_rows",
    "stranded",
    "waiting",
    "work",
]
