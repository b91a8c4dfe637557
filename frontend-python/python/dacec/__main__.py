"""`python -m dacec script.py [arguments]`: runs a script that was written for DaCe, unchanged."""

from __future__ import annotations

import pathlib
import runpy
import sys

from dacec.alias import install_as_dace

USAGE = "usage: python -m dacec SCRIPT.py [ARGUMENT...]\nRuns a script in which `import dace` means dacec."


def main() -> None:
    """Runs the script that the command line names."""
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        print(USAGE)
        raise SystemExit(0 if len(sys.argv) > 1 else 2)
    script = pathlib.Path(sys.argv[1])
    if not script.is_file():
        raise SystemExit(f"python -m dacec: there is no file {script}")
    install_as_dace()
    sys.argv = sys.argv[1:]
    # As Python does: the script's folder comes first among the places that modules are found in.
    sys.path[0] = str(script.resolve().parent)
    runpy.run_path(str(script), run_name="__main__")


if __name__ == "__main__":
    main()
