"""Huey's own tests hold on our queue, line by line, but for what is listed here with its reason.

Numbers are lines of huey/tests/<module>.py of Huey 3.5.4. A listed line must fail, and no other
may; so a difference that has gone, like one that has come, fails this suite. An exception, unlike
an assertion, ends its test: what stands behind the last listed line may not have been asked.
"""

import os
import time
from collections.abc import Iterator

import huey
import pytest

from tests.engine import huey_suite

AT_ONCE = "A task with a delay goes to the schedule at once, not through a worker."
CLOCK = (
    "Redis' clock decides, at the claim, what is due and what is too late; no caller's time does."
)
KEPT = (
    "Results are kept for their time, read or not, those of None and of periodic tasks among them."
)
REVOKED = "A revocation stays until it expires: gone before the commit, a crash would undo it."
WITHHELD = "Only the end of a task is its result; the error of an attempt before is in its record."
AS_SUBMITTED = (
    "Lists show tasks as submitted; the time and number of their retries is in their record."
)
IN_QUEUE = (
    "What waits for a lock or a limit waits in its queue, not on the schedule, and loses no retry."
)
ONCE = "An id is accepted once: to enqueue the same task again changes nothing."
JSON = "Values travel as JSON, not as pickles: a tuple is a list, an exception its type and text."
AFTER = "A result is there with the commit, which follows the signal and may still be refused."
GATE = "The last member's commit lets a chord's callback through in Redis, where no signal is sent."
ORDER = "A chord's callback is queued before its last member's error handler; both run."
TEXT_ONLY = "An error is kept as text and traceback, with nothing that a subclass adds."
SUPERVISOR = (
    "Our consumer supervises processes or greenlets; it has neither threads nor Huey's parts."
)
TWO_URLS = "Two URLs name the servers of our storage, and it takes no other options."
OUR_REFUSAL = "A coroutine is refused by an error of ours, which says what to write instead."
INSIDE = "It looks at, or replaces, what another storage is made of."

