"""The schemas of events."""

from typing import Any

from pydantic import Field

from web.http.models import Inbound, Outbound


class EventBody(Inbound):
    """An event."""

    source: str = Field(min_length=1, max_length=256, examples=["shop.orders"])
    type: str = Field(
        min_length=1, max_length=256, description="What has happened.", examples=["order placed"]
    )
    detail: dict[str, Any] = Field(default={}, description="Anything; patterns may look into it.")
    id: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9._-]{1,100}$",
        description="The same id makes no second task, as long as the first is kept.",
    )


class StartedView(Outbound):
    """The invocation of one subscriber."""

    function: str
    task_id: str


class PublishedView(Outbound):
    """A published event; without a subscriber `tasks` is empty."""

    event_id: str
    tasks: list[StartedView]
