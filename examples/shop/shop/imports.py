"""Import customers from a CSV file."""

import csv
import logging
from pathlib import Path

from huey_tasks import current_task, task
from shop.reports import database

log = logging.getLogger(__name__)


@task(timeout=3600)
def import_customers(file: Path) -> dict[str, int]:
    """Store each row with a mail address; say how far it is, and which rows are wrong."""
    rows = list(csv.DictReader(file.read_text().splitlines()))
    stored = 0
    with database() as db:
        db.execute("CREATE TABLE IF NOT EXISTS customers (mail TEXT PRIMARY KEY, name TEXT)")
        for number, row in enumerate(rows, 1):
            if "@" not in row["mail"]:
                log.warning("row %d has no mail address", number)
                continue
            with db:
                db.execute("REPLACE INTO customers VALUES (?, ?)", (row["mail"], row["name"]))
            stored += 1
            if number % 100 == 0 or number == len(rows):
                current_task.progress(number / len(rows), f"{number} of {len(rows)} rows")
    return {"stored": stored, "wrong": len(rows) - stored}
