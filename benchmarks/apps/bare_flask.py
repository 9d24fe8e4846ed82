"""The floor: a Flask handler that checks nothing and writes a task by one call of our script."""

import uuid

from flask import Flask, request

import huey_tasks
from huey_tasks.broker.protocol import NewTask

app = Flask(__name__)
scripts = huey_tasks.high.broker.scripts


@app.post("/api/tasks/submit")
def submit():
    sent = request.get_json()
    task_id = str(uuid.uuid4())
    task = NewTask(task_id, request.get_data(), sent["task_type"], max_attempts=6)
    scripts.submit("high", [task])
    answer = {
        "task_id": task_id,
        "status": "PENDING",
        "priority": "high",
        "message": "Task 'send_email' queued on 'high' queue.",
    }
    return answer, 202, {"Location": f"/api/tasks/{task_id}"}
