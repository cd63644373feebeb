"""Where compiled kernels are kept: beside the modules or in the user's cache, as Numba has it."""

import os
import sys
import tempfile
from pathlib import Path

BESIDE = Path(__file__).parent / "__pycache__"
TEMPORARY = []  # the folder, which is removed when it is forgotten


def ensure_cache() -> None:
    """Keep kernels in a temporary folder where neither of these can be written to.

    As for a read-only package and a user without a home. Says so in a line on standard error. This
    process and those that it starts use the folder, and it is removed when the process ends.
    """
    if "NUMBA_CACHE_DIR" not in os.environ and _writable(BESIDE):
        return  # Numba's first choice: no need to import it, which takes as long as some jobs
    import numba

    try:
        numba.njit(cache=True)(_kernel)
    except RuntimeError:  # Numba has no place for it
        TEMPORARY.append(tempfile.TemporaryDirectory(prefix="quadlaw-"))
        folder = numba.config.CACHE_DIR = os.environ["NUMBA_CACHE_DIR"] = TEMPORARY[0].name
        print(
            f"quadlaw: compiled code goes into {folder} until this process ends, as neither the "
            "package's folder nor the user's cache can be written to; NUMBA_CACHE_DIR names a "
            "lasting place",
            file=sys.stderr,
        )


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def _kernel() -> None:
    """Never compiled: Numba looks for a place when a function is declared."""
