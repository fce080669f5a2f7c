"""Sources of readings: recorded files, live meters, and simulated ones that say so."""
