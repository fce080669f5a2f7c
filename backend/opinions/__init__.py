"""Opinions of verifiers on declared footprints: taken in when they are what they must be, and handed out."""
