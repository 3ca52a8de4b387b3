#!/usr/bin/env python3
"""Writes a small event file with TensorBoard's own writer, which tests/train/event_file_test.cc compares ours with.

    python3 -m venv venv && venv/bin/pip install tensorboard
    venv/bin/python tools/record_events.py tests/data/events/recorded.tfevents
"""
import sys

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter


with open(sys.argv[1], "wb") as file:
    writer = RecordWriter(file)
    events = [
        Event(wall_time=1700000000.25, file_version="brain.Event:2"),
        Event(wall_time=1700000001, step=301, session_log=SessionLog(status=SessionLog.START)),
    ]
    for step, values in [(0, [("eval/loss", 2.5)]), (301, [("train/loss", 0.0), ("train/learning_rate", 3e-6)])]:
        summary = Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values])
        events.append(Event(wall_time=1700000002.5, step=step, summary=summary))
    for event in events:
        writer.write(event.SerializeToString())
