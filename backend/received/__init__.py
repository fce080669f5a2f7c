"""Input lots of other companies, whose backends are their own: their bundles, verified, kept, and built upon."""
