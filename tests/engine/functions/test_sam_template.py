"""A SAM template: its functions with their options; what is not understood is listed."""

from pathlib import Path

import pytest

from huey_tasks.functions.catalogue import Catalogue
from huey_tasks.functions.function import CUSTOM_RUNTIME, Durable, Schedule, Url
from tests.engine.functions.conftest import Write

TEMPLATE = """
AWSTemplateFormatVersion: 2010-09-09
Transform: AWS::Serverless-2016-10-31
Parameters:
  Table: {Type: String, Default: orders}
  Secret: {Type: String}
Conditions:
  IsProd: !Equals [!Ref Table, prod]
Globals:
  Function:
    Timeout: 20
    MemorySize: 256
    Environment:
      Variables:
        LEVEL: info
        TABLE: !Ref Table
Resources:
  HelloFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/hello/
      Handler: entry.run
      Runtime: python3.13
      Timeout: "40"
      ReservedConcurrentExecutions: 3
      Description: says hello
      Layers: [!Ref Layer]
      Policies: [AWSLambdaExecute]
      Environment:
        Variables:
          LEVEL: debug
          URL: !Sub "https://${AWS::Region}/${Table}/${!kept}"
          BUCKET: !GetAtt Bucket.Arn
          TOKEN: !Ref Secret
          NEXT: !Ref NextFunction
          IS_PROD: !If [IsProd, 1, 0]
          PART: !Join ["-", [a, !Ref Table]]
          COUNT: 3
      EventInvokeConfig:
        MaximumRetryAttempts: 1
        MaximumEventAgeInSeconds: 120
        DestinationConfig:
          OnSuccess: {Type: Lambda, Destination: !GetAtt NextFunction.Arn}
          OnFailure: {Type: SQS, Destination: !GetAtt Dead.Arn}
      DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt [Dead, Arn]}
      DurableConfig: {ExecutionTimeout: 3600, RetentionPeriodInDays: 7}
      FunctionUrlConfig:
        AuthType: NONE
        InvokeMode: RESPONSE_STREAM
        Cors: {AllowOrigins: ["*"]}
      Events:
        Often: {Type: Schedule, Properties: {Schedule: rate(5 minutes), Input: '{"a": 1}'}}
        Never: {Type: Schedule, Properties: {Schedule: rate(1 hour), Enabled: false}}
        Later: {Type: ScheduleV2, Properties: {ScheduleExpression: 'cron(0 8 * * ? *)'}}
        Api: {Type: Api, Properties: {Path: /, Method: get}}
  NextFunction:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: next-one
      CodeUri: next
      Handler: app.handler
  Dead:
    Type: AWS::SQS::Queue
    Properties: {QueueName: dead-ones}
  Bucket:
    Type: AWS::S3::Bucket
"""


@pytest.fixture
def files(write: Write) -> None:
    write("template.yaml", TEMPLATE)
    write("src/hello/entry.py", "def run(event, context): ...\n")
    write("next/app.py")


@pytest.mark.usefixtures("files")
def test_the_functions_of_a_template_have_its_options(catalogue: Catalogue, folder: Path) -> None:
    found = catalogue.functions()

    assert list(found) == ["HelloFunction", "next-one"]
    hello = found["HelloFunction"]
    assert hello.fault is None and hello.handler == "entry.run"
    assert hello.root == folder / "src" / "hello"
    assert (hello.timeout_s, hello.memory_mb, hello.reserved_concurrency) == (40, 256, 3)
    assert hello.env == {
        "LEVEL": "debug",
        "TABLE": "orders",
        "URL": "https://us-east-1/orders/${kept}",
        "NEXT": "next-one",
        "PART": "a-orders",
        "COUNT": "3",
    }
    assert (hello.retries, hello.max_age_s) == (1, 120)
    assert hello.on_success == "arn:aws:lambda:us-east-1:000000000000:function:next-one"
    assert hello.on_failure == "arn:aws:sqs:us-east-1:000000000000:dead-ones"
    assert hello.dead_letter == hello.on_failure
    assert (hello.durable, hello.url) == (Durable(3600, 7), Url("NONE", True))
    assert hello.schedule == (
        Schedule("rate(5 minutes)", '{"a": 1}'), Schedule("cron(0 8 * * ? *)"),
    )  # fmt: skip
    assert (found["next-one"].timeout_s, found["next-one"].env["LEVEL"]) == (20, "info")


