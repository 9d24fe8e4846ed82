"""The report of the night, into SQLite."""

import contextlib
import datetime as dt
import os
import sqlite3

from huey_tasks import task


def database() -> contextlib.closing[sqlite3.Connection]:
    """Open the shop's database; the caller commits."""
    return contextlib.closing(sqlite3.connect(os.environ.get("SHOP_DB", "shop.db")))


@task(queue="low", retries=2, schedule="0 3 * * *", timezone="Europe/Berlin")
def nightly_report(day: dt.date | None = None) -> dict[str, float]:
    """Sum up the orders of a day, by default yesterday; a repeat writes the same row again."""
    day = day or dt.date.today() - dt.timedelta(days=1)
    with database() as db, db:
        db.execute("CREATE TABLE IF NOT EXISTS reports (day TEXT PRIMARY KEY, orders, total)")
        query = "SELECT count(*), coalesce(sum(total), 0) FROM orders WHERE day = ?"
        orders, total = db.execute(query, (day.isoformat(),)).fetchone()
        db.execute("REPLACE INTO reports VALUES (?, ?, ?)", (day.isoformat(), orders, total))
    return {"orders": orders, "total": total}
