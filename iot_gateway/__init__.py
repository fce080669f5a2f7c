"""The gateway: takes readings from a factory's meters, signs them, and keeps them until they are anchored.

Way of the data through the modules::

    sources/ -> frames -> outbox -> publisher        (engine runs them, config and cli are the operator's hands)

It stands on `leafproof` and knows nothing of the backend.
"""
