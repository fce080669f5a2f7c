"""The evidence kernel: pure functions and value types that gateway, backend, buyer and auditor share.

Nothing here reads a file, a socket or a clock, except `leafproof.client` and `leafproof.cli`, the reader's
own hands. Way of the data through the modules::

    values, units -> cbor -> keys -> envelope -> body, frame      one signed statement
    tree -> tiles -> receipt                                      its place in the log
    note -> checkpoint -> witness                                 the log's head, and who cosigned it
    metering -> record -> footprint (numbers, factors)            what the statements say
    chain, trust -> bundle -> verification, replay                what a reader may believe
"""
