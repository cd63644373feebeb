"""Copy figures/fits.md into README.md between its markers."""

from pathlib import Path

from quadlaw.files import write_bytes

ROOT = Path(__file__).parents[2]
BEGIN, END = "<!-- fits: begin -->\n", "<!-- fits: end -->\n"


def with_table(text, table):
    """``text`` with ``table`` in place of what stands between the markers."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return before + BEGIN + table + END + after


if __name__ == "__main__":
    readme = ROOT / "README.md"
    table = (ROOT / "figures" / "fits.md").read_text()
    write_bytes(with_table(readme.read_text(), table).encode(), readme)
