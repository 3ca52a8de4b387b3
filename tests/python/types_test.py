"""`mypy --strict` finds nothing in the package, the stubs say what the module has, and everything public says what it is.
mypy lives in an environment of PyPI's, made once."""

import ast
import glob
import os
import re
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGE = os.path.join(HERE, "../../python/wedlm")
FOLDER = os.environ.get("WEDLM_TYPES_ENVIRONMENT") or os.path.join(HERE, "../../build/types_environment")

sys.path.insert(0, os.path.join(HERE, "../support"))
import python_environment  # noqa: E402

if __name__ == "__main__":
    python_environment.enter(FOLDER, os.path.join(HERE, "types_requirements.txt"))


class TypesTest(unittest.TestCase):
    def test_mypy_finds_nothing(self):
        sources = [path for path in glob.glob(os.path.join(PACKAGE, "*.py"))]
        done = subprocess.run([sys.executable, "-m", "mypy", "--strict", "--cache-dir", os.path.join(FOLDER, "mypy"),
                               *sources], capture_output=True, text=True, cwd=os.path.join(PACKAGE, ".."))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_stubs_have_what_the_module_has(self):
        from wedlm import _engine

        with open(os.path.join(PACKAGE, "_engine.pyi"), encoding="utf-8") as file:
            stubs = ast.parse(file.read())
        for node in stubs.body:
            if isinstance(node, ast.ClassDef):
                stubbed = {getattr(item, "name", None) or item.target.id for item in node.body
                           if isinstance(item, (ast.FunctionDef, ast.AnnAssign))}
                there = {name for name in vars(getattr(_engine, node.name)) if not name.startswith("_")}
                self.assertEqual(stubbed - {"__init__"}, there, node.name)
        names = set(re.findall(r"^(?:class |def )(\w+)", ast.unparse(stubs), re.MULTILINE))
        self.assertEqual(names, {name for name in vars(_engine) if not name.startswith("_")})

    def test_everything_public_is_explained(self):
        import wedlm

        for name in wedlm.__all__:
            self.assertTrue(getattr(wedlm, name).__doc__, name)
        for name, member in vars(wedlm.LLM).items():
            if callable(member) and not name.startswith("_"):
                self.assertTrue(member.__doc__, name)


if __name__ == "__main__":
    unittest.main()
