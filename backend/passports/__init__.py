"""Passports: one lot's evidence gathered, verified and shown, to people, to machines and to verifiers."""
