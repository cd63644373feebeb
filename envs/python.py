"""Name the Python that runs this; or say in one line why it cannot be the environment's.

Any Python can read it, and it imports nothing that must be installed.
"""

import sys

# There are wheels of all of requirements.txt for these. For 3.14, Snakemake's immutables has none.
OLDEST, NEWEST = (3, 11), (3, 13)


def refusal():
    """Why there can be no environment of this Python; None if there can."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        return "must be %d.%d to %d.%d, as there are wheels for no other" % (OLDEST + NEWEST)
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        return "is one without the global lock, which there are no wheels for"
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError as fault:
        return "has no venv (%s); on Debian and Ubuntu, apt install python3-venv" % fault
    return None


def main():
    path = getattr(sys, "_base_executable", sys.executable)
    name = "Python %s, %s" % (".".join(map(str, sys.version_info[:3])), path)
    reason = refusal()
    if reason:
        sys.stderr.write("env: %s: %s; choose another by make env PYTHON=...\n" % (name, reason))
        sys.exit(2)
    print(name)


main()
