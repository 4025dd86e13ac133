"""What came out of one replication: tables of a contract, and a replication on disk."""

from simulator.results.contract import VOCABULARY, check, nullable, schema, schemas, table
from simulator.results.disk import (
    MANIFEST,
    Result,
    is_complete,
    read,
    replication_folder,
    replications,
    scan,
    sweep,
    write,
)

__all__ = [
    "MANIFEST",
    "VOCABULARY",
    "Result",
    "check",
    "is_complete",
    "nullable",
    "read",
    "replication_folder",
    "replications",
    "scan",
    "schema",
    "schemas",
    "sweep",
    "table",
    "write",
]
