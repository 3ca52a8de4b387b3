"""deploy/prometheus and deploy/grafana with Debian's prometheus: the configuration and the rules are sound, each alert is
seen to fire, a running server is scraped, and every graph of the board has something to show."""

import json
import os
import re
import subprocess
import unittest
import urllib.parse
import urllib.request

import deployed
from metrics_test import ask_everything
from served import Served

CONFIG = "prometheus.yml"
RULES = "wedlm_alerts.yml"


def alerts():
    return re.findall(r"- alert: (\w+)", deployed.text_of("prometheus/" + RULES))


class Prometheus(deployed.Daemon):
    """With the shipped files, but these targets, and a scrape each second."""

    def __init__(self, *targets):
        port = deployed.free_port()
        config = deployed.text_of("prometheus/" + CONFIG).replace("interval: 15s", "interval: 1s")
        config = deployed.replaced(config, '["127.0.0.1:8081", "127.0.0.1:8082"]', json.dumps(targets))
        super().__init__({CONFIG: config, RULES: deployed.text_of("prometheus/" + RULES)},
                         lambda folder: ["prometheus", f"--config.file={folder}/{CONFIG}", "--log.level=warn",
                                         f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"],
                         port)

    def get(self, path, **parameters):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            if error.code == 503:  # it is starting
                return None
            raise AssertionError(f"{url}: {error.read()!r}") from None

    def query(self, expression):
        answer = self.get("query", query=expression)
        return answer["result"] if answer else []


def promtool(*words):
    path = os.path.join(deployed.DEPLOY, "prometheus")
    return subprocess.run(["promtool", *words], cwd=path, capture_output=True, text=True)


class PrometheusTest(unittest.TestCase):
    def test_the_files_are_sound(self):
        for what, file in (("config", CONFIG), ("rules", RULES)):
            checked = promtool("check", what, file)
            self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_each_alert_fires(self):
        path = os.path.join(deployed.ROOT, "tests/deploy/alerts.yml")
        checked = promtool("test", "rules", os.path.abspath(path))
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        with open(path) as file:
            fired = re.findall(r"alertname: (\w+)\n +exp_alerts:\n", file.read())
        self.assertEqual(set(alerts()) - set(fired), set())

    def test_a_server_is_scraped(self):
        with Served() as served:
            ask_everything(served)
            with Prometheus(f"127.0.0.1:{served.port}") as prometheus:
                deployed.eventually(lambda: prometheus.query("up == 1"), "the target is up")
                ask_everything(served)
                deployed.eventually(lambda: prometheus.query("count_over_time(wedlm:ready[1m]) > 1"), "a second scrape")
                targets = prometheus.get("targets")["activeTargets"]
                self.assertEqual([one["labels"]["job"] for one in targets], ["wedlm"])
                [group] = prometheus.get("rules")["groups"]
                self.assertEqual([rule["name"] for rule in group["rules"]], alerts())
                self.assertEqual([rule.get("lastError", "") for rule in group["rules"]], [""] * len(alerts()))
                self.check_board(prometheus)

    def check_board(self, prometheus):
        board = json.loads(deployed.text_of("grafana/wedlm.json"))
        targets = [(panel["title"], target["expr"]) for panel in board["panels"] for target in panel.get("targets", [])]
        self.assertGreater(len(targets), 30)
        for title, expression in targets:
            for name, value in (("$__rate_interval", "1m"), ("$model", ".*"), ("$instance", ".*")):
                expression = expression.replace(name, value)
            with self.subTest(panel=title):
                self.assertNotIn("$", expression)
                # Not at once where the machine was too busy for a scrape in its second.
                deployed.eventually(lambda: prometheus.query(expression), expression)


if __name__ == "__main__":
    deployed.main(prometheus="prometheus", promtool="prometheus")
