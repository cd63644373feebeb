"""What a run was made with: commit, versions, machine, configuration."""

import json
import os
import platform
import re
import subprocess
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from llvmlite.binding import get_host_cpu_name

from joblog import logged
from quadlaw.base.files import write_bytes

ROOT = Path(__file__).resolve().parents[2]
UNKNOWN = "unknown"
# With these, git takes another repository than that of a folder; hooks of git run with them.
ELSEWHERE = {
    "GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY",
    "GIT_NAMESPACE", "GIT_PREFIX",
}  # fmt: skip


def git(root, *arguments):
    """What git says of the repository whose top folder ``root`` is, and of no other."""
    here = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    return subprocess.run(
        ["git", *arguments],
        cwd=root,
        env=here | {"GIT_CEILING_DIRECTORIES": str(root.parent)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


def source(root):
    """The commit, and whether files differ from it; what a run draws into ``figures`` may."""
    try:
        commit = git(root, "rev-parse", "HEAD")
        changes = git(root, "status", "--porcelain", "--", ".", ":(exclude)figures")
    except (OSError, subprocess.CalledProcessError):
        return {"commit": UNKNOWN, "uncommitted_changes": UNKNOWN}
    return {"commit": commit, "uncommitted_changes": bool(changes)}


def versions(requirements):
    """Those of the direct dependencies that are installed, by name."""
    found = {}
    for name in re.findall(r"^[a-z0-9-]+", Path(requirements).read_text(), re.MULTILINE):
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def processor():
    """The CPU's model as Linux has it, else as Python does."""
    try:
        return re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.M)[1]
    except (OSError, TypeError):
        return platform.processor() or UNKNOWN


def provenance(configuration):
    """All of it, ready for JSON."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        **source(ROOT),
        "python": platform.python_version(),
        "packages": versions(ROOT / "envs/requirements.in"),
        "system": platform.platform(),
        # Compiled loops, and with them last digits, depend on the kind of CPU.
        "cpu": {"model": processor(), "kind": get_host_cpu_name(), "count": os.cpu_count()},
        "seed": configuration["seed"],
        "configuration": configuration,
    }


def main(configuration, path):
    write_bytes((json.dumps(provenance(configuration), indent=2) + "\n").encode(), path)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(snakemake.params.configuration, snakemake.output.json)
