"""Events of AWS to begin a test event with: as their services send them, with made-up names."""

from typing import Any

_MESSAGE_ID = "059f36b4-87a3-44ab-83d2-661975830a7d"

_URL: dict[str, Any] = {
    "version": "2.0",
    "routeKey": "$default",
    "rawPath": "/orders/7",
    "rawQueryString": "dry=true",
    "headers": {"content-type": "application/json", "host": "localhost"},
    "queryStringParameters": {"dry": "true"},
    "requestContext": {
        "accountId": "anonymous",
        "apiId": "local",
        "domainName": "localhost",
        "domainPrefix": "localhost",
        "http": {
            "method": "POST",
            "path": "/orders/7",
            "protocol": "HTTP/1.1",
            "sourceIp": "127.0.0.1",
            "userAgent": "curl/8.5.0",
        },
        "requestId": _MESSAGE_ID,
        "routeKey": "$default",
        "stage": "$default",
        "time": "28/Nov/2026:01:02:03 +0000",
        "timeEpoch": 1795827723000,
    },
    "body": '{"amount": 3}',
    "isBase64Encoded": False,
}
_SQS: dict[str, Any] = {
    "Records": [
        {
            "messageId": _MESSAGE_ID,
            "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
            "body": '{"order": 7}',
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": "1795827723000",
                "SenderId": "000000000000",
                "ApproximateFirstReceiveTimestamp": "1795827723001",
            },
            "messageAttributes": {},
            "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:orders",
            "awsRegion": "us-east-1",
        }
    ]
}
_S3: dict[str, Any] = {
    "Records": [
        {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": "us-east-1",
            "eventTime": "2026-11-28T01:02:03.000Z",
            "eventName": "ObjectCreated:Put",
            "s3": {
                "s3SchemaVersion": "1.0",
                "bucket": {"name": "pictures", "arn": "arn:aws:s3:::pictures"},
                "object": {
                    "key": "inbox/duck.png",
                    "size": 1024,
                    "eTag": "0123456789abcdef0123456789abcdef",
                    "sequencer": "0A1B2C3D4E5F678901",
                },
            },
        }
    ]
}
_SCHEDULE: dict[str, Any] = {
    "version": "0",
    "id": _MESSAGE_ID,
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "000000000000",
    "time": "2026-11-28T01:00:00Z",
    "region": "us-east-1",
    "resources": ["arn:aws:events:us-east-1:000000000000:rule/every-hour"],
    "detail": {},
}
_SNS: dict[str, Any] = {
    "Records": [
        {
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": "arn:aws:sns:us-east-1:000000000000:orders:1",
            "Sns": {
                "Type": "Notification",
                "MessageId": _MESSAGE_ID,
                "TopicArn": "arn:aws:sns:us-east-1:000000000000:orders",
                "Subject": "Order 7",
                "Message": '{"order": 7}',
                "Timestamp": "2026-11-28T01:02:03.000Z",
                "MessageAttributes": {},
            },
        }
    ]
}

TEMPLATES: dict[str, Any] = {
    "url": _URL,
    "sqs": _SQS,
    "s3": _S3,
    "schedule": _SCHEDULE,
    "sns": _SNS,
}
