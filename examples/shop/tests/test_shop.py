"""Each task of the shop, run in this process."""

import datetime as dt

import pytest
from PIL import Image
from shop import accounts, geocoding, images, imports, mail, newsletter, rates, reports

import huey_tasks


def test_a_receipt_is_sent_once(eager):
    handle = mail.send_receipt.submit(order_id=17, to="ada@example.com")
    assert mail.outbox[handle.id] == "Receipt of order 17 to ada@example.com"
    assert handle.queue == "high"


def test_a_thumbnail_has_its_width(eager, tmp_path):
    Image.new("RGB", (800, 400)).save(tmp_path / "duck.png")
    small = images.make_thumbnail.submit(tmp_path / "duck.png", width=80).result()
    with Image.open(small) as image:
        assert image.size == (80, 40)


def test_the_report_sums_up_a_day(eager, database):
    with database:
        database.execute("CREATE TABLE orders (day, total)")
        orders = [("2026-11-27", 5.0), ("2026-11-27", 7.5), ("2026-11-26", 1.0)]
        database.executemany("INSERT INTO orders VALUES (?, ?)", orders)
    handle = reports.nightly_report.submit(dt.date(2026, 11, 27))
    assert handle.result() == {"orders": 2, "total": 12.5}
    assert database.execute("SELECT * FROM reports").fetchall() == [("2026-11-27", 2, 12.5)]


def test_an_import_says_how_far_it_is(eager, database, tmp_path):
    rows = [f"Duck {n},duck{n}@example.com" for n in range(150)] + ["Nobody,none"]
    (tmp_path / "customers.csv").write_text("\n".join(["name,mail", *rows]))
    handle = imports.import_customers.submit(tmp_path / "customers.csv")
    assert handle.result() == {"stored": 150, "wrong": 1}
    record = handle.record()
    assert record.progress.text == "100 of 151 rows"
    assert [line.text for line in record.log] == ["row 151 has no mail address"]


def test_a_flaky_service_is_asked_again(eager, monkeypatch):
    answers = iter([OSError("away"), OSError("away"), 1.07])

    def service(currency):
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    monkeypatch.setattr(rates, "service", service)
    handle = rates.fetch_rate.submit("EUR")
    assert (handle.result(), handle.record().attempt) == (1.07, 3)


def test_a_newsletter_goes_to_all_and_is_closed_once(eager):
    eager.raises = False
    readers = [f"duck{n}@example.com" for n in range(98)] + ["a@invalid", "b@invalid"]
    newsletter.send_newsletter.submit(readers, subject="News")
    assert sorted(newsletter.sent) == sorted(readers[:98])
    (closed,) = eager.of("close_issue")
    assert closed.result == {"sent": 98, "failed": 2}


def test_an_account_is_settled_by_one_worker_at_a_time(live):
    handles = accounts.settle_account.starmap([(7, 1.0)] * 10)
    assert [handle.result(timeout_s=20) for handle in handles].count(10.0) <= 1
    assert all(handle.record().attempt == 1 for handle in handles)


def test_the_limit_of_a_service_is_kept(live):
    handles = geocoding.locate.map(f"Pond {n}" for n in range(7))
    assert handles[0].result(timeout_s=20) == list(geocoding.ask("Pond 0"))
    assert [handle.result(timeout_s=20) for handle in handles][6] == list(geocoding.ask("Pond 6"))
    assert {handle.record().attempt for handle in handles} == {1}  # to wait is no failure


def test_a_failure_is_where_it_was_caused(eager):
    with pytest.raises(huey_tasks.TaskFailed) as failed:
        newsletter.send_issue.submit("a@invalid", "News")
    assert isinstance(failed.value.__cause__, ValueError)
