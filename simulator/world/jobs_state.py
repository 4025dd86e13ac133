"""The engine's memory: flat arrays that compiled code reads and writes.

A *type* is one (class, gang size; priority, service or level of service
attained): jobs of a type need the same hosts, so when one does not fit, none
does. A *run* is a job on chips. A *unit*
is what a host fault can hit at once: the hosts of one gang, or one host that
small jobs share. A *cell* is a scale-up domain of a pool with a layout, a
*part* what a unit holds of one cell. Records keep what is used together on one
cache line.
"""

from __future__ import annotations

import numpy as np

#: States of a job.
FUTURE, WAITING, RUNNING, DONE, GAVE_UP = range(5)

#: Places in the vector of counters.
(
    N_RUNS,  # runs in progress; also the size of the heap of completions
    N_FREE_RUNS,  # size of the stack of run slots that were used and are free
    TOP_RUN,  # run slots ever used
    N_FREE_UNITS,
    TOP_UNIT,
    N_ROWS,  # segments written
    NEXT_JOB,  # first job of the table that has not arrived
    N_TYPES_WAITING,  # size of the heap of types with waiting jobs
    N_WAITING,  # jobs waiting
    N_REPAIRS,  # hosts whose repair ends at a known time
    N_PATIENCE,  # size of the heap of deadlines
    DIRTY,  # mask of pools whose capacity may have grown since the last pass
    FRESH,  # jobs that joined the queue since the last pass
    FRESH_JOB,  # the last of them
    MODE,  # how the scheduler passes over the queue
    ORDER,  # what orders the queue
    DEPTH,  # how many waiting jobs a pass of backfill looks at
    LACK,  # the pool that ran out of fault draws
    FREE_PART,  # first of the free parts, a list; -1: none
    PLACEMENT,  # which of the places that hold a job it takes
    SEED,  # of the draws of random placement
    COOL,  # 1: a gang over several pods takes those whose trunks are least full
    LINKED,  # level from which on runs share a network that must be asked; 0: none does
    MIXED,  # 1: such a run came, went or was slowed since the network was asked
    PREEMPTS,  # 1: a job may take chips of others, which checkpoint and wait again
    RANKED,  # what hosts in use are ranked by
    LEARNING,  # 1: a run time is guessed from those of its class that are done
    DOMINANT,  # 1: shares are dominant shares
    AIMED,  # 1: pools are chosen by aims
    MIX_CHANGED,  # 1: so much that the aims must be set anew
    N_PLANNED,  # waiting jobs with a reservation, of conservative backfill
    N_SMALL_PLANNED,  # of these, those that share a host
    STIRRED,  # 1: a shared host got other company since the last pass
    SIGHT,  # counts what a pass of backfill changes, so that it looks at types anew
    ANSWERED,  # 1: a planner's policy has said who goes first
    BLOCKS,  # 1: who does not fit then holds the pools it likes for itself
    N_SEEN,  # waiting jobs it saw last; -1: all are to be written down anew
    N_CAME,  # jobs that joined the queue since
    N_COUNTERS,
) = range(39)

#: Places in the vector of real scalars.
(
    AGEING,
    NEXT_FAULT,
    NOW,
    ROUND,  # time between passes over the queue; 0: whenever something changes
    NEXT_ROUND,  # when the next pass may be
    NEXT_PLANNED,  # when the first reservation of conservative backfill is due
    N_REALS,
) = range(7)

#: What orders the queue.
BY_SUBMIT, BY_PRIORITY, BY_WORK, BY_SHARE, BY_ATTAINED = range(5)
#: How a pass goes over it.
BLOCKING, SKIPPING, EASY, ASKED, SHARING, CONSERVATIVE = range(6)
#: What hosts in use are ranked by: not at all, when they are due to be idle, who gives way first.
UNRANKED, BY_END, BY_STRENGTH = range(3)

#: Which of the places that hold a job it takes.
BEST_FIT, WORST_FIT, RANDOM = range(3)
#: How far a run is spread: the tightest level of the layout that holds it.
UNKNOWN, HOST, DOMAIN, RACK, POD, SITE = range(-1, 5)
LEVELS = 5

#: Most pools one engine can hold: pools are bits of a mask.
MAX_POOLS = 62
#: Heat of a pod whose trunks are full; a little room is left, so that heat tells pods apart.
BOILING = 1_000_001
#: Units summed in one block, so that a victim is found in two short scans.
BLOCK = 64
#: Fault draws taken at once, in columns: gap, victim, repair.
DRAWS = 256
#: Most jobs that are written down for a policy one by one, and not all anew.
FEW = 64

