"""The files of the pages: one of script, one of style, kept for good by the browser."""

import gzip
import logging
import re
import shutil
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import web
from web.pages import assets
from web.pages.bundle import CannotBundle, bundle

STATIC = Path(web.__file__).parent.parent / "static"
KINDS = ("dashboard", "inspector")


def _linked(html: str, ending: str) -> list[str]:
    return re.findall(rf'(?:href|src)="([^"]*{ending})"', html)


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_needs_one_script_and_one_style(
    client: FlaskClient, inspector: FlaskClient, kind: str
) -> None:
    html = (client if kind == "dashboard" else inspector).get("/tasks").text

    assert [path.rsplit("/", 1)[1] for path in _linked(html, ".css")] == ["duckline.css"]
    scripts = [path.rsplit("/", 1)[1] for path in _linked(html, ".js")]
    assert scripts == ["theme_boot.js", f"{kind}.js"]


def test_the_files_are_kept_for_good_and_compressed(client: FlaskClient) -> None:
    for path in _linked(client.get("/").text, "(?:js|css|svg)"):
        plain = client.get(path)
        packed = client.get(path, headers={"Accept-Encoding": "br, gzip"})

        assert "immutable" in plain.headers["Cache-Control"]
        assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
        assert "Content-Encoding" not in plain.headers
        assert gzip.decompress(packed.data) == plain.data
        assert len(packed.data) < len(plain.data)


@pytest.mark.parametrize("accept", ["", "br", "gzip;q=0", "gzip; q=0.0", "xgzip", "*"])
def test_who_reads_no_gzip_gets_none(client: FlaskClient, accept: str) -> None:
    path = _linked(client.get("/").text, "dashboard.js")[0]
    assert "Content-Encoding" not in client.get(path, headers={"Accept-Encoding": accept}).headers


def test_the_page_itself_is_checked_at_each_visit(client: FlaskClient) -> None:
    for path in ("/", "/tasks", "/failures"):
        assert client.get(path).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("version", ["0000000000000000", "..", "x"])
def test_the_script_of_another_version_loads_the_page_again(
    client: FlaskClient, version: str
) -> None:
    answer = client.get(f"/assets/{version}/dashboard.js")

    assert (answer.status_code, answer.mimetype) == (200, "text/javascript")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "location.reload()" in answer.text
    assert client.get(f"/assets/{version}/duckline.css").status_code == 404


@pytest.mark.parametrize("name", ["nothing.js", "../app.py", "js/dashboard.js", "%2e%2e/app.py"])
def test_no_other_file_is_served(client: FlaskClient, name: str) -> None:
    own = _linked(client.get("/").text, "dashboard.js")[0].rsplit("/", 1)[0]
    assert client.get(f"{own}/{name}").status_code == 404


def _copy(folder: Path) -> Path:
    return Path(shutil.copytree(STATIC, folder / "static"))


def test_another_content_has_another_version(tmp_path: Path) -> None:
    folder = _copy(tmp_path)
    versions = [assets.prepare(folder, "dashboard", single_modules=False).version]
    for name in ("js/components/parts.js", "css/app.css", "favicon.svg"):
        with (folder / name).open("a") as file:
            file.write("\n;\n" if name.endswith("js") else "\n")
        versions.append(assets.prepare(folder, "dashboard", single_modules=False).version)
    assert len(set(versions)) == 4


