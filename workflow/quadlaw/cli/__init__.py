"""The command ``quadlaw``: its arguments, and how it ends."""

import argparse
import os
import sys
from importlib.metadata import version
from typing import NoReturn

import shtab

from quadlaw.cli import commands
from quadlaw.fit.laws import FORMS
from quadlaw.models import MODELS
from quadlaw.sgd.leaps import ACCURACY

EXIT_CODES = "exit codes: 0 done; 1 failed, as on a full disk; 2 bad input, nothing was written"
CLOSED_PIPE = 141  # as shells report a program that wrote to one
GREETED = ("predict", "plan", "simulate")  # commands of which a first example is shown
FAILURES = (OSError, MemoryError, OverflowError)
EXAMPLES = {
    "predict": [
        "--alpha 2.5 --beta 1.5 --samples 1e9 --model-size 1e6",
        "--alpha 4 --beta 2 --samples 1e6 --model-size 1000 --plot risk.png",
    ],
    "plan": [
        "--alpha 2.5 --beta 1.5 --compute 1e12",
        "--alpha 4 --beta 2 --sigma 0.1 --samples 1e6",
        "--alpha 2.5 --beta 1.5 --risk 0.05 --json",
        "--alpha 2.5 --beta 1.5 --compute 1e12 --plot plan.pdf",
    ],
    "simulate": [
        "--alpha 2.5 --beta 1.5 --samples 4096 --model-size 256 --tuned",
        "--alpha 2 --beta 3 --samples 1e5 --model-size 100 --step-size .05 --output runs.parquet",
    ],
    "fit": [
        "runs.csv",
        "runs.csv --model-size parameters --samples tokens --loss val_loss --plot law.pdf",
        "runs.csv --form 'three terms' --json",
    ],
    "estimate": ["", "--configfile config/smoke.yaml --cores 8 --json"],
}


class Parser(argparse.ArgumentParser):
    """Refuses in one line, and takes no option by its first letters."""

    def __init__(self, *arguments, **options):
        style = {"formatter_class": argparse.RawDescriptionHelpFormatter, "allow_abbrev": False}
        super().__init__(*arguments, **(style | options))

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def parser() -> Parser:
    """The whole command line."""
    whole = Parser("quadlaw", description="Scaling laws of quadratic SGD.", epilog=EXIT_CODES)
    whole.add_argument("--version", action="version", version=version("quadlaw"))
    shtab.add_argument_to(whole, help="print the shell's completion script")
    whole.set_defaults(run=_greet)  # without a command
    parts = whole.add_subparsers(dest="command", metavar="COMMAND")
    _predict(_command(parts, "predict", "exponents, step sizes and risk of both models by theory"))
    _plan(_command(parts, "plan", "what to train with a budget, and which model to use"))
    _simulate(_command(parts, "simulate", "SGD runs of one setting, beside the theory"))
    _fit(_command(parts, "fit", "a law of the loss of your own runs, with intervals"))
    _estimate(_command(parts, "estimate", "what a configuration of the workflow will cost"))
    return whole


def _greet(_: argparse.Namespace) -> None:
    """Three examples that run as they stand."""
    lines = [f"  quadlaw {name} {EXAMPLES[name][0]}" for name in GREETED]
    print("Scaling laws of quadratic SGD. Try", "", *lines, "", sep="\n")
    print("quadlaw --help lists the commands, quadlaw COMMAND --help their options.")


def _plot(one: Parser) -> None:
    file = one.add_argument("--plot", metavar="FILE", help="draw it, too: .pdf, .png or .svg")
    file.complete = shtab.FILE


def _command(parts, name: str, what: str) -> Parser:
    examples = "\n".join(f"  quadlaw {name} {one}".rstrip() for one in EXAMPLES[name])
    epilog = f"examples:\n{examples}\n\n{EXIT_CODES}"
    one = parts.add_parser(name, help=what, description=what, epilog=epilog)
    one.set_defaults(run=getattr(commands, name))
    one.add_argument("--json", action="store_true", help="print JSON")
    return one


def _problem(one: Parser) -> None:
    one.add_argument("--alpha", type=float, required=True, help="eigenvalues i^-alpha")
    one.add_argument("--beta", type=float, required=True, help="signal i^-beta")
    one.add_argument("--sigma", type=float, default=0.5, help="label noise (default 0.5)")