@pytest.mark.usefixtures("files")
def test_what_is_not_understood_is_listed(catalogue: Catalogue) -> None:
    notes = catalogue.functions()["HelloFunction"].notes
    unused = [each.removeprefix("template.yaml: ").partition(" is not")[0] for each in notes]

    assert sorted(unused) == [
        "Environment.Variables.BUCKET: !GetAtt Bucket.Arn",
        "Environment.Variables.IS_PROD: !If",
        "Environment.Variables.TOKEN: !Ref Secret",
        "Events.Api (Api)",
        "FunctionUrlConfig.Cors.AllowOrigins",
        "Layers: !Ref Layer",
        "Policies",
    ]
    reasons = {each.path.name: each.reason for each in catalogue.ignored()}
    assert reasons["template.yaml"].startswith("Bucket (AWS::S3::Bucket) is not understood")
    assert reasons["next"] == "it is the code of next-one in template.yaml"
    assert "none of" in reasons["src"]


@pytest.mark.usefixtures("files")
def test_functions_toml_wins_over_the_template(catalogue: Catalogue, write: Write) -> None:
    write("functions.toml", '[next-one]\ntimeout = 5\nenv = { LEVEL = "error" }\n')

    found = catalogue.functions()["next-one"]
    assert (found.timeout_s, found.memory_mb) == (5, 256)
    assert found.env == {"LEVEL": "error", "TABLE": "orders"}


def test_a_wrong_value_names_the_property(catalogue: Catalogue, write: Write) -> None:
    write("code/app.py")
    write("template.yaml", """
        Resources:
          F:
            Type: AWS::Serverless::Function
            Properties: {CodeUri: code, EventInvokeConfig: {MaximumRetryAttempts: 5}}
    """)  # fmt: skip

    fault = catalogue.functions()["F"].fault
    assert fault is not None and fault.file.name == "template.yaml"
    assert fault.text == (
        "F: EventInvokeConfig.MaximumRetryAttempts = 5: it should be less than or equal to 2"
    )


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ("CodeUri: nowhere", "there is no folder nowhere"),
        ("CodeUri: s3://bucket/key", "not in a folder"),
        ("InlineCode: 'x = 1'", "not in a folder"),
        ("CodeUri: code, PackageType: Image", "not in a folder"),
        ("CodeUri: code, Runtime: nodejs22.x", "the runtime nodejs22.x"),
        ("CodeUri: code, FunctionName: 'no name'", "name"),
    ],
)
def test_a_function_that_cannot_be_here_is_ignored(
    catalogue: Catalogue, write: Write, properties: str, reason: str
) -> None:
    write("code/other.txt", "")
    write(
        "template.yaml",
        f"Resources: {{F: {{Type: 'AWS::Serverless::Function', Properties: {{{properties}}}}}}}",
    )

    assert catalogue.functions() == {}
    assert any(
        reason in each.reason for each in catalogue.ignored() if each.path.name == "template.yaml"
    )


def test_a_template_at_the_top_of_its_code(catalogue: Catalogue, write: Write) -> None:
    write("app.py")
    write("template.yml", """
        Resources:
          Top:
            Type: AWS::Serverless::Function
            Properties: {CodeUri: ., Handler: app.handler}
    """)  # fmt: skip

    assert list(catalogue.functions()) == ["Top"]


def test_a_bootstrap_of_a_template_is_found(catalogue: Catalogue, write: Write) -> None:
    write("code/bootstrap", "#!/bin/sh\n").chmod(0o755)
    write("template.yaml", """
        Resources:
          F:
            Type: AWS::Serverless::Function
            Properties: {CodeUri: code, Handler: bootstrap, Runtime: provided.al2023}
    """)  # fmt: skip

    found = catalogue.functions()["F"]
    assert (found.runtime, found.handler, found.fault) == (CUSTOM_RUNTIME, "bootstrap", None)


def test_a_template_that_is_no_yaml_is_shown_with_its_line(
    catalogue: Catalogue, write: Write
) -> None:
    write("template.yaml", "Resources:\n  F: {Type: x\n")

    (ignored,) = catalogue.ignored()
    assert ignored.reason.startswith("line 3: expected ',' or '}'")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: [",
        "- 1",
        "Resources: {F: {Type: !Ref X}}",
        "Resources: {F: 3, G: {Type: [1]}}",
        "Resources: {1: {Type: 'AWS::Serverless::Function', Properties: [1]}}",
        "a: &a [*a]\nResources: {F: {Type: 'AWS::Serverless::Function', Properties: {Tags: *a}}}",
        "!!python/object/apply:os.system ['true']",
        "Resources: {F: {Type: 'AWS::Serverless::Function', Properties: {Timeout: !Sub [1, 2]}}}",
        "Resources: {F: {Type: 'AWS::Serverless::Function', Properties: {Events: {A: !Ref B}}}}",
        "? [a, b]\n: 1\n",
        "\0",
    ],
)
def test_a_strange_template_changes_nothing_else(
    catalogue: Catalogue, write: Write, text: str
) -> None:
    write("good.py")
    write("template.yaml", text)

    found = catalogue.functions()

    assert found["good"].state == "Active"
    assert catalogue.ignored() and not any("\n" in each.reason for each in catalogue.ignored())
