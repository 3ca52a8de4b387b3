"""deploy/container: what can be known of the image without building it. What it copies is in the tree, the packages of its
last stage have all libraries that the program loads, its variables are options, and its health check is answered."""

import fnmatch
import json
import os
import re
import subprocess
import unittest

import deployed
from served import BINARY, Served

TEXT = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", deployed.text_of("container/Containerfile"), flags=re.MULTILINE))
INSTRUCTIONS = [line.split(maxsplit=1) for line in TEXT.splitlines() if line]
LAST_STAGE = INSTRUCTIONS[max(i for i, (name, _) in enumerate(INSTRUCTIONS) if name == "FROM"):]


def of(name, instructions=INSTRUCTIONS):
    return [rest for one, rest in instructions if one == name]


def variables():
    return dict(word.split("=", 1) for rest in of("ENV") for word in rest.split())


def is_ignored(path):
    with open(os.path.join(deployed.ROOT, ".dockerignore")) as file:
        patterns = [line.strip().strip("/") for line in file if line.strip() and not line.startswith("#")]
    parents = [path[: i] for i, letter in enumerate(path + "/") if letter == "/"]
    return any(fnmatch.fnmatch(one, pattern.replace("**/", "*")) for one in parents for pattern in patterns)


def dependencies():
    """Of each package that is installed here, the names that it needs; empty where there is no Debian."""
    try:
        listed = subprocess.run(["dpkg-query", "-W", "-f", "${Package}:${Pre-Depends},${Depends}\\n"],
                                capture_output=True, text=True).stdout
    except FileNotFoundError:
        return {}
    found = {}
    for line in listed.splitlines():
        package, needs = line.split(":", 1)
        found[package] = [re.split(r"[ :(]", need.strip())[0] for need in re.split(r"[,|]", needs) if need.strip()]
    return found


def with_what_they_need(packages, needs):
    found, queue = set(), list(packages)
    while queue:
        package = queue.pop()
        if package not in found:
            found.add(package)
            queue += needs.get(package, [])
    return found


def packages_of(library):
    """Of a file that may be found by a path through a link, as /lib is one to /usr/lib."""
    paths = {library, os.path.realpath(library), os.path.realpath(library).removeprefix("/usr")}
    found = subprocess.run(["dpkg-query", "-S", *paths], capture_output=True, text=True).stdout
    return {re.split(r"[:,]", line)[0] for line in found.splitlines()}


class ContainerTest(unittest.TestCase):
    def test_instructions_are_known(self):
        known = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT"}
        self.assertEqual({name for name, _ in INSTRUCTIONS} - known, set())
        self.assertEqual(INSTRUCTIONS[0][0], "FROM")

    def test_commands_are_well_formed(self):
        for command in of("RUN"):
            checked = subprocess.run(["sh", "-n", "-c", command], capture_output=True, text=True)
            self.assertEqual((checked.returncode, checked.stderr), (0, ""), command)

    def test_what_is_copied_is_there(self):
        for rest in of("COPY"):
            stage, sources = re.match(r"(--from=\S+ )?(.*) \S+$", rest).groups()
            for source in sources.split():
                if stage and source == "/source/build/release/wedlm":
                    continue  # made by the first stage
                path = source.removeprefix("/source/")
                self.assertTrue(os.path.exists(os.path.join(deployed.ROOT, path)), source)
                self.assertFalse(is_ignored(path), source)
        for needed in ("CMakeLists.txt", "cli/main.cc", "web/index.html", "models/nano/config.json", "scripts/build.sh"):
            self.assertFalse(is_ignored(needed), needed)
        self.assertTrue(is_ignored("build/release/wedlm") and is_ignored("tests/cli/__pycache__/a.pyc"))

    def test_the_program_is_started(self):
        entry = json.loads(of("ENTRYPOINT", LAST_STAGE)[0])
        self.assertEqual(entry[:2], ["/usr/bin/tini", "--"])
        self.assertIn(" tini ", next(rest for rest in of("RUN", LAST_STAGE) if "apt-get install" in rest))
        copied = {rest.split()[-1] for rest in of("COPY", LAST_STAGE)}
        self.assertIn(entry[2], copied)
        self.assertEqual(subprocess.run([BINARY, *entry[3:], "--help"], stdout=subprocess.DEVNULL).returncode, 0)
        # Where the program looks for the model that ships with it.
        shipped = os.path.normpath(os.path.join(os.path.dirname(entry[2]), "../share/wedlm/models/nano"))
        self.assertIn(shipped, copied)

    def test_packages_have_the_libraries(self):
        install = next(rest for rest in of("RUN", LAST_STAGE) if "apt-get install" in rest)
        packages = re.search(r"--no-install-recommends (.*?)&&", install).group(1).split()
        needs = dependencies()
        if not needs:
            self.skipTest("no Debian packages here")
        reached = with_what_they_need(packages, needs)
        loaded = subprocess.run(["ldd", BINARY], capture_output=True, text=True, check=True).stdout
        libraries = re.findall(r"=> (/\S+)", loaded)
        self.assertGreater(len(libraries), 5)
        for library in libraries:
            self.assertTrue(packages_of(library) & reached, library)

    def test_variables_are_options(self):
        options = deployed.options_of_serve(BINARY)
        for name in variables():
            if name.startswith("WEDLM_"):
                self.assertIn("--" + name.removeprefix("WEDLM_").lower().replace("_", "-"), options)

    def test_the_health_check_is_answered(self):
        command = json.loads(re.search(r"CMD (\[.*\])$", of("HEALTHCHECK")[0]).group(1))
        self.assertEqual(of("EXPOSE"), [variables()["WEDLM_PORT"]])
        given = {**variables(), "WEDLM_API_KEY": "of a test", "HF_HOME": "/nowhere"}
        with Served(environment=given) as served:
            environment = {**os.environ, "WEDLM_PORT": str(served.port)}
            self.assertEqual(subprocess.run(command, env=environment).returncode, 0)
            served.end()
            self.assertNotEqual(subprocess.run(command, env=environment).returncode, 0)


if __name__ == "__main__":
    deployed.main(curl="curl")
