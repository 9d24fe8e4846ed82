"""The variables that settings are read from: the process's own, `.env`, and files with secrets.

This is the only module that reads `os.environ`. It knows no setting's meaning.
"""

import difflib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from huey_tasks.errors import ConfigError

#: From this likeness on a name counts as a misspelling of another; 1 is the same name.
#: PORTS and PORT score 0.89, XDG_DATA_DIRS and DATA_DIR 0.76.
_ALIKE = 0.85
#: The same for a name in `.env`, which only Duckline reads.
_ALIKE_IN_DOTENV = 0.75
_LONGEST_SECRET = 64 * 1024
#: The mapping of this process, and the dict inside, whose reads are a hundred times as fast.
_ENVIRON, _ENVIRONB = os.environ, os.environb
_DATA: dict[bytes, bytes] = vars(os.environ)["_data"]
#: `up` sets it for the processes that it starts, because it has looked for misspelt names.
CHECKED = "SETTINGS_ARE_CHECKED"


def read(secrets: Sequence[str] = ()) -> Mapping[str, str]:
    """Return the variables of this process over those of `.env` over those of secret files.

    `API_KEYS_FILE=/run/secrets/api_keys` gives API_KEYS that file's text, for each name in
    `secrets`, so that a container's secrets need not be in its environment. Raises ConfigError
    for a file that cannot be read, and for a secret that is given in both ways.
    """
    variables = {**_dotenv(), **os.environ}
    return {**variables, **dict(_from_files(variables, secrets))}


def forget(*names: str) -> None:
    """Remove variables from this process and its children: tasks must not read them."""
    for name in names:
        os.environ.pop(name, None)
        os.environ.pop(f"{name}_FILE", None)


def misspelt(names: Sequence[str]) -> list[str]:
    """Return a line for each variable that is probably a misspelling of one of `names`.

    Returns none in a process that `up` started, which has reported them for all.
    """
    if os.environ.get(CHECKED) == "1":
        return []
    known = {*names, *(f"{name}_FILE" for name in names)}
    suspects = dict.fromkeys(os.environ, _ALIKE) | dict.fromkeys(_dotenv(), _ALIKE_IN_DOTENV)
    return [
        f"{name} is no setting and changes nothing; did you mean {nearest[0]}?"
        for name, alike in suspects.items()
        if name not in known
        and (nearest := difflib.get_close_matches(name.upper(), names, n=1, cutoff=alike))
    ]


def own_command() -> str:
    """Return how Duckline is called where it does not say: `checkout_command` in a checkout."""
    root = Path(__file__).parents[2]
    is_checkout = (root / "app.py").is_file() and (root / "gunicorn.conf.py").is_file()
    return checkout_command() if is_checkout else "duckline"


def checkout_command() -> str:
    """Return `.venv/bin/python app.py`, with the Python of this process.

    It is `python app.py` if that Python is not in the working folder, as in a container.
    """
    python, here = Path(sys.executable), Path.cwd()
    return f"{python.relative_to(here) if python.is_relative_to(here) else 'python'} app.py"


def variables() -> dict[bytes, bytes]:
    """Return the current variables of this process; none if a task replaced `os.environ`."""
    return dict(_DATA) if os.environ is _ENVIRON else {}


def count() -> int:
    """Return the number of variables, -1 if a task replaced `os.environ`; faster than a read."""
    return len(_DATA) if os.environ is _ENVIRON else -1


def put_back(known: Mapping[bytes, bytes]) -> None:
    """Restore the variables of the process to `known`, and remove all others."""
    os.environ, os.environb = _ENVIRON, _ENVIRONB
    for name in _DATA.keys() - known.keys():
        del _ENVIRONB[name]
    _ENVIRONB.update(known)


def _dotenv() -> dict[str, str]:
    if not Path(".env").exists():
        return {}
    from dotenv import dotenv_values  # most applications have no such file here

    return {name: value for name, value in dotenv_values(".env").items() if value is not None}


def _from_files(variables: Mapping[str, str], secrets: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name in secrets:
        path = variables.get(f"{name}_FILE", "").strip()
        if not path:
            continue
        if variables.get(name, "").strip():
            raise ConfigError(f"{name} and {name}_FILE are both set; set one of them.")
        try:
            with Path(path).open(encoding="utf-8") as file:
                yield name, file.read(_LONGEST_SECRET).strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise ConfigError(f"{name}_FILE={path[:64]!r} cannot be read: {why}.") from error
