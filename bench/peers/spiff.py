"""The peer of `make bench`: SpiffWorkflow runs the same model, in one thread of one process.

usage: spiff.py MODEL DATABASE COUNT INSTANCES-PER-COMMIT

Every instance is made of the model that was parsed once, runs to its end, is serialised to JSON with the library's own
serializer (which puts the model into every state, as it comes) and is written as one row of a SQLite database
(journal_mode=WAL, synchronous=FULL: a commit is on the disk before it returns). Prints instances per second, from the
first instance begun to the last commit.
"""

import json
import sqlite3
import sys
import time

from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import DEFAULT_CONFIG, BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.serializer.default.task_spec import BpmnTaskSpecConverter
from SpiffWorkflow.bpmn.specs.defaults import ServiceTask
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState


def main():
    model, database = sys.argv[1], sys.argv[2]
    count, group = int(sys.argv[3]), int(sys.argv[4])
    parser = BpmnParser()
    parser.add_bpmn_file(model)
    spec = parser.get_spec("fuenf-knoten")
    # The library leaves it to the program how service tasks are stored; these hold nothing of their own.
    config = {**DEFAULT_CONFIG, ServiceTask: BpmnTaskSpecConverter}
    serializer = BpmnWorkflowSerializer(registry=BpmnWorkflowSerializer.configure(config))
    db = sqlite3.connect(database, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE IF NOT EXISTS instance (id INTEGER PRIMARY KEY, state TEXT NOT NULL)")

    begun = time.perf_counter()
    for number in range(count):
        if number % group == 0:
            db.execute("BEGIN IMMEDIATE")
        workflow = BpmnWorkflow(spec)
        workflow.do_engine_steps()
        # A service task waits until the program around the engine says that its work is done; there is no work here.
        waiting = workflow.get_tasks(state=TaskState.STARTED)
        while waiting:
            for task in waiting:
                task.data["cents"] = 25000
                task.complete()
            workflow.do_engine_steps()
            waiting = workflow.get_tasks(state=TaskState.STARTED)
        if not workflow.is_completed():
            sys.exit("an instance did not come to its end: %s" % workflow.get_tasks())
        state = json.dumps(serializer.to_dict(workflow))
        db.execute("INSERT INTO instance (state) VALUES (?)", (state,))
        if number % group == group - 1 or number == count - 1:
            db.execute("COMMIT")
    took = time.perf_counter() - begun
    print("%.1f" % (count / took))


main()
