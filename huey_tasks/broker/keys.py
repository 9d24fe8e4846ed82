"""The keys of queues and their tasks in Redis: type, life time, who writes and who reads each.

The other nouns have theirs in `access_keys`, `event_keys` and so on. The Lua scripts get a queue's
root as their only key and build the others as `lua/lib/keys.lua` does; a test holds the two against
each other. Times are milliseconds since the epoch by Redis' clock.
"""

#: What every key begins with; KEY_PREFIX sets it, so that several stacks can share one server.
_prefix = "duckline"

#: The queues, most urgent first; QUEUES sets them.
_queues: tuple[str, ...] = ("high", "default", "low")


def use(prefix: str, queues: tuple[str, ...]) -> None:
    """Let this process know the settings KEY_PREFIX and QUEUES; called before any key is made."""
    global _prefix, _queues
    _prefix, _queues = prefix, queues


def queue_names() -> tuple[str, ...]:
    """Return the names of the queues, the most urgent first."""
    return _queues


def of_all_queues(name: str) -> str:
    """A key that belongs to no queue; of "*" the pattern that matches every key."""
    return f"{_prefix}:{name}"


def root(queue: str) -> str:
    """The start of every key of a queue."""
    return f"{_prefix}:{{{queue}}}"


def task(queue: str, task_id: str) -> str:
    """HASH, the task itself. Lives until RESULT_TTL_S after its end. Scripts write it."""
    return task_below(root(queue), task_id)


def task_below(start: str, task_id: str) -> str:
    """Return the same key by the start of the keys of its queue."""
    return f"{start}:task:{task_id}"


def index(queue: str, state: str) -> str:
    """ZSET of the ids in one state; a task is in exactly the one of its own state.

    Score: PENDING its place (behind all places while it is `blocked`), SCHEDULED and RETRY when it
    is due, STARTED when its lease ends, a terminal state when it finished. `prune` caps the
    terminal ones by age and by number.
    """
    return f"{root(queue)}:state:{state}"


def submitted(queue: str) -> str:
    """ZSET of all ids by submission time, for lists. `submit` adds, `prune` removes."""
    return f"{root(queue)}:submitted"


def expiring(queue: str) -> str:
    """ZSET of the tasks with a time by which they must have started, by that time, in ms.

    `submit` adds; the end of the task removes, or `expire`, which looks at it at its time.
    """
    return f"{root(queue)}:expiring"


def dead(queue: str) -> str:
    """ZSET of quarantined tasks: they killed their workers, or cannot be read.

    The newest 10,000, whatever their age, until somebody retries them.
    """
    return f"{root(queue)}:dead"


def failures(queue: str) -> str:
    """ZSET of the failure groups, by fingerprint; score: when one was last seen.

    The newest 500. The script that ends a task as failed adds; `prune` takes off empty ones.
    """
    return f"{root(queue)}:failures"


def failure(queue: str, fingerprint: str) -> str:
    """HASH, a failure group: type, frame, message, times, counts by hour and by task type.

    Lives as long as the group has tasks; 24 hours and 20 task types at most. `partial`: it may lack
    tasks of its fingerprint, because an earlier group of it was perhaps dropped.
    """
    return f"{root(queue)}:failure:{fingerprint}"


def messages(queue: str, kind: str) -> str:
    """SET of the groups of one error type and frame, which differ in their messages.

    With 15 of them further messages join one group, whose fingerprint is the `kind`. A group is
    in it as long as it is in `failures`.
    """
    return f"{root(queue)}:messages:{kind}"


def failed(queue: str, fingerprint: str) -> str:
    """ZSET of the tasks of a group by when they failed, in ms; negative: it has been retried."""
    return f"{root(queue)}:failed:{fingerprint}"


def causes(queue: str) -> str:
    """HASH of the fingerprint of each failed task, for `prune`: somebody may erase its record."""
    return f"{root(queue)}:causes"


def counters(queue: str) -> str:
    """HASH of totals since the beginning, one field a counter. Scripts write, `stats` reads.

    SUBMITTED and the terminal states lack what `noted` has. Beside them how the queue is: its
    `mode`, the last `place`.
    """
    return f"{root(queue)}:counters"


def noted(queue: str) -> str:
    """HASH of the counts of the current `minute`, by `type|what`; scripts write.

    `what` is SUBMITTED, RETRY, a terminal state, or `wait.<n>` and `run.<n>`: how many tasks
    waited, or attempts took, a time in bucket n (four to each doubling of milliseconds, 0 to 127).
    `|oldest` is the longest wait, in ms, of a task that still waited. At most 263 numbers a type.
    The script that counts first in a later minute folds it into the history and starts a new one.
    """
    return f"{root(queue)}:noted"


def history(queue: str, span: str, number: int) -> str:
    """HASH of sums by type, '' for all types, over one minute, quarter (of an hour), hour or day.

    A sum is JSON, {what: number}, as in `noted`: at most 6.5 kB of each type, mostly 0.5 kB. Lives
    6 hours, 26 hours, 35 days, 400 days after its end: at most 1,708 hashes. So N types that run
    in every minute take some (N + 1) * 1 MB a queue, and cannot take more than (N + 1) * 12 MB.
    """
    return f"{root(queue)}:history:{span}:{number}"


def dataset(queue: str) -> str:
    """HASH, the mark of a data set: its `id`, one for all queues; `queue.<name>`, when each of its
    queues was first named; `clock`, the last time of Redis' clock that a consumer has seen;
    `vanished_at` and `results_vanished_at`, when data were missed.

    Consumers write it; without it, data that somebody has erased would look like a new start.
    """
    return f"{root(queue)}:dataset"