def _setting(one: Parser) -> None:
    _problem(one)
    one.add_argument("--samples", type=float, required=True, help="T, number of SGD steps")
    one.add_argument("--model-size", type=float, required=True, help="M, number of coordinates")


def _predict(one: Parser) -> None:
    _setting(one)
    _plot(one)


def _plan(one: Parser) -> None:
    _problem(one)
    budget = one.add_mutually_exclusive_group(required=True)
    budget.add_argument("--compute", type=float, help="C, at least the model size times samples")
    budget.add_argument("--samples", type=float, help="T, number of SGD steps")
    budget.add_argument("--risk", type=float, help="excess risk to reach, with the least compute")
    _plot(one)


def _simulate(one: Parser) -> None:
    _setting(one)
    one.add_argument("--model", choices=sorted(MODELS), default="quadratic", help="(quadratic)")
    step = one.add_mutually_exclusive_group(required=True)
    step.add_argument("--step-size", type=float, help="eta of the adaptation phase")
    step.add_argument("--tuned", action="store_true", help="the eta of the least predicted risk")
    start = one.add_mutually_exclusive_group()
    start.add_argument("--init", type=float, help="v_0; the linear model starts at v_0^2")
    start.add_argument(
        "--scale", type=float, default=0.5, help="v_0 in units of sqrt(min(1, w*_D)) (default 0.5)"
    )
    one.add_argument("--schedule", default="two-phase 0.5", help="(two-phase 0.5)")
    one.add_argument("--method", default="steps", help="steps or leaps (steps)")
    one.add_argument(
        "--accuracy", type=float, default=ACCURACY, help=f"of leaps, at most 1 ({ACCURACY:g})"
    )
    one.add_argument("--replicates", type=float, default=16, help="independent runs (16)")
    one.add_argument("--seed", type=int, default=0, help="root of the random streams (0)")
    output = one.add_argument("--output", help="all runs into a .parquet or .csv file")
    output.complete = shtab.FILE
    one.add_argument("--force", action="store_true", help="even if it takes days")


def _fit(one: Parser) -> None:
    runs = one.add_argument("runs", metavar="FILE", help="a .csv or .parquet table, a row a run")
    runs.complete = shtab.FILE
    one.add_argument("--model-size", metavar="COLUMN", help="(model_size, if there is one)")
    one.add_argument("--samples", metavar="COLUMN", help="(samples, if there is one)")
    one.add_argument("--loss", metavar="COLUMN", help="(loss)")
    one.add_argument("--form", choices=list(FORMS), help="(two terms; one term of one column)")
    one.add_argument(
        "--delta", type=float, help="where the robust loss turns straight (from the scatter)"
    )
    one.add_argument("--draws", type=float, default=1000, help="of the bootstrap (1000)")
    one.add_argument("--seed", type=int, default=0, help="of the bootstrap (0)")
    _plot(one)


def _estimate(one: Parser) -> None:
    files = one.add_argument(
        "--configfile", nargs="+", action="extend", default=[], metavar="FILE",
        help="configurations on top of config/config.yaml, the later ones first in rank",
    )  # fmt: skip
    files.complete = shtab.FILE
    cores = os.cpu_count() or 1
    one.add_argument(
        "--cores", type=int, default=cores, help=f"jobs at once (this machine: {cores})"
    )


def main(arguments: list[str] | None = None) -> None:
    """Run the command; what goes wrong is one line on stderr and an exit code."""
    try:
        try:
            options = parser().parse_args(arguments)
            options.run(options)
        finally:
            _flush()
    except BrokenPipeError:  # whoever reads has enough, as `head`
        sys.exit(CLOSED_PIPE)
    except ValueError as fault:
        _stop(2, str(fault))
    except FAILURES as fault:
        _stop(1, f"{type(fault).__name__}: {fault}")
    except KeyboardInterrupt:
        _stop(130, "interrupted")


def _flush() -> None:
    """Write out all that was printed; if that fails, Python does not try again at its end."""
    try:
        print(end="", flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


def _stop(code: int, line: str) -> NoReturn:
    print(f"quadlaw: {' '.join(line.split())}", file=sys.stderr)
    sys.exit(code)
