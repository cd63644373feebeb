"""What is written in YAML."""

from typing import TextIO

import yaml

# PyYAML's parser in C is ten times as fast, and not on every machine.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def from_yaml(text: str | TextIO) -> object:
    """The content of a text or of an open file; ``yaml.YAMLError`` if it is none."""
    return yaml.load(text, LOADER)
