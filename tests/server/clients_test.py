"""Official clients against a running server: PyPI's `openai` and `anthropic`, from an environment of their own. What they
get back has every member that their types ask for. 20 s, and a minute more the first time."""

import sys
import unittest

import client_environment

if __name__ == "__main__":
    client_environment.enter()

from clients.anthropic_messages import *  # noqa: F401,F403
from clients.failures import *  # noqa: F401,F403
from clients.openai_chat import *  # noqa: F401,F403
from clients.openai_members import *  # noqa: F401,F403
from clients.openai_responses import *  # noqa: F401,F403
from clients.openai_text import *  # noqa: F401,F403
from clients.recorded import *  # noqa: F401,F403

if __name__ == "__main__":
    unittest.main(argv=sys.argv)
