"""`duckline env`: the variables for AWS's clients, as lines for a shell.

    eval "$(duckline env)"
    aws lambda invoke --function-name hello /dev/stdout

Only these lines go to stdout. With API_KEYS the key id is the first of these keys, because that is
what the web service looks for in a signed request.
"""

import shlex


def env() -> int:
    """Print the lines; opens no connection. Raises ConfigError."""
    from huey_tasks.access import api_keys
    from huey_tasks.config import Config
    from huey_tasks.environments import variables

    config = Config.from_env()
    key = api_keys.key_in(config.api_keys[0]) if config.api_keys else "duckline"
    lines = {
        **variables.for_clients(config),
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": "duckline",
    }
    for name, value in lines.items():
        print(f"export {name}={shlex.quote(value)}")
    return 0
