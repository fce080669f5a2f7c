"""Who does what when several processes work on one PostgreSQL: leases that end by themselves."""
