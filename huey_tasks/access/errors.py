"""The errors of API keys, below DucklineError."""

from huey_tasks.errors import DucklineError, QueueUnavailable


class KeysLost(QueueUnavailable):
    """Redis has no API key any more, and nobody has revoked the last one: its data are lost."""

    code = "keys_lost"


class Forbidden(DucklineError):
    """The caller's key has not the role, or not the reach, for this."""

    code = "forbidden"


class KeyNotFound(DucklineError):
    """No API key has that id."""

    code = "key_not_found"


class KeyNameTaken(DucklineError):
    """Another API key has that name, and has not expired."""

    code = "key_name_taken"


class KeyFixed(DucklineError):
    """The key is one of API_KEYS: only the setting can change it."""

    code = "key_fixed"


class LastAdmin(DucklineError):
    """Without this admin key nobody could make keys any more."""

    code = "last_admin"


class RateExceeded(DucklineError):
    """The key has sent as many requests as its rate allows."""

    code = "rate_exceeded"

    def __init__(self, detail: str, retry_after_s: int) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class TooManyKeys(DucklineError):
    """There are as many API keys as there may be."""

    code = "too_many_keys"
