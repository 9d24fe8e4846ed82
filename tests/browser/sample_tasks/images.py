"""A task as people write it: what the screenshots show beside the demo tasks."""

import logging
import time

from huey_tasks import current_task, task

log = logging.getLogger("images")


@task(queue="default", retries=1, retry_delay=2)
def resize_image(url: str, width: int = 640) -> dict[str, str | int]:
    """Store a copy of the image, `width` pixels wide."""
    log.info("downloading %s", url)
    current_task.progress(0.2, "downloading")
    time.sleep(1.2)
    if "missing" in url:
        raise FileNotFoundError(f"404 Not Found: {url}")
    current_task.progress(0.7, "decoded")
    log.info("decoded 2048 × 1365 pixels")
    time.sleep(0.8)
    return {"url": url, "width": width, "bytes": 183_274}
