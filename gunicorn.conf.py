"""How gunicorn serves Duckline: read by `make run`, by the image, and by a bare `gunicorn app:app`.

Owns the server's own limits; the service's limits (body size, rates) are web's. Settings come from
Config.
"""

import os

from huey_tasks.config import Config

_config = Config.from_env()
_host = f"[{_config.host}]" if ":" in _config.host else _config.host

bind = f"{_host}:{_config.port}"
workers = _config.web_concurrency
worker_class = "gevent"
worker_connections = 2000  # sockets and requests open at once in one process
timeout = 30
graceful_timeout = 3  # open WebSockets end with the process, so Ctrl-C does not wait for browsers
keepalive = 5

# Smaller than this is refused by ordinary clients, larger only serves attacks.
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190
header_map = "refuse"  # `A_B` and `A-B` would land in one WSGI key: a way to smuggle headers
forwarder_headers = ""
forwarded_allow_ips = "127.0.0.1,::1"

# Its control socket lives in the home folder; the web service and the inspector would share it.
control_socket_disable = True
accesslog = "-" if os.environ.get("ACCESS_LOG") == "1" else None
proc_name = "duckline"
