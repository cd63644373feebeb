"""What every script does with its log file."""

import sys
import traceback
from contextlib import contextmanager, redirect_stdout

from quadlaw.base.timing import cpu_line


@contextmanager
def logged(path):
    """Send prints to the log, the CPU time last; a failure's traceback too, and one line of it
    to the terminal: of the last failure, as a full disk takes no log either."""
    try:
        with open(path, "w", buffering=1) as log, redirect_stdout(log):
            try:
                yield
            except Exception:
                traceback.print_exc(file=log)
                raise
            finally:
                print(cpu_line())
    except Exception as fault:
        sys.exit(f"{type(fault).__name__}: {fault} (see {path})")
