"""Corrections: why a statement was superseded; and records that late frames complete by themselves."""
