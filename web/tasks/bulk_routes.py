"""`POST /api/tasks/bulk`: many tasks in one request, each accepted or refused on its own.

Owns the route and its answer, which is streamed while tasks are still being stored. `bulk_body`
splits the body; each task is checked as `POST /api/tasks/submit` checks it.
"""

import json
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from typing import Any

from flask import Response, request
from pydantic import ValidationError

import huey_tasks as tq
from huey_tasks.errors import DucklineError
from web.http.body import MAX_BODY_BYTES
from web.http.errors import CannotCheck, InvalidRequest, TaskTooLarge, TooManyBulks
from web.http.problems import KINDS, error_extra, request_id
from web.http.redis_deadline import LIMIT_S
from web.openapi.blueprint import ApiBlueprint
from web.openapi.problems import BODY_PROBLEMS, problems
from web.tasks.bulk_body import NDJSON, Bulk, read_bulk, read_task
from web.tasks.bulk_schemas import BULK_ANSWER, BULK_REQUEST
from web.tasks.schemas import SubmitBody

log = logging.getLogger("duckline.web.bulk")

#: Tasks stored in one call of Redis.
CHUNK = 100
#: Bulk requests that one process answers at once: each may hold tens of megabytes.
MAX_BULKS = 8

bulk_submission = ApiBlueprint("bulk_submission", "tasks")
_places = threading.BoundedSemaphore(MAX_BULKS)


@bulk_submission.post(
    "/tasks/bulk",
    openapi_extensions={"requestBody": BULK_REQUEST},
    responses={
        207: BULK_ANSWER,
        **problems(
            *BODY_PROBLEMS, "invalid_request", "too_many_tasks", "too_many_bulks",
            "queue_unavailable",
        ),
    },
)  # fmt: skip
def submit_bulk() -> Response:
    """Submit up to 10,000 tasks, each accepted or refused on its own.

    The answer has one item per task, in the order and media type of the request: an array for an
    array, lines for lines. It starts before the last task is stored. An item with `task_id` and
    `status` is accepted. An item with `code` is refused, with the error that `submit` would answer;
    if it also has a `task_id`, the connection to Redis broke while it was sent: read that task to
    learn whether it was stored.
    """
    _take_a_place()  # only checks that there is one: a client that stalls its upload holds none
    _places.release()
    sent = read_bulk(request)
    _take_a_place()
    answer = _answer(sent)
    media = next(answer)  # errors up to here refuse the whole request
    return Response(answer, 207, mimetype=media)


def _take_a_place() -> None:
    if not _places.acquire(blocking=False):
        raise TooManyBulks(f"{MAX_BULKS} bulk requests are being answered here; retry later.")


def _answer(sent: Bulk) -> Iterator[str]:
    """Yield the media type of the answer, then its text in pieces; free the place at the end."""
    try:
        chunks = _outcomes(sent, request_id())
        first = next(chunks, ())
        _refuse_if_away(first)
        yield sent.media
        yield from _written(chain((first,), chunks), sent.media)
    finally:
        _places.release()


def _refuse_if_away(first: Sequence[tq.Outcome]) -> None:
    """Raise QueueUnavailable if Redis did not answer for the first chunk."""
    if any(isinstance(one, tq.SubmittedTask) for one in first):
        return
    for one in first:
        if isinstance(one, tq.Unanswered):
            raise one.error
        if isinstance(one, tq.QueueUnavailable):
            raise one


def _outcomes(sent: Bulk, sent_as: str) -> Iterator[Sequence[tq.Outcome]]:
    """Submit chunk by chunk: while Redis stores one, the next is parsed."""
    store = _Store()
    with ThreadPoolExecutor(1, "duckline-bulk") as storing:
        before: Future[Sequence[tq.Outcome]] | None = None
        for at in range(0, len(sent.texts), CHUNK):
            batch = _read(sent.texts[at : at + CHUNK], sent_as)
            done = None if before is None else before.result()
            before = storing.submit(store, batch)
            time.sleep(0)  # lets it be sent before the next chunk is parsed
            if done is not None:
                yield done
        if before is not None:
            yield before.result()


class _Store:
    """Stores batches until Redis fails; refuses the later ones without a call."""

    def __init__(self) -> None:
        self._away: tq.QueueUnavailable | None = None

    def __call__(self, batch: tq.Batch) -> Sequence[tq.Outcome]:
        if self._away is not None:
            return batch.give_up(self._away)
        with tq.time_limit(LIMIT_S):
            outcomes = batch.store()
        self._away = batch.away
        return outcomes


def _read(texts: Sequence[bytes] | Sequence[str], sent_as: str) -> tq.Batch:
    batch = tq.Batch(len(texts))
    for text in texts:
        try:
            body = _read_one(text)
            options = tq.SubmitOptions.of(body.tags, body.delay, body.run_at, body.expires_in)
            batch.add(body.task_type, body.payload, body.priority, options)
        except DucklineError as error:
            batch.refuse(error)
        except Exception:  # a validator of a task type may raise anything; the other tasks go on
            log.exception("checking a task of bulk request %s failed", sent_as)
            batch.refuse(CannotCheck(KINDS[CannotCheck.code].detail))
    return batch


def _read_one(text: bytes | str) -> SubmitBody:
    if len(text) > MAX_BODY_BYTES:
        raise TaskTooLarge("The task is larger than 1 MiB.")
    parsed = read_task(text)
    try:
        return SubmitBody.model_validate(parsed)
    except ValidationError as error:
        raise InvalidRequest.from_pydantic(error) from error


def _written(outcomes: Iterator[Sequence[tq.Outcome]], media: str) -> Iterator[str]:
    begin, between, end = ("", "\n", "\n") if media == NDJSON else ("[", ",\n", "]")
    number = 0
    for some in filter(None, outcomes):
        lines = [_line(index, outcome) for index, outcome in enumerate(some, number)]
        yield (between if number else begin) + between.join(lines)
        number += len(some)
    yield end if number else begin + end


def _line(index: int, outcome: tq.Outcome) -> str:
    if isinstance(outcome, tq.SubmittedTask):
        return (
            f'{{"index":{index},"task_id":"{outcome.task_id}",'
            f'"status":"{outcome.status}","priority":"{outcome.queue}"}}'
        )
    item: dict[str, Any] = {"index": index}
    if isinstance(outcome, tq.Unanswered):
        item["task_id"], error = outcome.task_id, outcome.error
        detail = f"{error.detail} The task may be stored: read it to find out."
    else:
        error, detail = outcome, tq.escaped(outcome.detail)
    return json.dumps({**item, "code": error.code, "detail": detail, **error_extra(error)})
