"""The critical batch: planted crossings, the theory's exponents, refusals."""

import numpy as np
import pytest
from pydantic import ValidationError

from quadlaw.base.typed import one_line
from quadlaw.studies import batch_size, study
from quadlaw.studies.batch_size import critical_batch, crossing

SETTINGS = batch_size.SMOKE | {"size_factor": 2, "sigma": 0.5, "schedule": "two-phase 0.5"}


def test_a_planted_crossing_comes_out():
    batches = 2.0 ** np.arange(6)
    assert crossing(batches, np.log(batches / 5)) == pytest.approx(5)
    assert crossing(batches, np.ones(6)) == 1  # never below
    assert np.isnan(crossing(batches, -np.ones(6)))  # never back
    falls_first = np.array([-0.1, -0.3, 0.1, -0.1, 0.1, 0.5])
    assert crossing(batches, falls_first) == pytest.approx(8 * 2**0.5)


def exponent(model, alpha, beta, samples=(2**14, 2**18)):
    one = {"alpha": alpha, "beta": beta}
    found = [critical_batch(model, batch_size._lane(one, T, 8), 0.5) for T in samples]
    return np.log(found[1] / found[0]) / np.log(samples[1] / samples[0])


def test_the_theory_has_the_derived_exponents():
    """The linear model's is out of the band of the quadratic one, and the other way round."""
    assert exponent("linear", 1.5, 3.0) == pytest.approx(0.5, abs=0.06)
    far = (2**22, 2**28)
    assert exponent("quadratic", 1.5, 3.0, far) == pytest.approx(0.25, abs=0.06)
    assert abs(exponent("linear", 4.0, 2.0)) < 0.02


def test_rows_are_batches_that_leave_steps():
    rows = study("batch_size").rows(SETTINGS)
    assert (rows["used"] // rows["batch"]).min() >= batch_size.LEAST
    first = rows[(rows["samples"] == 256) & (rows["alpha"] == 4) & (rows["model"] == "linear")]
    assert first["batch"].tolist() == [1, 1, 2, 4, 8, 16, 32]
    assert first["used"].tolist() == [256] + [307] * 6


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"batches": [1, 2048]}, "batches = [1, 2048]: a batch of more than the 1024 samples"),
        ({"batches": [2, 4]}, "batches = [2, 4]: must list 1"),
        ({"batches": [1, 0]}, "batches[1] = 0: a batch is a whole number"),
        ({"samples": [4, 1024]}, "samples = [4, 1024]: at 8 steps or more"),
        ({"far": [2000]}, "far = [2000]: must list at least two"),
    ],
)
def test_bad_input_is_refused_in_one_line(changes, line):
    with pytest.raises(ValidationError) as fault:
        batch_size.Settings(**batch_size.SMOKE | changes)
    assert one_line(fault.value).startswith(line)
