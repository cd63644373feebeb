"""What stands in two places must agree."""

import json
import re
from pathlib import Path

import pytest
import yaml

from quadlaw.config import STUDIES

ROOT = Path(__file__).parents[1]


def rows_of(table):
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


def test_readme_shows_the_table_of_the_last_full_run():
    """Same rows and predictions; another machine's run may differ in a last digit of the others."""
    text = (ROOT / "README.md").read_text()
    shown = rows_of(text.split("<!-- fits: begin -->\n")[1].split("<!-- fits: end -->")[0])
    last = rows_of((ROOT / "figures" / "fits.md").read_text())
    assert len(last) > 30
    labels = last[0].index("theory")
    assert [row[:labels] for row in shown] == [row[:labels] for row in last]


def test_readme_shows_the_asymptotics_of_the_last_full_run():
    text = (ROOT / "README.md").read_text()
    shown = rows_of(
        text.split("<!-- asymptotics: begin -->\n")[1].split("<!-- asymptotics: end -->")[0]
    )
    last = rows_of((ROOT / "figures" / "asymptotics.md").read_text())
    assert len(last) == 2 + 12  # six problems, two models
    assert [row[:4] for row in shown] == [row[:4] for row in last]


def test_readme_shows_every_figure_of_the_configuration():
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    text = (ROOT / "README.md").read_text()
    for name in [*config["sweeps"], *config["trajectories"], *STUDIES]:
        assert f"figures/{name}.png" in text
        assert (ROOT / "figures" / f"{name}.png").stat().st_size > 20_000
        assert (ROOT / "notebooks" / f"{name}.ipynb").exists()


def test_docs_show_the_mean_field_of_the_last_full_run():
    text = (ROOT / "docs" / "theory.md").read_text()
    shown = rows_of(
        text.split("<!-- mean_field: begin -->\n")[1].split("<!-- mean_field: end -->")[0]
    )
    last = rows_of((ROOT / "figures" / "mean_field.md").read_text())
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    assert len(last) == 2 + len(config["mean_field"]["settings"])
    assert [row[:2] for row in shown] == [row[:2] for row in last]


@pytest.mark.parametrize(
    "document", ["README.md", "CONTRIBUTING.md", *sorted(p.name for p in (ROOT / "docs").iterdir())]
)
def test_links_within_the_project_lead_somewhere(document):
    path = next(p for p in (ROOT / document, ROOT / "docs" / document) if p.exists())
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
        assert target.startswith("https://") or (path.parent / target).exists(), target


def test_conda_environment_has_the_versions_of_the_lock():
    lock = (ROOT / "envs/requirements.txt").read_text()
    entries = yaml.safe_load((ROOT / "envs/environment.yaml").read_text())["dependencies"]
    pins = dict(entry.split("=") for entry in entries if not entry.startswith("python="))
    assert len(pins) > 10
    for name, version in pins.items():
        assert f"{name}=={version}" in lock, name


def test_notebooks_name_their_kernel_and_hold_no_outputs():
    notebooks = list((ROOT / "notebooks").glob("*.ipynb"))
    assert len(notebooks) >= 4
    for path in notebooks:
        notebook = json.loads(path.read_text())
        assert notebook["metadata"]["kernelspec"]["name"] == "python3"
        for cell in notebook["cells"]:
            assert not cell.get("outputs") and not cell.get("execution_count")
