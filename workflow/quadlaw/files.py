"""Tables on disk, written whole or not at all, and a store of finished points."""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd


def write_bytes(data: bytes, path: str | Path) -> None:
    """Write under a temporary name in the same folder, then rename: whole or not at all."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def write_table(frame: pd.DataFrame, path: str | Path) -> None:
    """Write ``.parquet`` or ``.csv`` (six digits), by the name's ending, whole or not at all."""
    if Path(path).suffix == ".parquet":
        data = frame.to_parquet(index=False)
    else:
        data = frame.to_csv(index=False, float_format="%.6g").encode()
    write_bytes(data, path)


def compute_once(
    folder: str | Path, key: dict, compute: Callable[..., pd.DataFrame], *arguments
) -> pd.DataFrame:
    """The table of ``key``: from ``folder`` if it is there, else ``compute(*arguments)``, kept.

    ``key`` must hold all that the table depends on, as JSON. A job that is killed loses only the
    point that it was at; a grid that is extended computes only its new points.
    """
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
    path = Path(folder) / f"{digest[:32]}.parquet"
    if not path.exists():
        write_table(compute(*arguments), path)
    return pd.read_parquet(path)
