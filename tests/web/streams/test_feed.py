"""The rhythm of the feed: one reading a tick, however many listen."""

import threading
import time

from tests.waiting import wait_until
from web.streams.feed import Feed, Frame


class Source:
    """Something that counts how often it is read."""

    def __init__(self) -> None:
        self.reads: list[float] = []
        self.numbers: list[tuple[int, str]] = []
        self.fails = False

    def read(self, number: int, epoch: str) -> str:
        self.numbers.append((number, epoch))
        self.reads.append(time.monotonic())
        if self.fails:
            raise RuntimeError("cannot be read now")
        return f"frame {len(self.reads)}"


def test_nobody_listens_and_nothing_is_read() -> None:
    source = Source()
    Feed(source.read, period_s=0.01)
    assert threading.Event().wait(0.1) is False
    assert source.reads == []


def test_the_first_frame_comes_at_once() -> None:
    source = Source()
    feed, woken = Feed(source.read, period_s=60), threading.Event()
    with feed.listen(woken.set):
        assert woken.wait(60)
        assert feed.latest is not None
        assert feed.latest.text == "frame 1"


def test_a_hundred_listeners_cost_one_reading_a_tick() -> None:
    source, period_s, begun = Source(), 0.2, time.monotonic()
    feed = Feed(source.read, period_s=period_s)
    wakes = [threading.Event() for _ in range(100)]
    listening = [feed.listen(wake.set) for wake in wakes]
    for one in listening:
        one.__enter__()
    wait_until(lambda: len(source.reads) >= 3, description="three ticks")
    for one in listening:
        one.__exit__(None, None, None)

    assert all(wake.is_set() for wake in wakes)
    # A reading may be late; counted from the beginning there are no more than ticks.
    for ticks, read_at in enumerate(source.reads):
        assert read_at - begun >= ticks * period_s


def test_reading_ends_with_the_last_listener() -> None:
    source = Source()
    feed = Feed(source.read, period_s=0.05)
    with feed.listen(lambda: None):
        wait_until(lambda: source.reads, description="a first reading")
    wait_until(
        lambda: not any(thread.name == "duckline-feed" for thread in threading.enumerate()),
        description="the feed's thread ends",
    )
    assert feed.listeners == 0


def test_coming_and_going_does_not_speed_the_readings_up() -> None:
    source = Source()
    feed = Feed(source.read, period_s=30)
    for _ in range(20):
        with feed.listen(lambda: None):
            wait_until(lambda: feed.latest, description="a frame")
    assert len(source.reads) == 1


def test_a_failed_reading_is_logged_and_the_next_one_is_tried() -> None:
    source = Source()
    source.fails = True
    feed, woken = Feed(source.read, period_s=0.05), threading.Event()
    with feed.listen(woken.set):
        wait_until(lambda: len(source.reads) >= 2, description="two failed readings")
        assert feed.latest is None
        source.fails = False
        assert woken.wait(60)


def test_frames_are_numbered_within_the_epoch_of_the_feed() -> None:
    source, other = Source(), Source()
    feed = Feed(source.read, period_s=0.01)
    with feed.listen(lambda: None), Feed(other.read).listen(lambda: None):
        wait_until(lambda: len(source.numbers) >= 3, description="three readings")
        wait_until(lambda: other.numbers, description="a reading of another feed")

    assert source.numbers[:3] == [(1, feed.epoch), (2, feed.epoch), (3, feed.epoch)]
    assert other.numbers[0][1] != feed.epoch


def test_a_number_is_not_spent_on_a_failed_reading() -> None:
    source = Source()
    source.fails = True
    feed = Feed(source.read, period_s=0.01)
    frames: list[Frame | None] = []
    with feed.listen(lambda: frames.append(feed.latest)):
        wait_until(lambda: len(source.numbers) >= 2, description="two failed readings")
        source.fails = False
        wait_until(lambda: frames, description="a frame")
    assert frames[0] is not None
    assert frames[0].number == 1


def test_a_stop_wakes_every_listener() -> None:
    feed, woken = Feed(Source().read, period_s=60), threading.Event()
    with feed.listen(woken.set):
        wait_until(lambda: feed.latest, description="a frame")
        woken.clear()
        feed.stop()
        assert woken.wait(60)
        assert feed.stopping
