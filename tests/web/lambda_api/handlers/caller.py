"""A function that asks others by boto3; its client is made at the import, without a region."""

import json
from typing import Any

import boto3

client = boto3.client("lambda")


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Call one function for its answer, and send it an event."""
    body = json.dumps(event["say"]).encode()
    answer = client.invoke(FunctionName=event["to"], Payload=body)
    sent = client.invoke(FunctionName=event["to"], InvocationType="Event", Payload=body)
    account = client.get_account_settings()
    return {
        "answer": json.load(answer["Payload"]),
        "status": [answer["StatusCode"], sent["StatusCode"]],
        "functions": account["AccountUsage"]["FunctionCount"],
    }
