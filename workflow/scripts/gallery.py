"""The gallery of docs/figures.md: each study's figure, its question, and what came out."""

import re
from pathlib import Path

import pandas as pd

from quadlaw.base.documents import from_yaml
from quadlaw.studies import study

ROOT = Path(__file__).parents[2]


def gallery():
    """Figures under the headings of the report, with the known verdicts on their claims."""
    config = from_yaml((ROOT / "config/config.yaml").read_text())
    claims = from_yaml((ROOT / "config/claims.yaml").read_text())
    known = pd.read_csv(ROOT / "config/verdicts.csv").groupby("claim")["verdict"]
    counts = {claim: some.value_counts() for claim, some in known}
    parts, last = [], None
    for name in sorted(config["studies"], key=lambda name: study(name).report[0]):
        heading = study(name).report[0].split(". ")[1]
        parts += [f"## {heading}"] * (heading != last)
        parts += entry(name, [one for one in claims if one["figure"] == name], counts)
        last = heading
    return "\n\n".join(parts) + "\n"


def entry(name, claims, counts):
    """The parts of a figure."""
    question = re.sub(r"\b(alpha|beta)\b( = beta)?", typeset, study(name).report[1])
    outcomes = "\n".join(outcome(one, counts.get(one["id"], {})) for one in claims)
    image = f"![{name}](../figures/{name}.png)"
    return [f"### {name}", question, image, *[outcomes] * bool(claims), links(name)]


def typeset(found):
    """Greek letters of a question as a formula."""
    return "$" + re.sub("(alpha|beta)", r"\\\1", found[0]) + "$"


def outcome(claim, counts):
    """A claim, linked to its settings in the ledger, and how many of them have which verdict."""
    statement, order = claim["statement"].strip(), ["reproduced", "inconclusive", "not reproduced"]
    if not len(counts):
        return f"* {statement} Not judged yet."
    words = ", ".join(f"{counts[kind]} {kind}" for kind in order if kind in counts)
    return f"* [{statement}](../figures/claims.md#{claim['id']}) {words}."


def links(name):
    """Where a figure is discussed, drawn and computed."""
    discussed = f"[Results](results.md#{heading_of(name)}), " if heading_of(name) else ""
    drawn = f"[notebook](../notebooks/{name}.ipynb)"
    return f"{discussed}{drawn}, [code](../workflow/quadlaw/studies/{name}.py)"


def heading_of(name):
    """The anchor of the heading in docs/results.md under which a figure is discussed, if it is."""
    before, found, _ = (ROOT / "docs/results.md").read_text().partition(f"/{name}.png)")
    heading = re.findall(r"^##+ (.*)$", before, re.M)[-1] if found else ""
    return re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-"))
