"""Numbers of one replication: from tables to the field's quantities, case by case."""
