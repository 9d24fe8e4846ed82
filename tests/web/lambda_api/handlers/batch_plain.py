"""An SQS batch without any library: the answer names the messages that failed."""

import json


def handler(event, context):
    """Divide what each message asks for."""
    failed = []
    for record in event["Records"]:
        try:
            body = json.loads(record["body"])
            print("result", body["a"] / body["b"])
        except Exception as error:
            print("cannot read", record["messageId"], repr(error))
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
