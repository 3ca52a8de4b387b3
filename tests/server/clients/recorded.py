"""A peer's recorded answers (shared data wire/llama_server.json), where they are here: ours have the same members of the
same kinds, and other statuses only where the peer's are faults."""

import json
import os
import unittest

from clients.common import model, server

SHARED = os.environ.get("WEDLM_SHARED_DATA") or os.path.join(os.path.dirname(__file__), "../../../../shared/data")
RECORDED = os.path.join(SHARED, "wire/llama_server.json")

# Routes of the peer's own, and one that says `content` where ours, as vLLM's, says `prompt`.
NOT_OURS = {"/props", "/metrics", "/detokenize"}
# Members of the peer's own: its figures, the file's name in many members, ids beside log-probabilities, fingerprints.
PEERS_OWN = {"timings", "system_fingerprint", "models", "meta", "aliases", "tags", "id"}


def members(value, path=""):
    """Each member's path and kind; all entries of a list together. Numbers are of one kind, and null is of any."""
    if isinstance(value, dict):
        found = set()
        for key, one in value.items():
            if key not in PEERS_OWN or (key == "id" and "logprob" not in path):
                found |= members(one, f"{path}.{key}")
        return found | {(path, "object")}
    if isinstance(value, list):
        return set().union({(path, "list")}, *[members(one, path + "[]") for one in value])
    kind = "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__
    return {(path, kind)}


def data_of(response, is_stream):
    """The events of a stream by name, or the whole answer."""
    if not is_stream:
        return {"": [json.loads(response)]} if response.startswith(("{", "[")) else {}
    found, name = {}, ""
    for line in response.split("\n"):
        if line.startswith("event: "):
            name = line[7:]
        if line.startswith("data: ") and line != "data: [DONE]":
            found.setdefault(name, []).append(json.loads(line[6:]))
    return found


def missing(theirs, ours):
    paths = {path for path, _ in ours}
    nullable = {path for path, kind in ours if kind == "NoneType"}
    return sorted((path, kind) for path, kind in theirs
                  if (path, kind) not in ours and not (kind == "NoneType" and path in paths) and path not in nullable)


def status_wanted(record):
    """The peer's, but for its faults: it takes what is wrong, fails at what is no JSON, and knows no 405."""
    body = record["body"]
    if record["method"] == "OPTIONS":
        return 204
    if record["method"] == "PUT":
        return 405
    if record["path"] == "/version":
        return 200
    if isinstance(body, dict):
        messages = body.get("messages")
        is_wrong = messages == [] or body.get("temperature", 0) < 0 or (
            messages and messages[0].get("role") not in ("user", "system", "assistant", "developer", "tool"))
        if is_wrong or body.get("response_format") or body.get("tools") or (body.get("echo") and body.get("logprobs")):
            return 400
    elif body is not None:
        return 400
    return record["status"]


@unittest.skipUnless(os.path.exists(RECORDED), "no shared data: wire/llama_server.json")
class RecordedTest(unittest.TestCase):
    def test_shapes(self):
        with open(RECORDED) as file:
            records = [record for record in json.load(file) if record["path"] not in NOT_OURS]
        num_compared = 0
        for record in records:
            body = record["body"]
            is_stream = isinstance(body, dict) and bool(body.get("stream"))
            if isinstance(body, dict) and "model" in body:
                body = {**body, "model": model()}
            headers = {} if body is None else {"Content-Type": "application/json"}
            status, _, data = server().request(record["method"], record["path"], body, headers)
            with self.subTest(path=record["path"], body=str(record["body"])[:300]):
                self.assertEqual(status, status_wanted(record), data)
                if status != record["status"] or status != 200:
                    continue
                theirs, ours = data_of(record["response"], is_stream), data_of(data.decode(), is_stream)
                self.assertLessEqual(set(theirs), set(ours))
                for name, events in theirs.items():
                    wanted = set().union(*map(members, events))
                    if is_stream and "stream_options" not in body:  # its fault: usage that nobody asked for
                        wanted = {one for one in wanted if not (name == "" and one[0].startswith(".usage"))}
                    lacking = missing(wanted, set().union(*map(members, ours[name])))
                    self.assertEqual(lacking, [], name)
                    num_compared += 1
        self.assertGreater(num_compared, 20)
