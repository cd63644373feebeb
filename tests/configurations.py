"""The project's configuration, changed key by key."""

import copy

from project import ROOT
from quadlaw.base.documents import from_yaml
from quadlaw.ledger.config import checked

__all__ = ["CONFIG", "changed", "checked"]

CONFIG = from_yaml((ROOT / "config/config.yaml").read_text())


def changed(path, value):
    """The configuration with one key changed; a value of ``KeyError`` removes it."""
    result = copy.deepcopy(CONFIG)
    *parents, last = path
    node = result
    for part in parents:
        node = node[part]
    if value is KeyError:
        del node[last]
    else:
        node[last] = value
    return result
