"""The function that a request names, in each of the forms that AWS takes."""

from flask import request

import huey_tasks as tq
from web.http.reach import reach
from web.lambda_api.errors import AwsError

LATEST = "$LATEST"


def named(text: str) -> tq.FunctionName:
    """Read a name, a partial or a whole ARN, and the request's Qualifier. Raises AwsError."""
    try:
        return tq.parse_function_name(text, request.args.get("Qualifier"))
    except tq.BadName as error:
        raise AwsError(error.code, str(error)) from None


def function_of(name: tq.FunctionName) -> tq.Function:
    """Return the function of that name. Raises AwsError."""
    function = tq.find_function(name.name)
    if function is None or not _is_here(name):
        raise not_found(name, name.qualifier)
    return function


def check_invocable(name: tq.FunctionName) -> None:
    """Raise AwsError unless there is a function, or a task type, of that name."""
    exists = tq.find_function(name.name) is not None or any(
        known.name == name.name for known in tq.task_types()
    )
    if not exists or not _is_here(name):
        raise not_found(name, name.qualifier or LATEST, invoked=True)


def not_found(name: tq.FunctionName, qualifier: str | None, *, invoked: bool = False) -> AwsError:
    """Return the error of a function, or a version, that is not there: AWS's text, then why.

    `invoked`: a task type would do as well.
    """
    arn = tq.function_arn(name.name, qualifier)
    if name.account is not None:
        arn = arn.replace(f":{tq.CONFIG.aws_account_id}:", f":{name.account}:", 1)
    why = _why_not(name, invoked)
    text = f"Function not found: {arn}. {why}" if why else f"Function not found: {arn}"
    return AwsError("ResourceNotFoundException", text)


def _why_not(name: tq.FunctionName, invoked: bool) -> str:
    """Return a sentence, "" if nothing is known."""
    if name.account not in (None, tq.CONFIG.aws_account_id):
        return f"The account here is {tq.CONFIG.aws_account_id}."
    if name.qualifier not in (None, LATEST):
        return "Functions have no versions and aliases here."
    # The names of others are not for a key that does not reach them.
    return tq.why_no_function(name.name, or_task_type=invoked) if reach().is_whole else ""


def _is_here(name: tq.FunctionName) -> bool:
    """Whether account and version are those that we have: there are no versions and aliases."""
    own = tq.CONFIG.aws_account_id
    return name.qualifier in (None, LATEST) and name.account in (None, own)
