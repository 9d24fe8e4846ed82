"""The keys in Redis of API keys; they are of all queues. `keys.py` has those of tasks."""

from huey_tasks.broker.keys import of_all_queues


def api_keys() -> str:
    """HASH of the API keys by id, JSON, without their secrets; at most 200.

    `key_save` writes it; until they are revoked.
    """
    return of_all_queues("api-keys")


def session(digest: str) -> str:
    """STRING, a session of a browser by the SHA-256 of its id. 12 hours.

    The id of its key, and an HMAC that only who has the session and knows the key can make.
    """
    return of_all_queues(f"session:{digest}")


def sessions(key_id: str) -> str:
    """LIST of the sessions of one API key, the latest first. 12 hours after the latest."""
    return of_all_queues(f"sessions:{key_id}")


def revoked() -> str:
    """STRING, there when the last API key was revoked, until there is one again: nobody needs one.

    `key_save` writes it. Without it a Redis without keys is new, or has lost them.
    """
    return of_all_queues("api-keys-revoked")


def used() -> str:
    """HASH: when each API key was last used, in ms. 400 days after the last use of any."""
    return of_all_queues("api-keys-used")
