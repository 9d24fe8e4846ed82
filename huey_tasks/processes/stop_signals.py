"""The signals that ask a process for an orderly end: of a supervisor, a terminal, its closing."""

import signal

#: All of them.
STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def heard() -> tuple[signal.Signals, ...]:
    """Return those that stop this process: not SIGHUP under nohup, which ignores it on purpose.

    SIGINT stops it although a script's `&` ignores it: that is only a default.
    """
    is_nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return tuple(s for s in STOPS if s != signal.SIGHUP or not is_nohup)


def reset() -> None:
    """In a forked child: let them, and SIGCHLD, do again what they do in any program."""
    for signum in (*heard(), signal.SIGCHLD):
        signal.signal(signum, signal.SIG_DFL)
