"""`python -m wedlm ...` is the command line: the program that ships in the package."""

from __future__ import annotations

import os
import sys

from .load import program


def main() -> None:
    path = os.fspath(program())
    if not os.path.exists(path):
        sys.exit(f"wedlm: the program was not built with this package: {path} is not there")
    os.execv(path, ["wedlm", *sys.argv[1:]])


if __name__ == "__main__":
    main()
