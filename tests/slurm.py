"""A real SLURM of one node, started in a folder for the length of a test.

It needs root and the packages of Debian or Ubuntu, which are installed if they are missing; no
systemd, accounting database or control groups.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import psutil

PACKAGES = ["slurmctld", "slurmd", "slurm-client", "slurm-wlm-basic-plugins", "munge"]
PROGRAMS = ["slurmctld", "slurmd", "srun", "munged"]
CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
StateSaveLocation={folder}/controller
SlurmdSpoolDir={folder}/node
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0
SlurmdParameters=config_overrides
EnforcePartLimits=ALL
KillWait=2
MinJobAge=7200
ReturnToService=2
MpiDefault=none
SwitchType=switch/none
MailProg=/bin/true
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} RealMemory={memory} State=UNKNOWN
PartitionName=test Nodes=ALL Default=YES MaxTime=120 State=UP
"""


def missing():
    """Why there can be no SLURM here, after an attempt to install it; None if there can."""
    if os.geteuid() != 0:
        return "SLURM is not tested: its daemons need root"
    if all(map(shutil.which, PROGRAMS)):
        return None
    if not shutil.which("apt-get"):
        return "SLURM is not tested: its packages need apt-get"
    quiet = {"env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, "capture_output": True}
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *PACKAGES]
    subprocess.run(["apt-get", "update"], **quiet)
    done = subprocess.run(install, text=True, **quiet)
    if done.returncode == 0:
        return None
    return f"SLURM is not tested: {' '.join(done.stderr.split())}"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Cluster:
    """The daemons, their folder, and the environment in which SLURM's programs find them."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.host = socket.gethostname().split(".")[0]
        self.path = self.folder / "bin"  # first in the jobs' PATH
        self.configuration = self.folder / "slurm.conf"
        self.environment = os.environ | {
            "SLURM_CONF": str(self.configuration),
            "PATH": f"{self.path}{os.pathsep}{os.environ['PATH']}",
        }

    def __enter__(self):
        self._write()
        try:
            self._start_munge()
            self.start_controller("-c")  # without the state of an earlier one
            self._run("slurmd")
            self.wait(lambda: self.ask("sinfo", "-h", "-o", "%T").strip() == "idle", 30)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def _write(self):
        for name in ("bin", "controller", "node"):
            (self.folder / name).mkdir(parents=True)
        self.folder.chmod(0o755)
        text = CONFIGURATION.format(
            folder=self.folder,
            host=self.host,
            controller_port=free_port(),
            node_port=free_port(),
            cores=os.cpu_count(),
            memory=psutil.virtual_memory().total * 4 // 5 // 2**20,
        )
        self.configuration.write_text(text)
        # Snakemake takes SLURM_CONF from its jobs, which start their step by srun.
        srun = self.path / "srun"
        srun.write_text(
            f'#!/bin/sh\nSLURM_CONF={self.configuration} exec {shutil.which("srun")} "$@"\n'
        )
        srun.chmod(0o755)

    def _start_munge(self):
        key = self.folder / "munge.key"
        key.touch(0o600)
        key.write_bytes(os.urandom(1024))
        files = {
            "key-file": key,
            "socket": self.folder / "munge.socket",
            "pid-file": self.folder / "munged.pid",
            "log-file": self.folder / "munged.log",
            "seed-file": self.folder / "munge.seed",
        }
        self._run("munged", "--force", *(f"--{name}={path}" for name, path in files.items()))

    def _run(self, *command):
        subprocess.run(command, env=self.environment, check=True, capture_output=True)

    def ask(self, *command):
        """What one of SLURM's programs prints."""
        options = {"env": self.environment, "text": True, "capture_output": True}
        return subprocess.run(command, **options, timeout=60).stdout

    @staticmethod
    def wait(condition, seconds):
        """The condition's first true value."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if value := condition():
                return value
            time.sleep(0.1)
        raise TimeoutError(f"not within {seconds} seconds")

    def start_controller(self, *options):
        self._run("slurmctld", *options)
        self.wait(lambda: "UP" in self.ask("scontrol", "ping"), 30)

    def stop_daemon(self, name):
        """End a daemon, and wait until it has ended."""
        file = self.folder / f"{name}.pid"
        if file.exists():
            process = psutil.Process(int(file.read_text()))
            process.send_signal(signal.SIGTERM)
            process.wait(30)

    def stop(self):
        """Cancel what is left and end the daemons."""
        self.ask("scancel", "--user=root")
        for name in ("slurmd", "slurmctld", "munged"):
            self.stop_daemon(name)
