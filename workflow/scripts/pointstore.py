"""Compute points one after the other; those that were finished before come from the store."""

import time

import pandas as pd

from quadlaw.base.files import compute_once
from quadlaw.base.provenance import require_unchanged


def collected(work, store, modules, code):
    """All points' tables under one another.

    ``work`` yields ``(name, key, compute)``, where ``compute()`` is the table. Nothing is kept if
    the ``modules`` changed since their hash ``code`` was taken: whose work it is would be in doubt.
    """
    tables, work = [], list(work)
    for number, (name, key, compute) in enumerate(work, 1):
        began = time.perf_counter()

        def checked(compute=compute):
            result = compute()
            require_unchanged(code, *modules)
            return result

        tables.append(compute_once(store, key, checked))
        print(f"{number} of {len(work)} points, {name}: {time.perf_counter() - began:.1f} s")
    require_unchanged(code, *modules)
    return pd.concat(tables, ignore_index=True)
