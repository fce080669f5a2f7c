"""The demo: two companies, two gateways, one chain, everything real but the companies; then two lies, caught.

It plays through the front doors alone: the commands that anyone types, the HTTP interface that anyone calls.
"""
