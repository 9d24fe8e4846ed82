"""The web layer: HTTP, WebSocket and pages on top of the public names of `huey_tasks`.

It owns statuses, headers and JSON. It holds no task state and touches no Redis. `create_app` builds
the service (port 8000), `create_inspector` the operator's view of the same stack (port 5555).

Packages are nouns; each holds its routes beside their schemas. Imports run one way:
http <- openapi <- operations, pages <- failures, queues, tasks <- schedules, workers, monitoring,
functions <- streams <- app.
"""

from web.app import create_app, create_inspector

__all__ = ["create_app", "create_inspector"]
