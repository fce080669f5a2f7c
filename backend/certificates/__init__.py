"""Certificates of energy: cancellations as statements, and their serials claimed on chain, each once."""
