"""Tables on disk, written whole or not at all, and a store of finished points."""

import contextlib
import hashlib
import json
import os
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pandas as pd

PARTIAL = ".partial-"  # begins the name of a file that is being written


def write_bytes(data: bytes, path: str | Path) -> None:
    """Write under a temporary name in the same folder, then rename: whole or not at all."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{PARTIAL}{uuid.uuid4().hex}{path.suffix}")
    try:
        with open(temporary, "xb") as file:  # for whom the umask says; tempfile's are private
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_partial(folder: str | Path, age: float = 60.0) -> None:
    """Remove what killed writers left in ``folder`` and below, from ``age`` seconds on.

    What is younger may belong to a job that outlived its killed workflow.
    """
    limit = time.time() - age
    for path in Path(folder).rglob(f"{PARTIAL}*"):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime <= limit:
                path.unlink()


def require_writable(folder: str | Path) -> None:
    """Make ``folder``, if it is missing, and write to it.

    Raises
    ------
    OSError
        If that fails: no permission, mounted read-only, or full.
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(4096))


def write_table(frame: pd.DataFrame, path: str | Path) -> None:
    """Write ``.parquet`` or ``.csv``, by the name's ending, whole or not at all.

    A CSV file has six digits of a number, and all of a whole one, such as a sample size.
    """
    if Path(path).suffix == ".parquet":
        data = frame.to_parquet(index=False)
    else:
        data = frame.to_csv(index=False, float_format=_digits).encode()
    write_bytes(data, path)


def _digits(number: float) -> str:
    whole = float(number).is_integer() and abs(number) < 2**53
    return f"{number:.0f}" if whole else f"{number:.6g}"


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
