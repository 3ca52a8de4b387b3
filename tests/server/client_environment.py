"""The virtual environment with the packages of PyPI that tests of the server talk through: client_requirements.txt, under the
build folder."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.environ.get("WEDLM_CLIENT_ENVIRONMENT") or os.path.join(HERE, "../../build/client_environment")

sys.path.insert(0, os.path.join(HERE, "../support"))
import python_environment  # noqa: E402


def enter():
    """Goes on with the environment's Python, or ends the program as skipped."""
    python_environment.enter(FOLDER, os.path.join(HERE, "client_requirements.txt"))
