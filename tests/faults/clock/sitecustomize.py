"""A wrong clock for a process started with this folder on PYTHONPATH: Python runs this before anything else."""

import os
import time

_shift, _true = float(os.environ["FAULT_CLOCK_SECONDS"]), time.time
time.time = lambda: _true() + _shift