def test_what_cannot_be_bundled_is_served_module_by_module(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = _copy(tmp_path)
    with (folder / "js/lib/format.js").open("a") as file:
        file.write("export default 1;\n")

    with caplog.at_level(logging.WARNING):
        made = assets.prepare(folder, "dashboard", single_modules=False)

    assert len(caplog.records) == 1 and "format.js: export default 1;" in caplog.text
    assert made.script == "js/dashboard.js" and made.version
    assert {"js/dashboard.js", "js/components/parts.js", "css/app.css"} <= set(made.files)


def test_nothing_is_written_so_a_read_only_checkout_serves_the_same(tmp_path: Path) -> None:
    folder = _copy(tmp_path)
    before = sorted(folder.rglob("*"))
    for each in (folder, *before):
        each.chmod(0o555 if each.is_dir() else 0o444)
    try:
        made = assets.prepare(folder, "dashboard", single_modules=False)
    finally:
        for each in (folder, *before):
            each.chmod(0o755 if each.is_dir() else 0o644)
    assert made.script == "dashboard.js"
    assert sorted(folder.rglob("*")) == before


def test_while_one_works_on_the_pages_each_module_is_a_file_that_is_checked(tmp_path: Path) -> None:
    made = assets.prepare(STATIC, "dashboard", single_modules=True)
    assert (made.version, made.script) == ("", "js/dashboard.js")


def _module(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.js").write_text(text)
    return folder / "main.js"


def test_a_bundle_keeps_names_of_modules_apart_and_comments_out(tmp_path: Path) -> None:
    made = bundle(
        _module(
            tmp_path,
            main="/* Starts. */\n\nimport { a as b } from './one.js';\n"
            "import * as two from './two.js';\n\n  // Adds.\nconst a = b + two.a; // kept\n",
            one="/**\n * One.\n * with * stars **\n */\nexport const a = 1;\n",
            two="import { a as one } from './one.js';\n  /** cast */ (1).toFixed();\n"
            "export async function f() {}\nexport class C {}\nexport const a = one + 1;\n",
        )
    )

    assert "One." not in made and "Adds." not in made and "Starts." not in made
    assert "/** cast */ (1).toFixed();" in made and "// kept" in made
    assert "const { a: b } = $m0;" in made and "const two = $m1;" in made
    assert made.count("export") == made.count("import") == 0
    assert made.index("const a = 1") < made.index("one + 1") < made.index("two.a")


@pytest.mark.parametrize(
    "line",
    [
        "export default 1;",
        "export { a };",
        "export * from './one.js';",
        "export let n = 1;",
        "import './one.js';",
        "import a from './one.js';",
        'import { a } from "./one.js";',
        "import { a } from 'elsewhere';",
        "const a = await import('./one.js');",
        "const a = import.meta.url;",
        "import { a } from './one.js'; // why",
    ],
)
def test_a_form_that_is_not_understood_is_named(tmp_path: Path, line: str) -> None:
    entry = _module(tmp_path, main=f"{line}\n", one="export const a = 1;\n")
    with pytest.raises(CannotBundle, match=r"main\.js: "):
        bundle(entry)


def test_modules_that_import_each_other_are_named(tmp_path: Path) -> None:
    entry = _module(
        tmp_path,
        main="import { a } from './one.js';\n",
        one="import { b } from './two.js';\nexport const a = 1;\n",
        two="import { a } from './one.js';\nexport const b = 1;\n",
    )
    with pytest.raises(CannotBundle, match=r"one\.js -> two\.js -> one\.js"):
        bundle(entry)


@pytest.mark.parametrize("kind", KINDS)
def test_our_own_modules_can_be_bundled(kind: str) -> None:
    made = bundle(STATIC / "js" / f"{kind}.js")
    assert not re.search(r"^(import|export)\b", made, re.MULTILINE)


def test_no_text_of_ours_has_a_line_that_looks_like_a_comment() -> None:
    """The bundle leaves out lines of comments; inside a template such a line would be lost."""
    for file in (STATIC / "js").rglob("*.js"):
        outside = re.sub(r"/\*.*?\*/", "", file.read_text(), flags=re.DOTALL)
        for template in re.findall(r"`[^`]*`", outside):
            assert not re.search(r"^[ \t]*//", template, re.MULTILINE), file.name


@pytest.mark.parametrize("name", ["js/swagger-ui-bundle.js", "css/swagger-ui.css"])
def test_the_files_of_the_api_documentation_are_compressed(client: FlaskClient, name: str) -> None:
    plain = client.get(f"/docs/swagger/{name}")
    packed = client.get(f"/docs/swagger/{name}", headers={"Accept-Encoding": "gzip"})

    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 2
    for wrong in ("../__init__.py", "nothing.js", "%2e%2e/swagger.html", "/etc/passwd"):
        assert client.get(f"/docs/swagger/{wrong}").status_code == 404