#: What does not hold: the test, and for each reason the lines.
DIFFERENCES: dict[str, dict[str, set[int]]] = {
    "test_api.TestAsyncTasks.test_async_task_rejected": {OUR_REFUSAL: {1347}},
    "test_api.TestQueue.test_cancel_execution": {WITHHELD: {1201, 1206}},
    "test_api.TestQueue.test_cancel_execution_task_retries": {WITHHELD: {1227, 1232}},
    "test_api.TestQueue.test_expires": {CLOCK: {599}},
    "test_api.TestQueue.test_pending_scheduled_unregistered": {AT_ONCE: {1303}},
    "test_api.TestQueue.test_read_schedule": {CLOCK: {1272}},
    "test_api.TestQueue.test_reschedule": {KEPT: {525}, AT_ONCE: {532}},
    "test_api.TestQueue.test_reschedule_expires": {CLOCK: {676, 677, 678, 682}},
    "test_api.TestQueue.test_reschedule_no_delay": {KEPT: {565}},
    "test_api.TestQueue.test_result_readiness_reads_result": {KEPT: {145, 152}},
    "test_api.TestQueue.test_result_store": {KEPT: {93, 95, 102}},
    "test_api.TestQueue.test_retries_with_override": {KEPT: {923}, WITHHELD: {931}},
    "test_api.TestQueue.test_retry": {WITHHELD: {877}},
    "test_api.TestQueue.test_retry_backoff": {WITHHELD: {1036}},
    "test_api.TestQueue.test_retry_delay": {WITHHELD: {998}},
    "test_api.TestQueue.test_retry_delay_periodic": {AS_SUBMITTED: {1022, 1023, 1024}},
    "test_api.TestQueue.test_retry_to_success": {KEPT: {989}},
    "test_api.TestQueue.test_retrying_exceptions_not_surfaced": {JSON: {1170}},
    "test_api.TestQueue.test_retrytask_eta_delay": {AS_SUBMITTED: {1089}},
    "test_api.TestQueue.test_retrytask_explicit": {KEPT: {1116, 1136}},
    "test_api.TestQueue.test_revoke_once": {KEPT: {416}},
    "test_api.TestQueue.test_revoke_task_instance": {REVOKED: {315}, ONCE: {317}},
    "test_api.TestQueue.test_revoke_task_instance_persistent": {REVOKED: {341}, ONCE: {346}},
    "test_api.TestQueue.test_revoke_until": {KEPT: {451}},
    "test_api.TestQueue.test_schedule_s": {AT_ONCE: {200}},
    "test_api.TestQueue.test_scheduling": {AT_ONCE: {160, 161, 164}},
    "test_api.TestQueue.test_scheduling_expires": {AT_ONCE: {643, 644, 647}},
    "test_api.TestQueue.test_task_error": {KEPT: {838}},
    "test_api.TestQueue.test_workflow": {KEPT: {79}},
    "test_api.TestDecorators.test_task_id": {AT_ONCE: {1418, 1419}},
    "test_api.TestGroupPrimitive.test_group_callback_task_args": {JSON: {1726}},
    "test_api.TestChordPrimitive.test_chord": {KEPT: {1816, 1818}},
    "test_api.TestChordPrimitive.test_chord_bookkeeping_cleared": {INSIDE: {2029}},
    "test_api.TestChordPrimitive.test_chord_callback_err": {JSON: {1900}},
    "test_api.TestChordPrimitive.test_chord_error_cb": {ORDER: {2094, 2095, 2096}},
    "test_api.TestChordPrimitive.test_chord_member_error_callback_independent": {
        ORDER: {2145, 2146}
    },
    "test_api.TestChordPrimitive.test_chord_expired_member": {CLOCK: {1979, 1980, 1984, 1985}},
    "test_api.TestChordPrimitive.test_chord_scheduling": {AT_ONCE: {2279}},
    "test_api.TestChordPrimitive.test_chord_total_failure": {WITHHELD: {2108}},
    "test_api.TestChordPrimitive.test_empty_chord": {ONCE: {1799}},
    "test_api.TestTaskChaining.test_chain_errors": {JSON: {2687, 2688}},
    "test_api.TestTaskChaining.test_error_callback": {JSON: {2558}},
    "test_api.TestTaskChaining.test_error_callback_retries": {WITHHELD: {2581}, JSON: {2590}},
    "test_api.TestTaskChaining.test_pipeline_revoke_midway": {REVOKED: {2651}},
    "test_api.TestTaskChaining.test_pipeline_tuple": {JSON: {2463}},
    "test_api.TestRateLimit.test_execution": {IN_QUEUE: {2797, 2801}},
    "test_api.TestRateLimit.test_task_with_retries": {IN_QUEUE: {2848, 2850}},
    "test_api.TestHueyAPIs.test_put_get": {JSON: {2920}},
    "test_api.TestDisableResultStore.test_disable_result_store": {KEPT: {2963}},
    "test_api.TestStoreIntermediateErrors.test_on_error_deferred": {JSON: {3063}},
    "test_api.TestStorageWrappers.test_storage_wrappers": {AT_ONCE: {3084, 3085, 3091, 3093}},
    "test_api.TestCustomErrorMetadata.test_custom_error": {TEXT_ONLY: {3133}},
    "test_consumer.TestConsumerIntegration.test_consumer_schedule_task": {
        AT_ONCE: {95},
        CLOCK: {107, 108, 111, 112, 117, 121, 122, 124},
    },
    "test_consumer.TestConsumerConfig.test_consumer_config": {SUPERVISOR: {217}},
    "test_consumer.TestConsumerConfig.test_default_config": {SUPERVISOR: {202}},
    "test_consumer.TestConsumerConfig.test_process_environment_uses_fork": {SUPERVISOR: {234}},
    "test_consumer.TestConsumerConfig.test_shutdown_options": {SUPERVISOR: {250}},
    "test_consumer.TestConsumerShutdown.test_immediate_stop_ignores_stop_flag": {SUPERVISOR: {436}},
    "test_consumer.TestConsumerShutdown.test_notify_interrupted_completing_task": {
        SUPERVISOR: {341}
    },
    "test_consumer.TestConsumerShutdown.test_notify_interrupted_pop_race": {SUPERVISOR: {377}},
    "test_consumer.TestConsumerShutdown.test_shutdown_timeout": {SUPERVISOR: {310}},
    "test_consumer.TestConsumerShutdown.test_signal_handlers": {SUPERVISOR: {400}},
    "test_consumer.TestConsumerShutdown.test_sleep_wakes_on_stop": {SUPERVISOR: {287}},
    "test_priority.TestPriority.test_priority_retry": {WITHHELD: {140}},
    "test_priority.TestPriority.test_schedule_priority": {AT_ONCE: {94}},
    "test_signals.TestSignals.test_signal_complete_result_ready": {AFTER: {55}},
    "test_signals.TestSignals.test_signal_expired": {CLOCK: {165, 166}},
    "test_signals.TestSignals.test_signals_chord": {GATE: {194}},
    "test_signals.TestSignals.test_signals_chord_error": {GATE: {213}},
    "test_signals.TestSignals.test_signals_locked": {IN_QUEUE: {111}},
    "test_signals.TestSignals.test_signals_ratelimit": {IN_QUEUE: {128}},
    "test_signals.TestSignals.test_signals_simple": {AT_ONCE: {34}},
    "test_storage.TestRedisStorage.test_conflicting_init_args": {TWO_URLS: {316}},
    "test_storage.TestRedisStorage.test_name_not_mangled": {TWO_URLS: {323, 326, 327, 331}},
    "test_storage.TestRedisStorage.test_put_if_empty_ttl_unsupported": {INSIDE: {305, 307, 308}},
    "test_storage.TestRedisStorageOffline.test_dequeue_error_handling": {INSIDE: {476}},
    "test_storage.TestRedisStorageOffline.test_enqueued_items_limit": {INSIDE: {495, 496, 500}},
    "test_storage.TestRedisStorageWaitResult.test_notify_ttl": {TWO_URLS: {349}},
    "test_storage.TestRedisExpireStorage.test_integration_2": {
        REVOKED: {433, 434},
        KEPT: {437, 444},
    },
    "test_storage.TestRedisExpireStorage.test_schedule_methods": {
        CLOCK: {134, 137, 141, 143, 144, 146}
    },
    "test_storage.TestSqliteStorage.test_create_tables": {INSIDE: {517, 518}},
    "test_storage.TestSqliteStorage.test_task_index": {INSIDE: {608}},
    "test_storage.TestSqliteStorage.test_timeout": {INSIDE: {545}},
}

