"""The REST API of an API Gateway, whose requests are checked against the type hints."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel

app = APIGatewayRestResolver(enable_validation=True)


class Order(BaseModel):
    """What is ordered."""

    item: str
    pieces: int = 1


@app.get("/orders/<number>")
def order(number: int, full: Annotated[bool, Query()] = False) -> dict[str, Any]:
    """Return an order."""
    return {"number": number, "full": full}


@app.post("/orders")
def place(wanted: Order) -> Order:
    """Place an order."""
    return wanted


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request."""
    return app.resolve(event, context)
