"""Back-up and restore: a server\x27s database and what else it needs to come back, in one file."""
