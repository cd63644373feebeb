"""The command ``quadlaw``."""

import argparse
import json
import sys

import pandas as pd

from quadlaw.problem import PowerLaw
from quadlaw.theory.predict import predict


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("quadlaw", description="Scaling laws of quadratic SGD.")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser(
        "predict",
        help="exponents, step sizes and the theory's risk of both models",
        epilog="example: quadlaw predict --alpha 2.5 --beta 1.5 --samples 1e9 --model-size 1e6",
    )
    one.add_argument("--alpha", type=float, required=True, help="eigenvalues i^-alpha")
    one.add_argument("--beta", type=float, required=True, help="signal i^-beta")
    one.add_argument("--sigma", type=float, default=0.5, help="label noise (default 0.5)")
    one.add_argument("--samples", type=float, required=True, help="T, number of SGD steps")
    one.add_argument("--model-size", type=float, required=True, help="M, number of coordinates")
    one.add_argument("--json", action="store_true", help="print JSON")
    return parser


def main(arguments: list[str] | None = None) -> None:
    """Run the command; a bad value gives one line and exit code 2."""
    options = _parser().parse_args(arguments)
    try:
        problem = PowerLaw(options.alpha, options.beta, options.sigma)
        result = predict(problem, samples=options.samples, model_size=options.model_size)
    except ValueError as fault:
        print(f"quadlaw: {fault}", file=sys.stderr)
        sys.exit(2)
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        table = pd.DataFrame({model: result[model] for model in ("quadratic", "linear")})
        print(table.to_string(float_format="{:.6g}".format))
