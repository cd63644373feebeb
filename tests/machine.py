"""A Debian of its own in a folder, and what a container recipe says done to it. It needs root."""

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

SUITE = "trixie"  # Debian 13
PACKAGES = "python3-venv,git,make,ca-certificates"
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
# How this machine reaches a network; nothing else of its environment is taken along.
NETWORK = re.compile(r"pip_(cert|index|default|proxy)\w*|\w+_proxy|ssl_cert_file", re.IGNORECASE)
BARE = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
# Mounts of a name space of their own, which end with the command.
ENTER = 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$@"'


def mirror():
    """The address of Debian's packages in this machine's lists of apt; None if there is none."""
    form = "$(ORIGIN) $(LABEL) $(REPO_URI)"
    command = ["apt-get", "indextargets", "--format", form]
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return next(
        (line.split()[2] for line in found.splitlines() if line[:14] == "Debian Debian "), None
    )


def missing():
    """Why there can be no such Debian here, after an attempt to install debootstrap, or None."""
    if os.geteuid() != 0:
        return "another Debian takes root"
    if not (shutil.which("apt-get") and mirror()):
        return "apt knows no mirror of Debian's here"
    if not shutil.which("debootstrap"):
        quiet = {"capture_output": True, "check": False}
        subprocess.run(["apt-get", "install", "--yes", "debootstrap"], **quiet)
    return None if shutil.which("debootstrap") else "debootstrap cannot be installed"


class Machine:
    """A Debian in ``root``, with ``packages`` and no more than it needs to start."""

    def __init__(self, root, packages=PACKAGES):
        self.root, self.folder, self.variables = Path(root), "/", dict(BARE)
        self.variables |= {
            key: value for key, value in os.environ.items() if NETWORK.fullmatch(key)
        }
        self.root.chmod(0o755)  # others may enter
        command = [
            "debootstrap",
            "--variant=minbase",
            f"--include={packages}",
            SUITE,
            root,
            mirror(),
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        shutil.copy2(f"/{CERTIFICATES}", self.root / CERTIFICATES)

    def run(self, command, *options):
        """Run a line of shell in it; ``options`` are those of chroot."""
        enter = ["unshare", "--mount", "sh", "-c", ENTER, self.root, *options, self.root]
        line = ["sh", "-c", f"cd {shlex.quote(self.folder)} && {command}"]
        subprocess.run([*map(str, enter), *line], env=self.variables, check=True)

    def build(self, recipe, source):
        """Do as a container recipe says, and return the command that it starts with."""
        text = re.sub(r"^(#.*)?\n", "", Path(recipe).read_text(), flags=re.MULTILINE)
        for line in text.splitlines():
            word, rest = line.split(" ", 1)
            if word == "ENTRYPOINT":
                return json.loads(rest)
            self._do(word, rest, Path(source))

    def _do(self, word, rest, source):
        if word == "RUN":
            self.run(rest)
        elif word == "WORKDIR":
            self.folder = rest
            (self.root / rest[1:]).mkdir()
        elif word == "COPY":
            *names, target = rest.split()
            there = self.root / self.folder[1:] / target
            for name in names:
                one = source / name
                shutil.copytree(one, there) if one.is_dir() else shutil.copy2(one, there)
        elif word == "ENV":
            self.variables |= dict([rest.split("=", 1)])
        else:
            assert word in ("FROM", "VOLUME"), f"a machine cannot {word}"