#: What is not run, a module, a class or a test: what it asks has nothing to do with our queue.
NOT_ASKED = {
    "test_crontab": "Huey's crontab alone: no queue.",
    "test_django_tasks": "Huey as a backend of Django.",
    "test_mini": "MiniHuey, another queue, inside of one process.",
    "test_postgres": "The storage on Postgres.",
    "test_serializer": "Huey's own serializer, pickle, which we do not use.",
    "test_sql_huey": "The storage on peewee.",
    "test_stats": "Huey's statistics on peewee, which we do not use.",
    "test_utils": "Huey's helpers for times and locks of files: no queue.",
    "test_wrappers": "Which storage each of Huey's own classes has.",
    "test_consumer.TestForkSafeFlag": "Huey's flag alone: no queue.",
    "test_consumer.TestProcessTimeout": "Huey's alarm alone: no queue.",
    "test_consumer.TestProcessWorkers": "Huey's consumer with its own worker processes, on SQLite.",
    "test_immediate.TestImmediateMemoryStorage": "A queue of its own, on a storage of its own.",
    "test_storage.TestCySqliteStorage": "The storage on cysqlite.",
    "test_storage.TestFileStorageMethods": "The storage in files.",
    "test_storage.TestSqliteStorage.test_first_open_waits_for_write_lock": "A lock of SQLite.",
    "test_storage.TestSqliteStorage.test_read_schedule_large": "test_schedule_methods, with 5,000.",
}


def _asked(name: str) -> bool:
    parts = name.split(".")
    return not any(".".join(parts[:length]) in NOT_ASKED for length in (1, 2, 3))


ASKED = [name for name in huey_suite.names() if _asked(name)]


@pytest.fixture(scope="module", autouse=True)
def utc() -> Iterator[None]:
    """Run in UTC: our times are UTC, and Huey's tests calculate in local time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize("name", ASKED)
def test_of_huey_holds_but_for_what_is_listed(name: str) -> None:
    failed = huey_suite.run(name)
    listed = set[int]().union(*DIFFERENCES.get(name, {}).values())
    assert set(failed) == listed, "\n".join(
        [f"line {line} fails: {failed[line]}" for line in sorted(set(failed) - listed)]
        + [f"line {line} is listed and holds" for line in sorted(listed - set(failed))]
    )


def test_what_is_listed_exists() -> None:
    assert huey.__version__ == "3.5.4", "another Huey: look at each listed line again"
    assert set(ASKED) >= set(DIFFERENCES)
    everything = huey_suite.names()
    for left_out in NOT_ASKED:
        assert any(f"{name}.".startswith(f"{left_out}.") for name in everything), left_out
