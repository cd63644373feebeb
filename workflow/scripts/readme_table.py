"""Copy the tables of the last full run into the documents, between their markers.

Links of a table start from the root of the project; in a document they start from its folder.
"""

import re
from pathlib import Path

from quadlaw.base.files import write_bytes

ROOT = Path(__file__).parents[2]
TABLES = [
    ("statements", "README.md"),
    ("statements", "docs/ledger.md"),
    ("claims_summary", "docs/ledger.md"),
    ("mean_field", "docs/theory.md"),
]


def relinked(table, document):
    """``table`` with links that work in ``document``."""
    up = "../" * document.count("/")
    return re.sub(r"\]\((?!https:)", f"]({up}", table)


def with_table(text, name, table):
    """``text`` with ``table`` in place of what stands between the markers."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
    before, rest = text.split(begin)
    _, after = rest.split(end)
    return before + begin + table + end + after


if __name__ == "__main__":
    for name, document in TABLES:
        path = ROOT / document
        table = (ROOT / "figures" / f"{name}.md").read_text()
        write_bytes(with_table(path.read_text(), name, relinked(table, document)).encode(), path)
