"""Compiled functions that use code of other files, kept on disk.

Numba keeps a function that it compiled until the function's own file changes. So the name that it
is kept by has the hash of all code that the function is made of: a later process finds it, and
never one of other code.
"""

from collections.abc import Callable

import numba

from quadlaw.base.provenance import code_hash


def kernel(**options) -> Callable:
    """``numba.njit(cache=True)`` for a function that calls those of other files of the package."""

    def compiled(function):
        function.__qualname__ += f"_{code_hash(function.__module__)}"
        return numba.njit(cache=True, **options)(function)

    return compiled
