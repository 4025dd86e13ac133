"""Questions: scenario files, scenario scripts and the command line."""
