"""On a Debian 13 that holds nothing: README's two commands, and the container recipe."""

import subprocess
import tempfile
import time

import pytest

from machine import Machine, missing
from project import OUTPUT, ROOT

FIGURE = OUTPUT / "figures/asymptotics.png"
OTHER = "--userspec=4321:4321"  # a user that the machine knows nothing of

pytestmark = pytest.mark.machines


@pytest.fixture
def machine():
    if reason := missing():
        pytest.skip(reason)
    with tempfile.TemporaryDirectory() as folder:
        yield Machine(folder)


def test_the_commands_of_the_first_page_work_from_nothing(machine):
    subprocess.run(["git", "clone", "--quiet", ROOT, machine.root / "project"], check=True)
    machine.folder = "/project"
    for command in ("make env", "make smoke", "make smoke-all", "make test"):
        start = time.monotonic()
        machine.run(command)
        print(f"\nDebian 13, {command}: {time.monotonic() - start:.0f} s")
    assert (machine.root / "project" / FIGURE).stat().st_size > 5000


def test_the_container_recipe_works_for_a_user_without_a_home(machine):
    command = machine.build(ROOT / "envs/Dockerfile", ROOT)
    line = [*command, str(FIGURE), "--configfile", "/quadlaw/config/smoke.yaml"]
    machine.run(" ".join(line), OTHER)
    drawn = machine.root / "data" / FIGURE
    assert drawn.stat().st_size > 5000 and drawn.stat().st_uid == 4321
