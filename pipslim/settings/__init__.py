"""Settings: what a run is told, by flags, variables and files, and what holds for each file."""
