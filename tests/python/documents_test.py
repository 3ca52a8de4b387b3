"""Every block of Python in the package's documents runs as it stands, one after the other, and so does the original's
code. Names of checkpoints are the shipped one's here."""

import contextlib
import io
import os
import re
import subprocess
import sys
import tempfile
import unittest

from program import NANO, SOURCE, wedlm

DOCUMENTS = ("docs/python.md", "python/README.md", "README.md")
ORIGINAL = '''
text = "Count from 1 to 10."
from wedlm import LLM, SamplingParams
llm = LLM(model="tencent/WeDLM-8B-Instruct")            # folder, or name in the Hugging Face cache
outputs = llm.generate([text], SamplingParams(temperature=0.0, max_tokens=512))
print(outputs[0]["text"])
print(llm.generate("Solve: 15 × 7 + 23 = ", SamplingParams(max_tokens=100, wedlm_entropy_threshold=0.4,
                                                           wedlm_pos_penalty_factor=0.02)))
llm = LLM(model="./wedlm-finetuned", wedlm_window_size=16)
'''


@contextlib.contextmanager
def checkpoints():
    """A folder to work in, where the names that documents use are there."""
    before, environment = os.getcwd(), dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        snapshots = os.path.join(folder, "hub/models--tencent--WeDLM-8B-Instruct/snapshots")
        os.makedirs(snapshots)
        os.symlink(os.path.abspath(NANO), os.path.join(snapshots, "abc"))
        os.symlink(os.path.abspath(NANO), os.path.join(folder, "wedlm-finetuned"))
        os.environ["HF_HUB_CACHE"] = os.path.join(folder, "hub")
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)
            os.environ.clear()
            os.environ.update(environment)


class DocumentsTest(unittest.TestCase):
    def run_block(self, block, names, source):
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            exec(compile(block, source, "exec"), names)
        return shown.getvalue()

    def test_every_block_runs(self):
        num_blocks = 0
        for document in DOCUMENTS:
            with open(os.path.join(SOURCE, document), encoding="utf-8") as file:
                blocks = re.findall(r"^```python\n(.*?)^```", file.read(), re.MULTILINE | re.DOTALL)
            names = {"__name__": "__main__"}
            with checkpoints():
                for block in blocks:
                    with self.subTest(document=document, block=block):
                        shown = self.run_block(block, names, document)
                        self.assertEqual("print(" in block, bool(shown.strip()))
                        for expected in re.findall(r"# its text: (.*)", block):
                            self.assertIn(expected, shown)
                        num_blocks += 1
        self.assertGreaterEqual(num_blocks, 10)

    def test_the_originals_code_runs(self):
        with checkpoints():
            shown = self.run_block(ORIGINAL, {}, "the original's code")
        self.assertGreater(len(shown.splitlines()), 1)

    def test_the_example_runs(self):
        done = subprocess.run([sys.executable, os.path.join(SOURCE, "python/examples/quick_start.py")],
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("1, 2, 3, 4, 5, 6, 7, 8, 9, 10", done.stdout)

    def test_the_module_is_the_command_line(self):
        done = subprocess.run([sys.executable, "-m", "wedlm", "tokenize", "-m", NANO, "-p", "Count"],
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, wedlm("tokenize", "-m", NANO, "-p", "Count")))
        self.assertEqual(subprocess.run([sys.executable, "-m", "wedlm", "nonsense"], capture_output=True).returncode, 2)
        done = subprocess.run([sys.executable, "-m", "wedlm", "generate", "--quiet", "-p", "Count from 1 to 3."],
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, bool(done.stdout)), (0, True), done.stderr)

    def test_versions_agree(self):
        import wedlm as package

        with open(os.path.join(SOURCE, "python/pyproject.toml"), encoding="utf-8") as file:
            self.assertIn(f'\nversion = "{package.__version__}"\n', file.read())
        self.assertTrue(wedlm("--version").startswith(f"wedlm {package.__version__}\n"))


if __name__ == "__main__":
    unittest.main()
