"""Everything that talks to the chain: deploying, anchoring, other transactions, and following its events."""
