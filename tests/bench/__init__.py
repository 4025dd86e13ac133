"""How fast it is, as ratios within one process: ``python -m tests.bench [SUBJECT ...]``.

Every module here with a function ``rows(size)`` is a subject: it yields
:class:`~tests.bench.measure.Row` after row, and scales its work by *size* (1 is
what the bounds are for; less is a quick look). The rows are printed as a table
and written to ``build/bench.jsonl``.
"""
