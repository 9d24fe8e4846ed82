"""The service that many teams would write: FastAPI validates, Celery takes the task."""

import os
from typing import Literal

from celery import Celery
from fastapi import FastAPI, Response
from pydantic import BaseModel, EmailStr

celery = Celery("service", broker=os.environ["BROKER_URL"], backend=os.environ["RESULT_URL"])


@celery.task(name="send_email")
def send_email(to: str, subject: str, body: str) -> dict:
    return {"status": "sent"}


class Email(BaseModel):
    to: EmailStr
    subject: str
    body: str


class Submission(BaseModel):
    task_type: Literal["send_email"]
    priority: Literal["high", "default", "low"] = "high"
    payload: Email


app = FastAPI()


# Not a coroutine: apply_async blocks, and FastAPI then runs the handler in its thread pool.
@app.post("/api/tasks/submit", status_code=202)
def submit(sent: Submission, response: Response) -> dict:
    task = send_email.apply_async(kwargs=sent.payload.model_dump(), queue=sent.priority)
    response.headers["Location"] = f"/api/tasks/{task.id}"
    return {
        "task_id": task.id,
        "status": "PENDING",
        "priority": sent.priority,
        "message": f"Task 'send_email' queued on '{sent.priority}' queue.",
    }
