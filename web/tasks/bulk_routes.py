"""`POST /api/tasks/bulk`: many tasks in one request, each accepted or refused on its own.

Owns the route and its answer, which is streamed while tasks are still being stored. `bulk_body`
splits the body; each task is checked as `POST /api/tasks/submit` checks it.
"""

import contextlib
import json
import logging
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from typing import Any, NamedTuple

from flask import Response, request
from pydantic import ValidationError

import huey_tasks as tq
from huey_tasks.errors import DucklineError
from web.http.body import MAX_BODY_BYTES
from web.http.errors import CannotCheck, InvalidRequest, TaskTooLarge, TooManyBulks
from web.http.identity import key_holder
from web.http.problems import KINDS, error_extra, request_id
from web.http.reach import check_submit, reach
from web.http.redis_deadline import LIMIT_S
from web.openapi.blueprint import ApiBlueprint
from web.openapi.problems import BODY_PROBLEMS, problems
from web.tasks.bulk_body import NDJSON, Bulk, read_bulk, read_task
from web.tasks.bulk_schemas import BULK_ANSWER, BULK_REQUEST
from web.tasks.submit_schemas import SubmitBody
from web.tasks.submit_wishes import OF_BULK, idempotency_key, is_dry_run

log = logging.getLogger("duckline.web.bulk")

#: Tasks stored in one call of Redis.
CHUNK = 100
#: Bulk requests that one process answers at once: each may hold tens of megabytes.
MAX_BULKS = 8

bulk_submission = ApiBlueprint("bulk_submission", "tasks")
_places = threading.BoundedSemaphore(MAX_BULKS)


@bulk_submission.post(
    "/tasks/bulk",
    openapi_extensions={"requestBody": BULK_REQUEST, **OF_BULK},
    responses={
        207: BULK_ANSWER,
        **problems(
            *BODY_PROBLEMS, "invalid_request", "too_many_tasks", "too_many_bulks",
            "queue_unavailable", "idempotency_key_reused",
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

    With an `Idempotency-Key` the same request again stores only the tasks that are not stored yet,
    and answers as the first did, with the same ids.
    """
    environ = request.environ
    key, dry_run = idempotency_key(environ), is_dry_run(environ)
    wishes = _Wishes(key, key_holder() or "", reach(), dry_run)
    _take_a_place()  # only checks that there is one: a client that stalls its upload holds none
    _places.release()
    sent = read_bulk(request)
    _take_a_place()
    answer = _answer(sent, wishes)
    media = next(answer)  # errors up to here refuse the whole request
    return Response(answer, 207, mimetype=media)


class _Wishes(NamedTuple):
    """What the caller says outside of the body."""

    idempotency_key: str | None
    caller: str
    reach: tq.Reach
    is_dry_run: bool


def _take_a_place() -> None:
    if not _places.acquire(blocking=False):
        raise TooManyBulks(f"{MAX_BULKS} bulk requests are being answered here; retry later.")


def _answer(sent: Bulk, wishes: _Wishes) -> Iterator[str]:
    """Yield the media type of the answer, then its text in pieces; free the place at the end."""
    try:
        with contextlib.closing(_outcomes(sent, wishes, request_id())) as chunks:
            first = next(chunks, ())
            yield sent.media
            yield from _written(chain((first,), chunks), sent.media, with_ids=not wishes.is_dry_run)
    finally:
        _places.release()


def _refuse_whole(first: Sequence[tq.Outcome]) -> None:
    """Raise what holds for all: another body came with the key before, or Redis does not answer."""
    for one in first:
        if isinstance(one, tq.IdempotencyKeyReused):
            raise one
    if any(isinstance(one, tq.SubmittedTask) for one in first):
        return
    for one in first:
        if isinstance(one, tq.Unanswered):
            raise one.error
        if isinstance(one, tq.QueueUnavailable):
            raise one


def _outcomes(sent: Bulk, wishes: _Wishes, sent_as: str) -> Generator[Sequence[tq.Outcome]]:
    """Submit chunk by chunk: while Redis stores one, the next is parsed.

    Raises what the first chunk shows to hold for all, before the second is stored.
    """
    store = _foreseen if wishes.is_dry_run else _Store()
    with ThreadPoolExecutor(1, "duckline-bulk") as storing:
        before: Future[Sequence[tq.Outcome]] | None = None
        for at in range(0, len(sent.texts), CHUNK):
            batch = _read(sent, at, wishes, sent_as)
            done = None if before is None else before.result()
            if at == CHUNK and done is not None:
                _refuse_whole(done)
            before = storing.submit(store, batch)
            time.sleep(0)  # lets it be sent before the next chunk is parsed
            if done is not None:
                yield done
        if before is not None:
            done = before.result()
            if len(sent.texts) <= CHUNK:
                _refuse_whole(done)
            yield done


def _foreseen(batch: tq.Batch) -> Sequence[tq.Outcome]:
    return batch.outcomes


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


def _read(sent: Bulk, at: int, wishes: _Wishes, sent_as: str) -> tq.Batch:
    texts = sent.texts[at : at + CHUNK]
    batch = tq.Batch(len(texts))
    for index, text in enumerate(texts, at):
        try:
            body = _read_one(text, sent.line(index))
            check_submit(body.task_type, body.priority, wishes.reach)
            options = body.options(wishes.idempotency_key, wishes.caller)
            options = options.of_item(index, sent.digest)
            batch.add(body.task_type, body.payload, body.priority, options)
        except DucklineError as error:
            batch.refuse(error)
        except Exception:  # a validator of a task type may raise anything; the other tasks go on
            log.exception("checking a task of bulk request %s failed", sent_as)
            batch.refuse(CannotCheck(KINDS[CannotCheck.code].detail))
    return batch


def _read_one(text: bytes | str, line: int | None) -> SubmitBody:
    if len(text) > MAX_BODY_BYTES:
        raise TaskTooLarge("The task is larger than 1 MiB.")
    parsed = read_task(text, line)
    try:
        return SubmitBody.model_validate(parsed)
    except ValidationError as error:
        raise InvalidRequest.from_pydantic(error) from error


def _written(
    outcomes: Iterator[Sequence[tq.Outcome]], media: str, *, with_ids: bool
) -> Iterator[str]:
    begin, between, end = ("", "\n", "\n") if media == NDJSON else ("[", ",\n", "]")
    number = 0
    for some in filter(None, outcomes):
        lines = [_line(index, outcome, with_ids) for index, outcome in enumerate(some, number)]
        yield (between if number else begin) + between.join(lines)
        number += len(some)
    yield end if number else begin + end


def _line(index: int, outcome: tq.Outcome, with_ids: bool) -> str:
    if isinstance(outcome, tq.SubmittedTask):
        task = f'"task_id":"{outcome.task_id}",' if with_ids else ""
        if outcome.duplicate_of is not None:
            task += f'"duplicate_of":"{outcome.duplicate_of}",'
        return f'{{"index":{index},{task}"status":"{outcome.status}","priority":"{outcome.queue}"}}'
    item: dict[str, Any] = {"index": index}
    if isinstance(outcome, tq.Unanswered):
        item["task_id"], error = outcome.task_id, outcome.error
        detail = f"{error.detail} The task may be stored: read it to find out."
    else:
        error, detail = outcome, tq.escaped(outcome.detail)
    return json.dumps({**item, "code": error.code, "detail": detail, **error_extra(error)})
