"""What follows: pure functions of numbers and arrays."""
