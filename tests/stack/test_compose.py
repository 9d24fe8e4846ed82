"""docker-compose.yml and the Dockerfile say what the contract says, and name things that exist."""

import re
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml
from redis.exceptions import NoPermissionError

from duckline.stack.embedded_redis import find_server
from huey_tasks.broker import server_check
from huey_tasks.config import Config
from tests.stack.running import ROOT
from tests.waiting import wait_until

CONSUMERS = {"consumer_high": "4", "consumer_default": "2", "consumer_low": "2"}
OURS = ["web", *CONSUMERS, "inspector"]


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    """Give the services of docker-compose.yml."""
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


def default(value: str) -> str:
    """Return what `${NAME:-default}` gives when NAME is unset."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)


def seconds(text: str) -> float:
    return float(text.removesuffix("s"))


def test_there_are_exactly_the_six_services(services: dict[str, Any]) -> None:
    assert set(services) == {"redis", *OURS}


def test_all_of_ours_run_one_image_that_is_built_once(services: dict[str, Any]) -> None:
    assert len({services[name]["image"] for name in OURS}) == 1
    assert [name for name in services if "build" in services[name]] == ["web"]
    assert {services[name]["pull_policy"] for name in OURS if name != "web"} == {"never"}


@pytest.mark.parametrize(("name", "workers"), CONSUMERS.items())
def test_each_consumer_serves_its_queue_with_its_workers(
    services: dict[str, Any], name: str, workers: str
) -> None:
    queue = name.removeprefix("consumer_")

    assert services[name]["command"] == ["python", "app.py", "consumer", queue]
    assert default(services[name]["environment"][f"{queue.upper()}_CONCURRENCY"]) == workers


def test_the_web_service_and_the_inspector_are_published(services: dict[str, Any]) -> None:
    assert [default(port) for port in services["web"]["ports"]] == ["127.0.0.1:8000:8000"]
    assert [default(port) for port in services["inspector"]["ports"]] == ["127.0.0.1:5555:5555"]
    assert services["web"]["command"] == ["gunicorn", "app:app"]
    assert services["inspector"]["command"][-1] == "app:create_inspector()"


def test_what_gunicorn_reads_by_itself_is_never_empty(services: dict[str, Any]) -> None:
    for name in ("web", "inspector"):
        assert default(services[name]["environment"]["WEB_CONCURRENCY"]) == "1"


def test_redis_keeps_an_append_only_file_on_a_volume(services: dict[str, Any]) -> None:
    command = services["redis"]["command"]
    options = dict(zip(command[1::2], command[2::2], strict=True))

    assert options["--appendonly"] == "yes"
    assert options["--maxmemory-policy"] == "noeviction"
    assert options["--hash-max-listpack-value"] == "1024", "as the stack's own has it"
    assert options["--aclfile"] == "/run/secrets/redis_users"
    assert services["redis"]["volumes"] == ["redis-data:/data"]
    assert "ports" not in services["redis"]


def test_redis_is_full_before_it_is_killed_for_its_memory(services: dict[str, Any]) -> None:
    command = services["redis"]["command"]
    full = default(command[command.index("--maxmemory") + 1])

    assert (full, default(services["redis"]["mem_limit"])) == ("768mb", "1536m")


def test_every_service_has_limits(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert re.fullmatch(r"\d+[mg]", default(service["mem_limit"])), name
        assert 0 < service["pids_limit"] <= 512, name
        assert service["ulimits"]["nofile"] == {"soft": 65536, "hard": 65536}, name


def test_images_are_named_by_digest(services: dict[str, Any]) -> None:
    digest = r"@sha256:[0-9a-f]{64}"
    bases = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)

    assert len(set(bases)) == 1
    assert re.search(digest, bases[0])
    assert re.search(digest, services["redis"]["image"])


def test_ours_wait_until_redis_is_healthy(services: dict[str, Any]) -> None:
    for name in OURS:
        assert services[name]["depends_on"] == {"redis": {"condition": "service_healthy"}}


def test_every_service_restarts_is_checked_and_may_do_little(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["restart"] == "unless-stopped", name
        assert service["healthcheck"]["test"], name
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name


def test_consumers_get_longer_than_their_own_grace_to_stop(services: dict[str, Any]) -> None:
    for name in CONSUMERS:
        assert seconds(services[name]["stop_grace_period"]) > Config().shutdown_grace_s


def test_every_setting_is_passed_on_and_nothing_else(services: dict[str, Any]) -> None:
    from_files = {"REDIS_URL", "RESULT_REDIS_URL"}
    # What `duckline up` starts beside itself: compose has services of its own for that.
    not_ours = {"DATA_DIR", "APPENDFSYNC", "AWS_SIDECAR"}

    for name in OURS:
        used = {setting.removesuffix("_FILE") for setting in services[name]["environment"]}
        assert used == set(Config.setting_names()) - not_ours, name
        assert not from_files & services[name]["environment"].keys()


def test_every_variable_of_compose_is_a_setting_or_in_its_docs() -> None:
    page = (ROOT / "docs" / "deploy.md").read_text()
    files = (ROOT / "docker-compose.yml", ROOT / "deploy" / "compose.code.yml")
    read = {name for file in files for name in re.findall(r"\$\{(\w+)", file.read_text())}

    unexplained = {name for name in read if f"`{name}`" not in page}
    assert unexplained <= set(Config.setting_names())


def test_secrets_stand_in_files_that_the_command_writes(
    services: dict[str, Any], secrets: Path
) -> None:
    document = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    files = {Path(secret["file"]).name for secret in document["secrets"].values()}

    assert files == {file.name for file in secrets.iterdir()}
    assert {name for service in services.values() for name in service["secrets"]} == set(
        document["secrets"]
    )


def test_secrets_are_written_once_and_for_their_owner_alone(secrets: Path) -> None:
    before = {file.name: file.read_text() for file in secrets.iterdir()}

    subprocess.run([secrets.parent / "make_secrets.sh"], check=True, capture_output=True)

    assert {file.name: file.read_text() for file in secrets.iterdir()} == before
    assert secrets.stat().st_mode & 0o777 == 0o700
    assert before["redis_password"].strip() in before["redis_url"]
    assert Config.from_env({"API_KEYS": before["api_keys"]}).api_keys[0].startswith("admin=")


def test_the_user_of_redis_can_do_all_that_is_needed_and_erase_nothing(
    secrets: Path, tmp_path: Path
) -> None:
    users, place = secrets / "redis_users.acl", tmp_path / "redis.sock"
    password = (secrets / "redis_password").read_text().strip()
    server = subprocess.Popen(
        [str(find_server()), "--port", "0", "--unixsocket", str(place), "--aclfile", str(users)],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: _listens(place), description="the server of this test listens")
        url = f"unix://duckline:{password}@{place}"
        config = Config.from_env({"REDIS_URL": url, "RESULT_REDIS_URL": f"{url}?db=1"})

        assert not [note for note in server_check.check(config) if "persist" not in note]
        client = redis.Redis.from_url(url)
        for command in ("FLUSHALL", "FLUSHDB", "SHUTDOWN", "KEYS *", "CONFIG SET save x"):
            with pytest.raises(NoPermissionError):
                client.execute_command(*command.split())
        client.close()
    finally:
        server.terminate()
        server.wait(30)


def _listens(place: Path) -> bool:
    """Whether a server takes connections there; the file of its socket is there before it does."""
    with socket.socket(socket.AF_UNIX) as attempt:
        return attempt.connect_ex(str(place)) == 0


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """Return the folder that the command writes, made again beside a copy of it."""
    script = tmp_path / "deploy" / "make_secrets.sh"
    script.parent.mkdir()
    shutil.copy(ROOT / "deploy" / "make_secrets.sh", script)
    subprocess.run([script], check=True, capture_output=True)
    return script.parent / "secrets"


def test_health_checks_name_a_module_that_exists(services: dict[str, Any]) -> None:
    for name in OURS:
        command = services[name]["healthcheck"]["test"]
        assert command[:3] == ["CMD", "python", "-m"]
        assert Path(ROOT, *command[3].split(".")).with_suffix(".py").is_file()


def test_the_image_copies_only_what_exists_and_is_not_ignored() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    let_in = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    copied = [
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.MULTILINE)
        for source in line.split()[:-1]
    ]

    assert sorted(copied) == sorted(let_in)
    assert all((ROOT / source).exists() for source in copied)


def test_the_image_runs_as_nobody_in_particular_and_stops_on_sigterm() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()

    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", dockerfile, re.MULTILINE)
    assert "\nSTOPSIGNAL SIGTERM\n" in dockerfile
    assert '\nCMD ["gunicorn", "app:app"]\n' in dockerfile


def test_the_recipe_for_a_queue_of_ones_own_names_what_exists(services: dict[str, Any]) -> None:
    page = (ROOT / "docs" / "deploy.md").read_text()
    recipe = yaml.safe_load(page.partition("```yaml\n")[2].partition("```")[0])["services"]
    (name, service), *_ = recipe.items()
    base = services[service["extends"]["service"]]

    assert service["extends"]["file"] == "docker-compose.yml"
    assert name not in services
    assert service["command"] == [*base["command"][:-1], "gpu"]
    assert service["healthcheck"]["test"] == [*base["healthcheck"]["test"][:-1], "gpu"]


def test_code_of_ones_own_is_mounted_into_every_service_that_reads_it() -> None:
    added = yaml.safe_load((ROOT / "deploy" / "compose.code.yml").read_text())["services"]
    assert set(added) == set(OURS)
    for service in added.values():
        places = [volume.rsplit(":", 2)[1] for volume in service["volumes"]]
        settings = service["environment"]
        assert places == [settings["TASKS_PATH"], settings["FUNCTIONS_PATH"]]
        assert all(volume.endswith(":ro") for volume in service["volumes"])
        # The root is read-only, and what has no options is mounted with noexec.
        (place, _, options) = service["tmpfs"][0].partition(":")
        assert (settings["DATA_DIR"], options.split(",")[0]) == (place, "exec")
        assert set(settings) <= set(Config.setting_names())
