"""The command line as users call it."""

import json

import pytest

from quadlaw.cli import main

ARGUMENTS = ["predict", "--alpha", "2.5", "--beta", "1.5", "--samples", "1e9"]


def test_predict_prints_the_theory_of_both_models(capsys):
    main([*ARGUMENTS, "--model-size", "1e6", "--json"])
    result = json.loads(capsys.readouterr().out)
    assert result["quadratic"]["sample_exponent"] == 0.25
    assert result["linear"]["sample_exponent"] == pytest.approx(0.2)
    assert result["quadratic"]["effective_dimension"] == pytest.approx(10**4.5)
    assert 0 < result["quadratic"]["excess_risk"] < result["linear"]["excess_risk"] < 0.2
    main([*ARGUMENTS, "--model-size", "1e6"])
    assert "excess_risk" in capsys.readouterr().out


@pytest.mark.parametrize(
    "change, line",
    [
        (["--model-size", "0"], "model_size = 0.0: must be at least 1"),
        (["--model-size", "8", "--alpha", "1"], "alpha = 1.0: must exceed 1"),
        (["--model-size", "8", "--samples", "nan"], "samples = nan: must be a whole number"),
    ],
)
def test_bad_values_get_one_line_and_exit_code_2(capsys, change, line):
    with pytest.raises(SystemExit) as stop:
        main([*ARGUMENTS, *change])
    output = capsys.readouterr()
    assert stop.value.code == 2
    assert output.err.count("\n") == 1 and line in output.err and output.out == ""
