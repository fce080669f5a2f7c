"""The backend: one folder a capability.

py_ecc, which eth-account brings along, raises Python's recursion limit to 100,000 when it is imported. With that,
a C parser (msgspec, json) follows nested brackets until its stack overflows and the process is gone: any reader
could end it with one request. So it is imported first, and the limit put back to CPython's own.
"""

import contextlib
import sys

with contextlib.suppress(ImportError):
    import py_ecc  # noqa: F401

sys.setrecursionlimit(1000)
