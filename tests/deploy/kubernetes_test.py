"""deploy/kubernetes: the manifests are YAML whose parts fit one another and the server: names, labels, ports, routes,
options, times, and the metric that it is scaled by. What Kubernetes itself makes of them is not tried."""

import re
import sys
import unittest

import deployed
from served import BINARY, Served

try:
    import yaml
except ImportError:
    print("SKIPPED: yaml was not found (Debian: python3-yaml)")
    sys.exit(0)

OBJECTS = {one["kind"]: one for one in yaml.safe_load_all(deployed.text_of("kubernetes/wedlm.yaml"))}
POD = OBJECTS["Deployment"]["spec"]["template"]
CONTAINER = POD["spec"]["containers"][0]
PROBES = {name: CONTAINER[name + "Probe"]["httpGet"] for name in ("startup", "readiness", "liveness")}


def value_of(option):
    return CONTAINER["args"][CONTAINER["args"].index(option) + 1]


class KubernetesTest(unittest.TestCase):
    def test_kinds(self):
        self.assertEqual(set(OBJECTS), {"Deployment", "Service", "PodDisruptionBudget", "HorizontalPodAutoscaler"})

    def test_selectors_find_the_pods(self):
        labels = POD["metadata"]["labels"].items()
        self.assertLessEqual(OBJECTS["Service"]["spec"]["selector"].items(), labels)
        for kind in ("Deployment", "PodDisruptionBudget"):
            self.assertLessEqual(OBJECTS[kind]["spec"]["selector"]["matchLabels"].items(), labels)
        target = OBJECTS["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
        deployment = OBJECTS["Deployment"]
        self.assertEqual(target, {"apiVersion": deployment["apiVersion"], "kind": "Deployment",
                                  "name": deployment["metadata"]["name"]})

    def test_ports(self):
        ports = {port["name"]: port["containerPort"] for port in CONTAINER["ports"]}
        self.assertEqual(str(ports["http"]), value_of("--port"))
        annotations = POD["metadata"]["annotations"]
        self.assertEqual(annotations["prometheus.io/port"], value_of("--port"))
        for used in [*(probe["port"] for probe in PROBES.values()), OBJECTS["Service"]["spec"]["ports"][0]["targetPort"]]:
            self.assertIn(used, ports)

    def test_times(self):
        pause = float(CONTAINER["lifecycle"]["preStop"]["exec"]["command"][1])
        grace = POD["spec"]["terminationGracePeriodSeconds"]
        self.assertGreater(grace, pause + float(value_of("--drain-seconds")))
        # The Service has forgotten a pod before it is told to end.
        readiness = CONTAINER["readinessProbe"]
        self.assertGreater(pause, readiness["periodSeconds"] * readiness["failureThreshold"])

    def test_options_are_known(self):
        given = {word for word in CONTAINER["args"] if word.startswith("--")}
        self.assertLessEqual(given, deployed.options_of_serve(BINARY))

    def test_a_server_with_these_options(self):
        self.assertEqual(PROBES["readiness"]["path"], "/ready")
        self.assertEqual(PROBES["liveness"]["path"], "/health")
        with Served(*CONTAINER["args"], "--port", "0", environment={"WEDLM_API_KEY": "of a test"}) as served:
            for probe in PROBES.values():  # without a key
                self.assertEqual(served.request("GET", probe["path"])[0], 200)
            path = POD["metadata"]["annotations"]["prometheus.io/path"]
            self.assertEqual(served.request("GET", path, headers={"X-Api-Key": "of a test"})[0], 200)
            self.assertEqual(served.end(), 0)

    def test_the_metric_of_the_queue(self):
        scaled_by = OBJECTS["HorizontalPodAutoscaler"]["spec"]["metrics"][0]["pods"]["metric"]["name"]
        rule = yaml.safe_load(deployed.text_of("kubernetes/queue-metric.yaml"))["rules"]["custom"][0]
        self.assertEqual(rule["name"]["as"], scaled_by)
        series = rule["seriesQuery"].split("{")[0]
        self.assertTrue(re.fullmatch(rule["name"]["matches"], series))
        self.assertEqual(series, "vllm:num_requests_waiting")


if __name__ == "__main__":
    deployed.main()
