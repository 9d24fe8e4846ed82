"""The files of the pages, under URLs that change with their content, and compressed once.

A browser requests them once and keeps them forever. They are built in memory when the process
starts: nothing is written, so a read-only checkout works. `make dev` serves the files from their
folder.
"""

import gzip
import hashlib
import logging
import mimetypes
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from flask import Blueprint, Flask, Response, current_app
from werkzeug.exceptions import NotFound

from web.http.root_path import address
from web.http.transfer import takes_gzip
from web.pages.bundle import CannotBundle, bundle

log = logging.getLogger("duckline.web.assets")

_FOREVER = "public, max-age=31536000, immutable"
_BOOT = "js/theme_boot.js"
# In the order of the cascade.
_STYLES = tuple(
    f"css/{name}.css"
    for name in (
        "tokens", "base", "components", "tasks", "operations", "schedules", "queues", "failures",
        "workers", "functions", "webhooks", "keys", "flows", "log", "settings", "overview", "app",
    )
)  # fmt: skip
_PICTURES = ("favicon.svg", "favicon-warn.svg", "favicon-bad.svg", "img/logo.svg")
_EXTENSION = "duckline_assets"
# The answer when a page asks for a script of another version: the page comes from an older server,
# or from a newer one of a rolling deployment.
_OTHER_VERSION = """\
const seen = 'duckline-reloaded';
const say = () => {
  const main = document.getElementById('main');
  main.textContent = 'This page and the server are of different versions. Reload the page; if that '
    + 'does not help, something between you and the server serves an old copy of it.';
};
try {
  const before = Number(sessionStorage.getItem(seen));
  sessionStorage.setItem(seen, String(Date.now()));
  if (Date.now() - before < 60000) say();
  else location.reload();
} catch {
  say();
}
"""

assets = Blueprint("assets", __name__)


@dataclass(frozen=True)
class Asset:
    """One file to serve."""

    body: bytes
    mimetype: str

    @cached_property
    def packed(self) -> bytes | None:
        """The compressed body; None if compressing does not make it smaller."""
        packed = gzip.compress(self.body, 9, mtime=0)
        return packed if len(packed) < len(self.body) else None


def asset(name: str, body: bytes) -> Asset:
    """Make an asset from a file's name, which gives its media type, and its content."""
    kind = "text/javascript" if name.endswith(".js") else mimetypes.guess_type(name)[0]
    return Asset(body, kind or "application/octet-stream")


@dataclass(frozen=True)
class Assets:
    """The files of one app, under one version."""

    #: A hash of the content of all files; '' when they are served from their folder.
    version: str
    files: Mapping[str, Asset]
    script: str
    styles: tuple[str, ...]

    def url(self, name: str) -> str:
        """Return the URL of a file."""
        return address(f"/assets/{self.version}/{name}" if self.version else f"/static/{name}")

    @property
    def boot_url(self) -> str:
        """The script that runs before the first paint."""
        return self.url(_BOOT)

    @property
    def script_url(self) -> str:
        """The module that starts the page."""
        return self.url(self.script)

    @property
    def style_urls(self) -> list[str]:
        """The style sheets, in order."""
        return [self.url(name) for name in self.styles]


def prepare(folder: Path, kind: str, *, single_modules: bool) -> Assets:
    """Build the files of the app `kind` from a folder.

    If the modules cannot be bundled, they are served one by one, and a log line says why.
    """
    if single_modules:
        return Assets("", {}, f"js/{kind}.js", _STYLES)
    try:
        return _bundled(folder, kind)
    except (CannotBundle, OSError) as error:
        log.warning("cannot bundle the scripts, so each is served on its own: %s", error)
        return _one_by_one(folder, kind)


def this_apps() -> Assets:
    """Return the files of the app that answers this request."""
    found: Assets = current_app.extensions[_EXTENSION]
    return found


def register(app: Flask, made: Assets) -> None:
    """Serve `made` from `app`."""
    app.extensions[_EXTENSION] = made
    app.register_blueprint(assets)


@assets.get("/assets/<version>/<path:name>")
def read_asset(version: str, name: str) -> Response:
    """Serve a file of this version; its content never changes."""
    own = this_apps()
    if version != own.version:
        return _other_version(name)
    found = own.files.get(name)
    if found is None:
        raise NotFound
    return send(found, _FOREVER)


def send(found: Asset, cache_control: str) -> Response:
    """Answer with a file, compressed if the caller accepts that."""
    headers = {"Cache-Control": cache_control, "Vary": "Accept-Encoding"}
    body = found.body
    if found.packed is not None and takes_gzip():
        headers["Content-Encoding"] = "gzip"
        body = found.packed
    return Response(body, headers=headers, mimetype=found.mimetype)


def _other_version(name: str) -> Response:
    """Make a page of another version reload itself once; browsers run no script of a 404."""
    if Path(name).name not in ("dashboard.js", "inspector.js"):
        raise NotFound
    headers = {"Cache-Control": "no-store"}
    return Response(_OTHER_VERSION, headers=headers, mimetype="text/javascript")


def _bundled(folder: Path, kind: str) -> Assets:
    script, style = f"{kind}.js", "duckline.css"
    texts = {
        script: bundle(folder / "js" / f"{kind}.js").encode(),
        style: b"\n".join((folder / name).read_bytes() for name in _STYLES),
        **{name: (folder / name).read_bytes() for name in (_BOOT, *_PICTURES)},
    }
    return _versioned(texts.items(), script, (style,))


def _one_by_one(folder: Path, kind: str) -> Assets:
    return _versioned(_all_of(folder), f"js/{kind}.js", _STYLES)


def _all_of(folder: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            yield file.relative_to(folder).as_posix(), file.read_bytes()


def _versioned(texts: Iterable[tuple[str, bytes]], script: str, styles: tuple[str, ...]) -> Assets:
    digest = hashlib.sha256()
    files: dict[str, Asset] = {}
    for name, body in texts:
        digest.update(f"{name}\0{len(body)}\0".encode() + body)
        files[name] = asset(name, body)
    return Assets(digest.hexdigest()[:16], files, script, styles)
