"""What the users of every scenario share: the run's settings and ledger, and how one submits."""

from gevent.event import Event
from locust import FastHttpUser
from locust.exception import StopUser

from loadtests.client import Accepted, Answer, Client
from loadtests.follower import Follower
from loadtests.ledger import Ledger
from loadtests.payloads import Submission
from loadtests.settings import Settings

SUBMIT = "/api/tasks/submit"

settings = Settings.from_env()
ledger = Ledger()
follower = Follower(ledger, settings)


class Gate:
    """Whether users may still submit.

    Locust kills users that wait, and some of them wake before the kill arrives: what they then
    submit would be cut off, and perhaps accepted, without anybody following it.
    """

    open = True


gate = Gate()
#: Set when every user of a burst is ready to submit.
all_are_there = Event()


class Caller(FastHttpUser):
    """Somebody who submits tasks, and notes every answer in the ledger."""

    abstract = True
    network_timeout = 10.0
    connection_timeout = 10.0

    def on_start(self) -> None:
        self.api = Client(self.client, ledger, settings.api_key)

    def submit(self, submission: Submission) -> str | None:
        """Submit a task and follow it; None when it was not accepted."""
        answer = self.post(submission, SUBMIT, 202)
        accepted = answer and self.api.parse(Accepted, answer, f"POST {SUBMIT}")
        if not answer or not accepted:
            return None
        ledger.accept(accepted.task_id, submission.task_type, answer.latency_s)
        follower.follow(accepted.task_id)
        return accepted.task_id

    def post(self, submission: Submission, name: str, expected: int) -> Answer | None:
        """Send a submission; None when it was not answered as expected."""
        if not gate.open:
            raise StopUser
        ledger.submitted += 1
        body = submission.body
        answer = self.api.call("POST", SUBMIT, name=name, expected={expected}, body=body)
        ledger.settled += 1
        return answer
