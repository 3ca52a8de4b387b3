"""A check of schemathesis' for docs/openapi.yaml: the data of each event are as contentSchema says. openapi_test.py has
it loaded."""

import functools
import json

import jsonschema_rs
import schemathesis


DIALECT = "https://json-schema.org/draft/2020-12/schema"


@functools.cache
def validator(reference, document):
    return jsonschema_rs.validator_for({**json.loads(document), "$ref": reference, "$schema": DIALECT})


@schemathesis.check
def events_conformance(ctx, response, case):
    kinds = response.headers.get("content-type", [""])
    if not kinds[0].startswith("text/event-stream"):
        return
    document = case.operation.schema.raw_schema
    content = document["paths"][case.operation.path][case.operation.method]["responses"]["200"]["content"]
    data_schemas = content["text/event-stream"]["schema"]["properties"]["data"]["anyOf"]
    reference = next(one["contentSchema"]["$ref"] for one in data_schemas if "contentSchema" in one)
    components = json.dumps({"components": document["components"]})
    events = response.text.split("\n\n")
    assert events.pop() == "", "the last event has an end"
    for event in events:
        if event.startswith(":"):
            continue
        name, _, data = event.rpartition("data: ")
        assert "\n" not in data and name in ("", f"event: {name[7:-1]}\n"), event
        if data == "[DONE]":
            continue
        value = json.loads(data)
        assert name == "" or name[7:-1] == value["type"], event
        for error in validator(reference, components).iter_errors(value):
            raise AssertionError(f"an event breaks {reference} at {error.instance_path}: {error.message}\n{event}")


@schemathesis.hook
def map_body(context, body):
    """Of requests for a model of another name nothing is seen but that."""
    if isinstance(body, dict) and isinstance(body.get("model"), str):
        return {key: value for key, value in body.items() if key != "model"}
    return body
