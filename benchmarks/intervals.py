"""How often do the intervals of ``estimate_exponents`` hold the exponents that were put in?

For every setting, 200 synthetic data sets in random bases: the share whose 95 % interval holds the
truth, the mean half width and the error of the estimate. Beside it two that must fail: without the
halves that correct the eigenvalues, and without the noise floor. Prints a Markdown table for
docs/own_data.md (ten minutes on one core).
"""

import sys

import numpy as np
import pandas as pd

from quadlaw import PowerLaw, estimate_exponents
from quadlaw.data import own_data

DATA_SETS = 200
SETTINGS = [  # alpha, beta, sigma, rows, columns, freedom of the inputs
    (2.0, 2.0, 0.5, 2000, 100, np.inf),
    (2.5, 1.5, 0.5, 2000, 100, np.inf),
    (1.5, 2.5, 0.5, 2000, 100, np.inf),
    (3.0, 1.5, 0.5, 2000, 100, np.inf),
    (2.0, 2.0, 0.5, 2000, 200, np.inf),
    (1.5, 2.5, 0.5, 2000, 200, np.inf),
    (2.0, 2.0, 0.5, 2000, 100, 6.0),
    (1.5, 2.5, 1.0, 10000, 300, 6.0),
    (2.5, 1.5, 0.5, 10000, 300, np.inf),
]


def without_floor(x, y):
    """The estimate from squared projections as they are."""
    spectrum = own_data._spectrum
    own_data._spectrum = lambda *given: _no_floor(spectrum(*given))
    try:
        return estimate_exponents(x, y)
    except ValueError:
        return None
    finally:
        own_data._spectrum = spectrum


def _no_floor(spectrum):
    return spectrum._replace(floors=np.zeros_like(spectrum.floors))


def holds(found, name: str, truth: float) -> bool:
    """Whether the interval does; a refusal does not."""
    exponent = getattr(found, name, None)
    return exponent is not None and exponent.ci_low <= truth <= exponent.ci_high


def one(problem: PowerLaw, rows: int, columns: int, freedom: float, seed: int) -> dict:
    """What a data set gives."""
    x, y = own_data.synthetic(problem, rows=rows, columns=columns, seed=seed, freedom=freedom)
    found = estimate_exponents(x, y)
    half = {"without halves": estimate_exponents(x, y, basis=x)}  # its own rows correct nothing
    bare = {"without floor": without_floor(x, y)}
    row = {"indices": found.indices[1], "signal": found.signal_indices[1]}
    for name, controls in (("alpha", half), ("beta", bare)):
        truth, exponent = getattr(problem, name), getattr(found, name)
        row[f"{name} held"] = holds(found, name, truth)
        row[f"{name} error"] = exponent.estimate - truth
        row[f"{name} half width"] = (exponent.ci_high - exponent.ci_low) / 2
        for control, estimate in controls.items():
            row[f"{name} held {control}"] = holds(estimate, name, truth)
    return row


def measure(alpha, beta, sigma, rows, columns, freedom) -> dict:
    """A row of the table."""
    problem = PowerLaw(alpha, beta, sigma)
    table = pd.DataFrame(
        [one(problem, rows, columns, freedom, seed) for seed in range(DATA_SETS)]
    ).astype(float)
    inputs = "Gaussian" if np.isinf(freedom) else f"t({freedom:g})"
    label = f"{alpha:g}, {beta:g}, {sigma:g}, {rows}, {columns}, {inputs}"
    result = {"alpha, beta, sigma, n, d, inputs": label}
    result["indices (signal)"] = f"{table['indices'].mean():.0f} ({table['signal'].mean():.0f})"
    for name in ("alpha", "beta"):
        held = table.filter(regex=f"^{name} held")
        result |= {column: f"{100 * share:.1f} %" for column, share in held.mean().items()}
        error, digits = table[f"{name} error"], 4 if name == "alpha" else 3
        result[f"{name} bias"] = f"{error.mean():.{digits}f}"
        result[f"{name} ±"] = f"{table[f'{name} half width'].mean():.{digits}f}"
    return result


def main() -> None:
    rows = []
    for setting in SETTINGS:
        rows.append(measure(*setting))
        print(rows[-1], file=sys.stderr)
    print(pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True))


if __name__ == "__main__":
    main()
