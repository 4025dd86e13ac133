"""What is given: frozen, validated descriptions of a scenario."""
