"""Copy the tables of the last full run into README.md between their markers."""

from pathlib import Path

from quadlaw.files import write_bytes

ROOT = Path(__file__).parents[2]
TABLES = ["fits", "asymptotics"]


def with_table(text, name, table):
    """``text`` with ``table`` in place of what stands between the markers."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
    before, rest = text.split(begin)
    _, after = rest.split(end)
    return before + begin + table + end + after


if __name__ == "__main__":
    readme = ROOT / "README.md"
    text = readme.read_text()
    for name in TABLES:
        text = with_table(text, name, (ROOT / "figures" / f"{name}.md").read_text())
    write_bytes(text.encode(), readme)
