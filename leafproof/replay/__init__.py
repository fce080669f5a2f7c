"""Replay: the auditor's way. Everything is rebuilt from chain events, envelopes and bodies alone."""
