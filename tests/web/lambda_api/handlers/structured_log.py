"""Lines of JSON by Powertools' Logger, and metrics beside them."""

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger(service="payments", level="INFO")
metrics = Metrics(namespace="Shop", service="payments")


@logger.inject_lambda_context(correlation_id_path="order", clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> str:
    """Take a payment."""
    logger.append_keys(cents=event["cents"])
    logger.info("paid")
    metrics.add_metric(name="Payments", unit=MetricUnit.Count, value=1)
    if event["cents"] < 0:
        try:
            raise ValueError("a negative amount")
        except ValueError:
            logger.exception("not paid")
            raise
    return "ok"