def results_mark() -> str:
    """STRING in the result backend: the id of the data set that its results belong to."""
    return f"{_prefix}:dataset"


def bell(queue: str, only: str = "") -> str:
    """LIST with at most one element: wakes a worker, or one that runs `only` such; it BLPOPs."""
    return f"{root(queue)}:bell:{only}" if only else f"{root(queue)}:bell"


def call(queue: str, consumer: str) -> str:
    """LIST with at most one element: as `bell`, for the workers of one consumer. 10 minutes."""
    return f"{root(queue)}:call:{consumer}"


def blocked(queue: str, on: str) -> str:
    """ZSET of the blocked tasks, which wait for more than a worker, by their places.

    `on`: "type:<task type>", "lock:<name>", "limit:<uses>:<name>", "alone", "functions", "nested"
    or "concurrency:<task type>". They are PENDING, and their scores are higher than all others in
    that index. `lib/blocked.lua` writes it.
    """
    return f"{root(queue)}:blocked:{on}"


def unknown(queue: str) -> str:
    """SET of the "type:<task type>" for which tasks wait because a consumer did not know it."""
    return f"{root(queue)}:unknown"


def awaited(queue: str) -> str:
    """ZSET of the locks and rate limits that tasks wait for, by when to look at each again."""
    return f"{root(queue)}:awaited"


def slot(queue: str, slot_id: str) -> str:
    """HASH, the last step of a worker and its answer, to answer a re-sent one. 10 minutes."""
    return f"{root(queue)}:slot:{slot_id}"


def log(queue: str, task_id: str) -> str:
    """LIST of the lines that a task logged, the last 500. Lives as long as the task."""
    return f"{root(queue)}:log:{task_id}"


def lines(queue: str) -> str:
    """LIST of the last 1,000 lines that tasks logged, each JSON: [id, type, line]. 7 days.

    A line has at most 2,000 characters, so at most 12 MB if all of those are escaped.
    """
    return f"{root(queue)}:lines"


def gate(callback_id: str) -> str:
    """HASH: how many members of a chord have not ended, and the task that then follows.

    One for all queues, because members may be in several. `submit` and `step` open it; it goes with
    the last member, as every task ends.
    """
    return f"{_prefix}:gate:{callback_id}"


def lock(name: str) -> str:
    """HASH: the attempt that holds a lock of Huey's, one for all queues. Lives until it is free."""
    return f"{_prefix}:lock:{name}"


def limit(queue: str, name: str) -> str:
    """HASH, the current window of a rate limit and its uses. `limit` writes; ends with it."""
    return f"{root(queue)}:limit:{name}"


def consumers(queue: str) -> str:
    """ZSET of consumers by their last heartbeat. `heartbeat` and `leave` write."""
    return f"{root(queue)}:consumers"


def consumer(queue: str, consumer_id: str) -> str:
    """HASH, what a consumer says of itself, and a field for each task type that it knows.

    Lives for 50 s after the last heartbeat.
    """
    return f"{root(queue)}:consumer:{consumer_id}"


def control(queue: str) -> str:
    """Channel, not a key: lets consumers act at once, not at their next look."""
    return f"{root(queue)}:control"


def probe(queue: str) -> str:
    """No key that stays: `permissions` tries on it what the user of Redis may do."""
    return f"{root(queue)}:probe"


def ends(queue: str) -> str:
    """Channel: the id of each ended task that a caller waits for; `finish` publishes it.

    "<id> piece": its function has written more of its answer (`answer_piece`).
    """
    return f"{root(queue)}:ends"


def binned(queue: str, task_id: str) -> str:
    """HASH, a task that an operator has deleted. 10 minutes, in which `restore` brings it back.

    A large outcome, which no task names any more, goes at the end of its own life.
    """
    return f"{root(queue)}:binned:{task_id}"


def binned_log(queue: str, task_id: str) -> str:
    """LIST, the log of a task that was deleted. 10 minutes, as its task."""
    return f"{root(queue)}:binned-log:{task_id}"


def undo(queue: str, operation_id: str) -> str:
    """LIST of what an operation took: ids that `purge` revoked; JSON for `restore`. 10 minutes."""
    return f"{root(queue)}:undo:{operation_id}"


def audit(queue: str) -> str:
    """ZSET of the ids of operators' operations, all of score 0: an id begins with its time.

    The last 10,000 of 90 days. Every script that acts for an operator adds to it.
    """
    return f"{root(queue)}:audit"


def operation(queue: str, operation_id: str) -> str:
    """HASH: what an operator did in this queue, who, why, and to how many tasks. 90 days."""
    return f"{root(queue)}:operation:{operation_id}"


def schedules(queue: str) -> str:
    """ZSET of the names of schedules by when they are due, in ms; `inf` while one is paused.

    At most 1,000 over all queues. The scripts `schedule_*` write; consumers and lists read.
    """
    return f"{root(queue)}:schedules"


def schedule(queue: str, name: str) -> str:
    """HASH, a schedule: what it submits and when, and how that went.

    Lives until it is deleted; a payload of at most 16 kB. Written and read as `schedules`.
    """
    return f"{root(queue)}:schedule:{name}"


def outcome(task_id: str, token: str) -> str:
    """STRING in the result backend: what an attempt returned or raised. RESULT_TTL_S and a minute.

    The token keeps a worker that lost its lease from writing over another's outcome. One that ends
    its task and has at most 4 KiB is the `blob` of the task instead, if both are on one server.
    """
    return f"{_prefix}:outcome:{task_id}:{token}"
