"""What changes: the only rooms that know SimPy."""
