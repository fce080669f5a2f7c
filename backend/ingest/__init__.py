"""Ingest: from the gateways' frames on MQTT to entries of the log, rollups and signed acknowledgements.

`judge` decides about one message, without any I/O; `service` records what it decided for a whole group of
messages in one transaction; `consumer` brings the messages and answers the gateways after the commit.
"""
