"""Every metric and label that the board, the alerts, the manifests and the guide name is one that a server has."""

import json
import os
import re
import unittest

import deployed
from served import Served

NAMED = re.compile(r"(?<![\w:])((?:vllm|wedlm):\w+|process_\w+)")
OF_PROMETHEUS = {"instance", "job", "namespace", "pod"}
FILES = ("grafana/wedlm.json", "prometheus/wedlm_alerts.yml", "kubernetes/wedlm.yaml", "kubernetes/queue-metric.yaml")


def ask_everything(served):
    """So that metrics which appear with their first value are there. A window of its own choice has no drafts where rows
    are dear, as beside other work."""
    for mode in ({"mode": "streaming"}, {"mode": "autoregressive"}, {"mode": "exact", "window_size": 16}):
        served.chat("Count from 1 to 30.", **mode, max_tokens=100, temperature=0)
    status, _, _ = served.request("POST", "/v1/chat/completions",
                                  {"messages": [{"role": "user", "content": "Hello"}], "stream": True, "unknown": 1})
    assert status == 200


def metrics_and_labels(text):
    names = set(re.findall(r"^([\w:]+)[ {]", text, re.MULTILINE))
    names |= set(re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE))
    return names, set(re.findall(r'[{,](\w+)="', text))


class MetricsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with Served() as served:
            ask_everything(served)
            cls.names, cls.labels = metrics_and_labels(served.request("GET", "/metrics")[2].decode())

    def test_names_are_there(self):
        for file in FILES:
            named = set(NAMED.findall(re.sub("image: .*", "", deployed.text_of(file))))
            self.assertTrue(named, file)
            self.assertEqual(named - self.names, set(), file)

    def test_names_of_the_guide_are_there(self):
        with open(os.path.join(deployed.ROOT, "docs/server.md")) as guide:
            named = set(NAMED.findall(guide.read())) - {"process_"}
        self.assertEqual(named - self.names, set())
        # And every metric is explained, but for the usual ones of a process.
        kinds = {re.sub(r"_(bucket|sum|count)$", "", name) for name in self.names if not name.startswith("process_")}
        self.assertEqual({name for name in kinds if name not in named}, set())

    def test_labels_are_there(self):
        board = json.loads(deployed.text_of("grafana/wedlm.json"))
        texts = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
        texts.append(deployed.text_of("prometheus/wedlm_alerts.yml"))
        for text in texts:
            used = {label for group in re.findall(r"\bby \(([^)]*)\)", text) for label in re.split(r",\s*", group)}
            used |= set(re.findall(r'[{,]\s*(\w+)(?:=|!=|=~|!~)"', text))
            self.assertEqual(used - self.labels - OF_PROMETHEUS, set(), text)


if __name__ == "__main__":
    deployed.main()