#: What changes of a job: one cache line.
JOB = np.dtype(
    [
        ("start", "f8"),
        ("finish", "f8"),
        ("left", "f8"),  # of work_s, in seconds at rate 1
        ("error", "f8"),  # how much more that is taken for
        ("type", "i4"),
        ("next", "i4"),  # neighbours in the type's queue
        ("prev", "i4"),
        ("pool", "i4"),
        ("restarts", "i4"),
        ("racks", "i4"),  # that hold its last run
        ("state", "i1"),
        ("level", "i1"),  # of its last run
    ],
    align=True,
)
#: An entry of a heap (:mod:`jobs_heap`).
ENTRY = np.dtype([("key", "f8"), ("job", "i4"), ("item", "i4")], align=True)
TYPE = np.dtype(
    [
        ("key", "f8"),  # order of the type's head; ties by job
        ("priority", "f8"),
        ("mask", "i8"),  # pools its jobs can run in
        ("chips", "i8"),
        ("demotion", "f8"),  # time on chips after which its jobs are of the next type
        ("job_class", "i4"),
        ("service", "i4"),  # where the queue is ordered by shares; else 0
        ("head", "i4"),
        ("tail", "i4"),
        ("first", "i4"),  # of the queue, where that is a heap: where it begins
        ("size", "i4"),  # and how many it holds
        ("seen", "i8"),  # by a pass of backfill: what stood when it looked
        ("able", "i4"),  # and whether it found a pool where the type fits
        ("place", "i4"),  # in the heap of waiting types; -1: none waits
        ("pools", "i4"),  # how many pools are in its order of preference
        # Entries of three lists of types that are no longer than there are types.
        ("waiting", "i4"),  # types with waiting jobs, a heap by (key, head)
        ("aside", "i4"),  # scratch of a pass: those set aside
        ("merge", "i4"),  # scratch of a pass: a second heap
    ],
    align=True,
)
FIT = np.dtype(
    [
        ("slow", "f8"),  # wall time per second of work, on one host
        ("slow_domain", "f8"),  # in one domain, and so on
        ("slow_rack", "f8"),
        ("slow_pod", "f8"),
        ("slow_site", "f8"),
        ("need", "i4"),  # chips
        ("hosts", "i4"),  # whole hosts; 0: shares one
        ("pool", "i4"),  # in column i: the pool liked i-th best
        # Scratch of a pass of backfill: who of the type may start here, and how slowly.
        ("open", "i4"),
        ("pace", "f8"),
    ],
    align=True,
)
POOL = np.dtype(
    [
        ("chips_per_host", "i8"),
        ("free", "i8"),  # whole hosts idle and up
        ("up", "i8"),  # hosts in service and not down
        ("down", "i8"),
        ("crews", "i8"),  # repairs that can go on at once
        ("in_repair", "i8"),
        ("held", "i8"),  # down until the world says otherwise
        ("draining", "i8"),  # busy, and held when they are not
        ("drawn", "i8"),  # rows of fault draws at hand
        ("mtbf", "f8"),
        ("repair", "f8"),  # mean
        ("hazard", "f8"),  # unit hazard left to the next fault
        ("since", "f8"),  # when hazard and down time were last brought up to date
        ("next_fault", "f8"),
        ("down_s", "f8"),  # integral of down
        ("fault_draw", "i8"),  # rows of draws used by faults
        ("repair_draw", "i8"),  # rows of draws used by repairs
        ("block_key", "f8"),  # first waiting job that holds the pool for itself
        ("block_job", "i8"),
        ("hold_job", "i8"),  # job with a reservation here; -1: none
        ("hold_at", "f8"),  # when it can start
        ("hold_spare", "i8"),  # hosts free then that it does not need
        ("hold_good", "i8"),  # 0: something unforeseen happened since
        ("hold_kept", "i8"),  # 1: the pass going on has confirmed it
        ("domain", "i8"),  # hosts in a domain; 0: no layout, hosts are only counted
        ("rack", "i8"),  # hosts in a rack
        ("pod", "i8"),  # racks in a pod
        ("racks", "i8"),  # places for racks; a rack that left leaves its place
        ("paced", "i8"),  # 1: the rate depends on the level
        # Where its tree keeps, by cell: hosts idle and up, up, up or broken,
        # broken until the world says otherwise;
        ("free_at", "i8"),
        ("up_at", "i8"),
        ("there_at", "i8"),
        ("held_at", "i8"),
        # busy and to be held then;
        ("drain_at", "i8"),
        # idle hosts by rack and by pod, and how full a pod's trunks are, in millionths;
        ("rack_at", "i8"),
        ("pod_at", "i8"),
        ("heat_at", "i8"),
        # how many cells have so many idle hosts, how many racks are in a bucket;
        ("cells_at", "i8"),
        ("racks_at", "i8"),
        # which racks, so many words a bucket; and which of these words hold any.
        ("bits_at", "i8"),
        ("words", "i8"),
        ("brief_at", "i8"),
        ("briefs", "i8"),
        ("steps", "i8"),  # of the plan
        ("root", "i8"),  # of the tree that ranks its units; -1: empty
        ("chip_w", "f8"),  # power of a chip, where that is a resource
        ("up_least", "i8"),  # hosts up within which the aims stand
        ("up_most", "i8"),
    ],
    align=True,
)
RUN = np.dtype(
    [
        ("finish", "f8"),
        ("expect", "f8"),  # when it is thought to finish
        ("alone", "f8"),  # the same at its speed alone on the network
        ("begin", "f8"),  # of this stretch at one rate
        ("pay", "f8"),  # restart time still to pay at begin
        ("slow", "f8"),  # wall time per second of work at rate 1
        ("useful", "f8"),  # useful wall time of this run before begin
        ("left", "f8"),  # work left at begin
        ("saved", "f8"),  # work left at the last checkpoint before begin
        ("started", "f8"),
        ("fraction", "f8"),  # of the speed it would have alone on the network
        ("job", "i4"),
        ("unit", "i4"),
        ("chips", "i4"),  # allocated
        ("row", "i4"),  # last segment of this run; -1: none yet
        ("next", "i4"),  # neighbours in the unit
        ("prev", "i4"),
        ("pool", "i4"),
    ],
    align=True,
)
SHARE = np.dtype(
    [
        ("weight", "f8"),
        ("quota", "i8"),  # most chips
        ("used", "i8"),  # chips allocated
        ("deserved", "f8"),  # its weight's part of the chips that are up
        ("giving", "i8"),  # scratch: chips it would give back
    ],
    align=True,
)
SLOT = np.dtype(
    [
        # Entries of lists that are no longer than there is room for runs.
        ("free_run", "i4"),
        ("free_unit", "i4"),
        ("giving", "i4"),  # scratch: units that would give way
        ("path", "i4"),  # scratch: a way down the tree of units
    ],
    align=True,
)
UNIT = np.dtype(
    [
        ("hosts", "i4"),
        ("free", "i4"),  # free chips of a shared host; -1: the unit is a gang's
        ("pool", "i4"),
        ("runs", "i4"),
        ("first", "i4"),
        ("next", "i4"),  # neighbours among shared hosts with as many free chips
        ("prev", "i4"),
        ("part", "i4"),  # first of its parts, a list; -1: no layout
        ("racks", "i4"),  # it has parts in
        ("level", "i4"),
        ("drain", "i4"),  # of its hosts, those that go down when it ends
        # Place in the tree that ranks the pool's units, by (key, -since, -job).
        ("key", "f8"),
        ("since", "f8"),  # when the latest of its runs started
        ("job", "i4"),  # of that run
        ("lower", "i4"),
        ("upper", "i4"),
        ("below", "i4"),  # hosts of its part of the tree
    ],
    align=True,
)
ROW = np.dtype(
    [
        ("start_s", "f8"),
        ("end_s", "f8"),
        ("productive_rce_s", "f8"),
        ("lost_rce_s", "f8"),
        ("restart_s", "f8"),
        ("fraction", "f8"),
        ("job", "i4"),
        ("unit", "i4"),
        ("chips", "i4"),
        ("prev", "i4"),  # segment before, of the same run
        ("racks", "i4"),
        ("pool", "i2"),
        ("level", "i2"),
    ],
    align=True,
)
GROUP = np.dtype(
    [
        ("done", "i8"),  # jobs of the class that are done
        ("mean_s", "f8"),  # of their work, as wall time at rate 1
        ("chips", "i8"),  # asked by those that wait or run
        ("least", "i8"),  # of these, within which the aims stand
        ("most", "i8"),
    ],
    align=True,
)
AIM = np.dtype([("aim", "f8"), ("held", "i8")], align=True)
#: A step of the hosts that reservations leave free, and a job with a reservation.
PLAN = np.dtype(
    [
        ("at", "f8"),
        ("free", "i8"),  # hosts more from then on
        ("idle", "i8"),  # hosts that will be idle then
        ("brief", "i8"),  # of these, hosts that reservations of no length take for that moment
    ],
    align=True,
)
PLANNED = np.dtype(
    [
        ("at", "f8"),
        ("end", "f8"),
        ("job", "i4"),
        ("pool", "i4"),  # -1: none, it can never start
        ("hosts", "i4"),  # 0: one, for a small job
        ("small", "i4"),  # 1: in some pool it would share a host
    ],
    align=True,
)
#: What a planner's policy sees of a job that waits, and says of it.
SEEN = np.dtype(
    [
        ("job", "i8"),
        ("chips", "i8"),
        ("priority", "f8"),
        ("submit", "f8"),
        ("left", "f8"),  # work, as far as it is known, as wall time at rate 1
        ("first", "f8"),  # said: higher goes first
        ("job_class", "i4"),
        ("service", "i4"),
    ],
    align=True,
)
REPAIR = np.dtype([("at", "f8"), ("pool", "i4"), ("cell", "i4")], align=True)
PART = np.dtype([("cell", "i4"), ("hosts", "i4"), ("next", "i4")], align=True)
