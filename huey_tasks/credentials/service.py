"""Create, list and revoke API keys; checks their fields."""

import math
from collections.abc import Sequence

from huey_tasks.access import api_keys
from huey_tasks.access.errors import KeyFixed, KeyNameTaken, KeyNotFound, LastAdmin, TooManyKeys
from huey_tasks.access.roles import Holder, Role
from huey_tasks.audit import trail
from huey_tasks.audit.operation import Action, Operator
from huey_tasks.broker.access_store import AccessStore
from huey_tasks.credentials.records import (
    KeyRecord,
    StoredKey,
    digest_of,
    new_key,
    record_of,
    record_of_setting,
)
from huey_tasks.declaration.options import nearest
from huey_tasks.errors import InvalidQuery, Problem
from huey_tasks.queues import BROKERS
from huey_tasks.registry import types
from huey_tasks.values.plain_text import is_plain

#: How many stored keys there may be: a web process reads all of them once a second.
MOST = 200

#: Characters of a name and of a task type, task types of one key, seconds until it expires.
MOST_NAME, MOST_TYPE, MOST_TYPES, MOST_EXPIRY_S = 32, 100, 20, 10 * 366 * 86_400

#: Requests a second: the lowest and the highest rate.
RATES = (0.01, 100_000)

STORE = AccessStore(BROKERS.first)


def create_key(
    name: str,
    role: str,
    *,
    queues: Sequence[str] = (),
    task_types: Sequence[str] = (),
    rate: float | None = None,
    expires_in: float | None = None,
    by: Operator | None = None,
    setting: Sequence[str] = (),
) -> tuple[KeyRecord, str]:
    """Create an API key; returns it, and the key itself, which is shown only now.

    `name`: of no other key; it is free again when that is revoked or has expired.
    `queues`, `task_types`: what it reaches; empty: all. `rate`: requests a second, on average.
    `expires_in`: seconds. `setting`: what API_KEYS has; without any, the first key must be an
    admin that does not expire. Raises InvalidQuery, KeyNameTaken, TooManyKeys, LastAdmin,
    QueueUnavailable.
    """
    wrong = [*_wrong_names(name, role), *_wrong_reach(role, queues, task_types)]
    wrong += [*_wrong_numbers(rate, expires_in)]
    if wrong:
        raise InvalidQuery(wrong)
    if any(each.holder == name for each in api_keys.read(setting)):
        raise KeyNameTaken(f"A key of API_KEYS has the name '{name}'.")
    key_id, key = new_key()
    now_ms = BROKERS.now_ms()
    made = StoredKey(
        key_id,
        name,
        Role(role),
        tuple(dict.fromkeys(queues)),
        tuple(dict.fromkeys(task_types)),
        rate,
        digest_of(key),
        now_ms,
        by.who if by else "",
        0 if expires_in is None else now_ms + round(expires_in * 1000),
    )
    operation = trail.as_argument(BROKERS, Action.KEY_CREATE, by, f"{name} ({role}, {key_id})")
    answer = STORE.save(key_id, made.as_json(), MOST, keep_admin=not setting, operation=operation)
    if answer == "full":
        raise TooManyKeys(f"There are {MOST} API keys, the maximum; revoke some first.")
    if answer == "taken":
        raise KeyNameTaken(f"Another key has the name '{name}': revoke it, or choose another name.")
    if answer == "last":
        raise LastAdmin("The first key must be an admin without an expiry: it makes the others.")
    return record_of(made, None), key


def list_keys(setting: Sequence[str] = ()) -> list[KeyRecord]:
    """Return the keys of API_KEYS (`setting`), then the stored ones, the oldest first.

    Raises QueueUnavailable.
    """
    used = STORE.used()
    fixed = {key.id: Holder(key.id, key.holder) for key in api_keys.read(setting)}
    stored = map(StoredKey.of_json, STORE.read().records.values())
    in_order = sorted(stored, key=lambda key: (key.created_ms, key.id))
    return [
        *(record_of_setting(holder, used.get(key_id)) for key_id, holder in fixed.items()),
        *(record_of(key, used.get(key.id)) for key in in_order),
    ]


def revoke_key(
    key_id: str,
    by: Operator | None = None,
    *,
    setting: Sequence[str] = (),
    even_last: bool = False,
) -> None:
    """Revoke an API key: within a second or two it opens nothing any more.

    `even_last`: also the last admin while API_KEYS is empty. With the last key of all the service
    is open again. Raises KeyNotFound, KeyFixed, LastAdmin, QueueUnavailable.
    """
    if any(key.id == key_id for key in api_keys.read(setting)):
        raise KeyFixed("It is one of API_KEYS: take it out of the setting, and start again.")
    operation = trail.as_argument(BROKERS, Action.KEY_REVOKE, by, key_id[:64])
    keep_admin = not setting and not even_last
    answer = STORE.save(key_id, "", MOST, keep_admin=keep_admin, operation=operation)
    if answer == "gone":
        named = [key.id for key in list_keys(setting) if key.name == key_id]
        hint = f"; the key of that name has the id {named[0]}" if named else ""
        raise KeyNotFound(f"There is no API key with the id '{key_id[:64]}'{hint}.")
    if answer == "last":
        raise LastAdmin("It is the last admin key that lasts, and API_KEYS is empty.")


def _wrong_names(name: str, role: str) -> list[Problem]:
    wrong: list[Problem] = []
    if not name.strip() or len(name) > MOST_NAME or not is_plain(name):
        rule = f"A name has 1 to {MOST_NAME} characters, without control characters."
        wrong.append(Problem("/name", "name", rule))
    if role not in list(Role):
        wrong.append(
            Problem(
                "/role",
                "role",
                f"The roles are {', '.join(Role)}{nearest(role, map(str, Role)) or '.'}",
            )
        )
    return wrong


def _wrong_reach(role: str, queues: Sequence[str], task_types: Sequence[str]) -> list[Problem]:
    known = ", ".join(BROKERS)
    wrong = [
        Problem(
            f"/queues/{at}",
            "unknown_queue",
            f"The queues are {known}{nearest(queue, BROKERS) or '.'}",
        )
        for at, queue in enumerate(queues)
        if queue not in BROKERS
    ]
    if len(task_types) > MOST_TYPES:
        rule = f"A key has at most {MOST_TYPES} task types; none for all."
        wrong.append(Problem("/task_types", "too_many", rule))
    rule = f"A task type has 1 to {MOST_TYPE} characters, without control characters."
    no_names = [
        Problem(f"/task_types/{at}", "task_type", rule)
        for at, name in enumerate(task_types)
        if not 0 < len(name) <= MOST_TYPE or not is_plain(name)
    ]
    wrong += no_names or types.unknown(task_types)
    if role == Role.ADMIN and (queues or task_types):
        rule = "An admin reaches everything: it could make itself a key that does."
        wrong.append(Problem("/role", "conflict", rule))
    return wrong[:10]


def _wrong_numbers(rate: float | None, expires_in: float | None) -> list[Problem]:
    wrong: list[Problem] = []
    if rate is not None and not _is_within(rate, *RATES):
        rule = f"A rate is {RATES[0]} to {RATES[1]} requests a second; leave it out for no limit."
        wrong.append(Problem("/rate", "number", rule))
    if expires_in is not None and not _is_within(expires_in, 1, MOST_EXPIRY_S):
        rule = "An expiry is 1 second to ten years from now, in seconds."
        wrong.append(Problem("/expires_in", "number", rule))
    return wrong


def _is_within(value: float, least: float, most: float) -> bool:
    return not isinstance(value, bool) and math.isfinite(value) and least <= value <= most
