"""Generate types of our OpenAPI document with openapi-typescript, and compile what a user writes.

`make lint` runs it, as it needs packages of npm. Ends with status 1, and what the tool said, when
the right use does not compile or a misspelt field does.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import web

HERE = Path(__file__).parent
NODE = str(Path(sys.executable).with_name("node"))
GENERATE = [NODE, str(HERE / "node_modules/openapi-typescript/bin/cli.js")]
COMPILE = [
    NODE, str(HERE / "node_modules/typescript/bin/tsc"), "--noEmit", "--strict", "--target",
    "es2022", "--module", "nodenext", "--lib", "es2022,dom",
]  # fmt: skip


def main() -> int:
    """Return the exit status."""
    document = web.create_app().test_client().get("/openapi.json").get_json()
    right = (HERE / "use.ts").read_text()
    with tempfile.TemporaryDirectory() as folder:
        made, use, wrong = (Path(folder, name) for name in ("made.d.ts", "use.ts", "wrong.ts"))
        source = Path(folder, "openapi.json")
        source.write_text(json.dumps(document))
        use.write_text(right)
        wrong.write_text(right.replace("subject:", "subjekt:"))
        for command in ([*GENERATE, str(source), "-o", str(made)], [*COMPILE, str(use)]):
            done = _run(command)
            if done.returncode:
                print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
                return 1
        if "subjekt" not in _run([*COMPILE, str(wrong)]).stdout:
            print("A misspelt field compiles.", file=sys.stderr)
            return 1
    return 0


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=HERE, capture_output=True, text=True, timeout=120, check=False
    )


if __name__ == "__main__":
    sys.exit(main())
