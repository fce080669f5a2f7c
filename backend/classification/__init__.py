"""The living list: proposed, discussed, adopted; lots classified by the version in force; statistics."""
