"""Copy the tables of the last full run into the documents, between their markers.

Links of a table start from the root of the project; in a document they start from its folder. The
gallery is made of the studies, their claims and the known verdicts.
"""

import re
from pathlib import Path

from gallery import gallery
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


def first_page(table):
    """The paper's statements alone, without links, as README has them."""
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    ours = [line for line in lines if not re.match(r"\| \d+\\\*", line)]
    return "".join(re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", line) + "\n" for line in ours)


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
        shown = first_page(table) if document == "README.md" else relinked(table, document)
        write_bytes(with_table(path.read_text(), name, shown).encode(), path)
    path = ROOT / "docs/figures.md"
    write_bytes(with_table(path.read_text(), "gallery", gallery()).encode(), path)
