"""Compare a run's numbers with those of the last full run; for `make compare`."""

import sys
from pathlib import Path

import pandas as pd

from quadlaw.ledger.compare import compared

ROOT = Path(__file__).parents[2]
KNOWN = ROOT / "config" / "verdicts.csv"


def main(folder, known=KNOWN):
    """0 if they agree, 1 if they do not, 2 if there is nothing to compare."""
    try:
        lines, agree = compared(pd.read_csv(Path(folder) / "claims.csv"), pd.read_csv(known))
    except (OSError, ValueError) as fault:
        print(f"compare: {fault}", file=sys.stderr)
        return 2
    print(*lines, sep="\n")
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
