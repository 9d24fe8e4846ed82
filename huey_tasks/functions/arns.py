"""ARNs and names of functions, by the patterns of AWS's API and in the words of its errors."""

import re
from dataclasses import dataclass

LATEST = "$LATEST"
#: As AWS writes them; its errors quote the pattern.
_NAME_TEXT = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?"
    r"(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
)
_QUALIFIER_TEXT = r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"
#: The same with named parts. A region is one only in front of an account: `my-job-1:live` is a name
#: with a qualifier, which AWS's pattern leaves open.
_NAME = re.compile(
    r"(?:(?:arn:(?:aws[a-zA-Z-]*)?:lambda:)?"
    r"(?P<region>(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-[0-9]):(?=[0-9]{12}:))?"
    r"(?:(?P<account>[0-9]{12}):)?(?:function:)?(?P<name>[a-zA-Z0-9_.-]+)"
    r"(?::(?P<qualifier>\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9_-]+))?"
)
_QUALIFIER = re.compile(r"\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9_$-]+")
_LONGEST_NAME, _LONGEST_QUALIFIER = 256, 128
_CONSTRAINT = "Value '{}' at '{}' failed to satisfy constraint: Member must {}"


class BadName(ValueError):
    """A name that AWS refuses; the message is AWS's, `code` the type of its error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Name:
    """A function as a caller names it; what the caller left out is None."""

    name: str
    qualifier: str | None = None
    region: str | None = None
    account: str | None = None


def arn(region: str, account: str, name: str, qualifier: str | None = None) -> str:
    """Return the ARN of a function, of one version of it if `qualifier` is given."""
    end = f":{qualifier}" if qualifier else ""
    return f"arn:aws:lambda:{region}:{account}:function:{name}{end}"


def parse_name(text: str, qualifier: str | None = None, region: str | None = None) -> Name:
    """Return the function that a name, a partial or a whole ARN stands for.

    `qualifier` is the caller's, beside the name; None or empty: none. A `region` is the one that is
    served. Raises BadName: a pattern does not fit (ValidationException), the ARN is of another
    region (ResourceNotFoundException), the two qualifiers differ (InvalidParameterValueException),
    in this order.
    """
    found = _NAME.fullmatch(text)
    problems = list(_problems(text, "functionName", _LONGEST_NAME, found, _NAME_TEXT))
    if qualifier:
        fits = _QUALIFIER.fullmatch(qualifier)
        problems += _problems(qualifier, "qualifier", _LONGEST_QUALIFIER, fits, _QUALIFIER_TEXT)
    if problems or found is None:
        number = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''}"
        raise BadName("ValidationException", f"{number} detected: {'; '.join(problems)}")
    if region and found["region"] not in (None, region):
        raise BadName(
            "ResourceNotFoundException",
            f"Functions from '{found['region']}' are not reachable in this region ('{region}')",
        )
    if qualifier and found["qualifier"] not in (None, qualifier):
        raise BadName(
            "InvalidParameterValueException",
            "The derived qualifier from the function name does not match the specified qualifier.",
        )
    return Name(found["name"], qualifier or found["qualifier"], found["region"], found["account"])


def _problems(
    text: str, field: str, longest: int, found: re.Match[str] | None, pattern: str
) -> list[str]:
    if found is None:
        rule = f"satisfy regular expression pattern: {pattern}"
    elif len(text) > longest:
        rule = f"have length less than or equal to {longest}"
    else:
        return []
    return [_CONSTRAINT.format(text, field, rule)]
