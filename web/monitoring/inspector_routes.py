"""The Redis server, and the settings of this process, over HTTP."""

from flask import Response

import huey_tasks as tq
from web.http.responses import respond
from web.monitoring.inspector_schemas import RedisServer, RedisView, SettingList, SettingView
from web.openapi.answers import ok
from web.openapi.blueprint import ApiBlueprint
from web.openapi.problems import problems

inspector = ApiBlueprint("inspector", "inspector")


@inspector.get(
    "/redis", responses={**ok(200, RedisView, "The server."), **problems("queue_unavailable")}
)
def read_redis() -> Response:
    """Read what the Redis server reports about itself."""
    return respond(RedisView(redis=RedisServer.of(tq.redis_info())))


@inspector.get("/config", responses={**ok(200, SettingList, "The settings."), **problems()})
def read_config() -> Response:
    """List the settings of this process; secrets are masked."""
    views = [SettingView.model_validate(setting) for setting in tq.CONFIG.settings()]
    return respond(SettingList(settings=views))
