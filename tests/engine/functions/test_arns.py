"""Names and ARNs of functions, and AWS's words for those that do not fit."""

import pytest

from huey_tasks.functions.arns import BadName, Name, arn, parse_name

ARN = "arn:aws:lambda:us-east-1:000000000000:function:hello"


@pytest.mark.parametrize(
    ("text", "qualifier", "expected"),
    [
        ("hello", None, Name("hello")),
        ("hello", "", Name("hello")),
        ("hello:$LATEST", None, Name("hello", "$LATEST")),
        ("hello", "$LATEST", Name("hello", "$LATEST")),
        ("hello:live", "live", Name("hello", "live")),
        ("my-job-1:live", None, Name("my-job-1", "live")),
        ("a.b_c-D", None, Name("a.b_c-D")),
        ("123456789012:function:hello", None, Name("hello", account="123456789012")),
        ("function:hello", None, Name("hello")),
        (ARN, None, Name("hello", None, "us-east-1", "000000000000")),
        (f"{ARN}:$LATEST", "$LATEST", Name("hello", "$LATEST", "us-east-1", "000000000000")),
        ("arn:aws-us-gov:lambda:us-gov-west-1:000000000000:function:h:$LATEST.PUBLISHED", None,
         Name("h", "$LATEST.PUBLISHED", "us-gov-west-1", "000000000000")),
    ],
)  # fmt: skip
def test_a_name_a_partial_and_a_whole_arn_are_read(
    text: str, qualifier: str | None, expected: Name
) -> None:
    assert parse_name(text, qualifier) == expected


def test_an_arn_is_made_as_it_is_read() -> None:
    assert arn("us-east-1", "000000000000", "hello") == ARN
    made = parse_name(arn("eu-west-1", "123456789012", "hello", "$LATEST"))
    assert made == Name("hello", "$LATEST", "eu-west-1", "123456789012")


@pytest.mark.parametrize(
    "text",
    ["", " ", "a b", "hello:", "hello:a:b", "ä", "hello\n", "hello:$OLD", "１", "a/b",
     "arn:aws:s3:::hello", "arn:aws:lambda:us-east-1:1:function:hello", f"{ARN}:"],
)  # fmt: skip
def test_a_name_that_does_not_fit_is_refused_in_the_words_of_aws(text: str) -> None:
    with pytest.raises(BadName) as refused:
        parse_name(text)

    assert refused.value.code == "ValidationException"
    assert str(refused.value) == (
        f"1 validation error detected: Value '{text}' at 'functionName' failed to satisfy"
        " constraint: Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?"
        r":lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?"
        r"(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
    )


@pytest.mark.parametrize(
    ("text", "qualifier", "code", "message"),
    [
        ("x" * 257, None, "ValidationException",
         f"1 validation error detected: Value '{'x' * 257}' at 'functionName' failed to satisfy"
         " constraint: Member must have length less than or equal to 256"),
        ("hello", "a b", "ValidationException",
         "1 validation error detected: Value 'a b' at 'qualifier' failed to satisfy constraint:"
         " Member must satisfy regular expression pattern:"
         r" \$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"),
        ("hello", "x" * 129, "ValidationException", "less than or equal to 128"),
        ("a b", "a b", "ValidationException", "2 validation errors detected: Value 'a b' at"),
        ("hello:1", "2", "InvalidParameterValueException",
         "The derived qualifier from the function name does not match the specified qualifier."),
        (ARN.replace("us-east-1", "eu-west-1"), None, "ResourceNotFoundException",
         "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"),
    ],
)  # fmt: skip
def test_each_refusal_has_the_code_and_the_text_of_aws(
    text: str, qualifier: str | None, code: str, message: str
) -> None:
    with pytest.raises(BadName) as refused:
        parse_name(text, qualifier, "us-east-1")

    assert refused.value.code == code and message in str(refused.value)
