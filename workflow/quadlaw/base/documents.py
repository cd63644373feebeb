"""What is written in YAML, and numbers as people write them."""

from typing import TextIO

import yaml

# PyYAML's parser in C is ten times as fast, and not on every machine.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def from_yaml(text: str | TextIO) -> object:
    """The content of a text or of an open file; ``yaml.YAMLError`` if it is none."""
    return yaml.load(text, LOADER)


def written(number: float) -> str:
    """The shortest text that is read as this very number: ``2``, ``0.5``, ``1e-05``."""
    short = f"{number:g}"
    return short if float(short) == number else repr(float(number))
