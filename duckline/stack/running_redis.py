"""Find the embedded Redis of the stack that runs beside a command, such as `duckline verify`."""

from typing import TYPE_CHECKING

from duckline.stack import data_dir, embedded_redis
from duckline.stack.errors import StartRefused
from huey_tasks.settings import data_folder

if TYPE_CHECKING:
    from huey_tasks.config import Config


def settings_beside(config: "Config") -> dict[str, str]:
    """Return the setting that names the embedded Redis of this PORT and DATA_DIR.

    Returns {} when REDIS_URL is set, and when no stack has used the folder. Raises StartRefused
    when a stack has used it and does not run now: another Redis has none of its tasks.
    """
    if config.redis_url is not None:
        return {}
    folder = config.data_dir.expanduser().absolute()
    if config.data_dir_is_default:
        folder = data_dir.folder_of(config.port, folder)
    socket = embedded_redis.running_socket(folder)
    if socket is not None:
        return {"REDIS_URL": data_folder.url(socket, 0)}
    if (folder / data_dir.LOCK).exists():
        raise StartRefused(
            f"The Redis of DATA_DIR {folder} does not run: start the stack, or set REDIS_URL; "
            "if the stack has a PORT of its own, set the same one here"
        )
    return {}
