"""An SQS batch, read by Powertools: what fails is returned to the queue, the rest is not."""

from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

processor = BatchProcessor(event_type=EventType.SQS)


def pack(record: SQSRecord) -> str:
    """Pack one order."""
    order: dict[str, Any] = record.json_body
    if order["pieces"] < 1:
        raise ValueError(f"order {order['id']} is empty")
    return order["id"]


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Pack all orders of a batch."""
    return process_partial_response(event, pack, processor, context)
