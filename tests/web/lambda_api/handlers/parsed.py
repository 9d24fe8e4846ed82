"""An event that is parsed into a model before the handler sees it."""

from typing import Any

from aws_lambda_powertools.utilities.parser import BaseModel, event_parser
from aws_lambda_powertools.utilities.parser.envelopes import EventBridgeEnvelope
from aws_lambda_powertools.utilities.typing import LambdaContext


class Signup(BaseModel):
    """The detail of the event."""

    user: str
    age: int


@event_parser(model=Signup, envelope=EventBridgeEnvelope)
def lambda_handler(event: Signup, context: LambdaContext) -> dict[str, Any]:
    """Welcome a user."""
    return {"welcome": event.user, "next": event.age + 1}
