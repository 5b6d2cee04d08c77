"""How far tests of the mark `faults` go: they kill servers, workers and databases at work.

`make test` runs them in a bounded form; `make faults` sets ERRAND_FAULTS=long, and runs them alone.
"""

import os

LONG = os.environ.get("ERRAND_FAULTS") == "long"


def bounded(short, long):
    return long if LONG else short
