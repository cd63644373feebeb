"""Text of a configuration that stands for a number, true, false or null.

YAML reads ``1e-3`` as text, and Snakemake's ``--config`` all that is nested.
"""

import math
import re

NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.ASCII | re.IGNORECASE)
LONGEST = 40  # characters of a number
WORDS = {"null": None, "~": None, "true": True, "false": False}
NAMES = ("output", "ledger")  # keys under which a text of digits is the name of a folder or file


def spelled(config: dict) -> dict:
    """A copy of a configuration with the values that its texts spell.

    The texts null, ~, true and false wherever they stand; a number anywhere but in names of files
    and folders, where 2024 may be one. ``5e5`` is a whole number, as it is of samples.
    """
    return {key: _spelled(value, key not in NAMES) for key, value in config.items()}


def _spelled(node: object, numbers: bool) -> object:
    if isinstance(node, dict):
        return {key: _spelled(value, numbers) for key, value in node.items()}
    if isinstance(node, list):
        return [_spelled(value, numbers) for value in node]
    if not isinstance(node, str):
        return node
    return _number(node) if numbers else WORDS.get(node.lower(), node)


def _number(text: str) -> object:
    """A finite number, a word's meaning, or the text itself."""
    if len(text) > LONGEST or not NUMBER.fullmatch(text):
        return WORDS.get(text.lower(), text)
    if text.lstrip("+-").isdecimal():
        return int(text)
    value = float(text)
    if not math.isfinite(value):
        return text
    return int(value) if "." not in text and value.is_integer() else value
