"""Thumbnails of product pictures."""

from pathlib import Path

from PIL import Image

from huey_tasks import task


@task(queue="low", retries=1, timeout=60)
def make_thumbnail(picture: Path, width: int = 160) -> str:
    """Store a small copy beside the picture; return its path."""
    small = picture.with_name(f"{picture.stem}-{width}{picture.suffix}")
    with Image.open(picture) as image:
        image.thumbnail((width, image.height))
        image.save(small)
    return str(small)
