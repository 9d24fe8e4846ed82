"""The Python side of `benchmarks/driver.py`: one JSON object a line in, one a line out."""

import json
import os
import sys
import time

import work


def serve(submit, result, fill=None):
    """Answer until standard input ends.

    `submit(task, payload)` returns an id, `result(id)` the stored value or None, and
    `fill(task, payloads)` the ids of many tasks, where a system has a faster way than one by one.
    """
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints must not get between the answers
    for line in sys.stdin:
        question = json.loads(line)
        answers.write(json.dumps(_answer(question, submit, result, fill)) + "\n")
        answers.flush()


def _answer(question, submit, result, fill):
    match question["do"]:
        case "fill":
            task, seconds = question["task"], question["seconds"]
            payloads = [work.payload(n, seconds) for n in range(question["count"])]
            ids = fill(task, payloads) if fill else [submit(task, each) for each in payloads]
            return {"ids": ids}
        case "submit":
            return {"rows": _submit(question, submit)}
        case "rate":
            return _rate(question, submit, fill)
        case "results":
            return {"results": [result(task_id) for task_id in question["ids"]]}
    return {}


def _rate(question, submit, fill):
    """Submit for some seconds, one by one or in bulk; 0 tasks if there is no way in bulk."""
    task, payloads = question["task"], [work.payload(n) for n in range(1000)]
    if question["bulk"] and fill is None:
        return {"tasks": 0, "seconds": 0.0, "cpu_s": 0.0}
    tasks, began_at, cpu_s = 0, time.perf_counter(), time.process_time()
    ends_at = began_at + question["seconds"]
    while time.perf_counter() < ends_at:
        if question["bulk"]:
            tasks += len(fill(task, payloads))
        else:
            submit(task, payloads[tasks % len(payloads)])
            tasks += 1
    seconds = time.perf_counter() - began_at
    return {"tasks": tasks, "seconds": seconds, "cpu_s": time.process_time() - cpu_s}


def _submit(question, submit):
    rows = []
    plan = zip(question["waits"], question["seconds"], strict=True)
    for n, (wait_s, seconds) in enumerate(plan):
        if wait_s:
            time.sleep(wait_s)
        sent_at = time.time()
        task_id = submit(question["task"], work.payload(n, seconds))
        rows.append((task_id, sent_at, time.time()))
    return rows
