"""What operators look into: the Redis server, and the settings of this process."""

from flask import Response

import huey_tasks as tq
from web.http.responses import respond
from web.openapi.app import ApiBlueprint, ok, problems
from web.queues.schemas import RedisServer, RedisView, SettingList, SettingView

_ABOUT = "For whoever operates the service."
inspector = ApiBlueprint("inspector", "inspector", _ABOUT)


@inspector.get(
    "/redis", responses={**ok(200, RedisView, "The server."), **problems("queue_unavailable")}
)
def read_redis() -> Response:
    """Read what the Redis server says of itself."""
    return respond(RedisView(redis=RedisServer.of(tq.redis_info())))


@inspector.get("/config", responses={**ok(200, SettingList, "The settings."), **problems()})
def read_config() -> Response:
    """List the settings of this process; secrets are masked."""
    views = [SettingView.model_validate(setting) for setting in tq.CONFIG.settings()]
    return respond(SettingList(settings=views))
