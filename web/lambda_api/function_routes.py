"""What functions there are, and their configuration."""

from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

import huey_tasks as tq
from web.lambda_api import views
from web.lambda_api.errors import invalid
from web.lambda_api.input import page_of
from web.lambda_api.names import function_of, named

functions = Blueprint("functions", __name__)

#: Functions in one answer (AWS's number).
_PAGE = 50
#: Bytes: what AWS lets all functions of an account, and one, have.
_TOTAL_BYTES, _UNZIPPED_BYTES, _ZIPPED_BYTES = 80_530_636_800, 262_144_000, 52_428_800


@functions.get("/2015-03-31/functions", strict_slashes=False)
def list_functions() -> ResponseReturnValue:
    """List functions by name, a page at a time."""
    version = request.args.get("FunctionVersion")
    if version not in (None, "ALL"):
        raise invalid(version[:64], "functionVersion", "satisfy enum value set: [ALL]")
    known = tq.list_functions()
    page, marker = page_of(list(known), _PAGE)
    found: dict[str, Any] = {
        "Functions": [
            views.configuration(known[name], with_version=version == "ALL", with_state=False)
            for name in page
        ]
    }
    return jsonify(found | ({"NextMarker": marker} if marker else {}))


@functions.get("/2015-03-31/functions/<name>")
def get_function(name: str) -> ResponseReturnValue:
    """Return a function: its configuration, where its code is, and its concurrency."""
    asked = named(name)
    function = function_of(asked)
    found: dict[str, Any] = {
        "Configuration": views.configuration(function, with_version=asked.qualifier is not None),
        "Code": {"RepositoryType": "S3", "Location": function.root.as_uri()},
        "Tags": {},
    }
    if (most := function.reserved_concurrency) is not None:
        found["Concurrency"] = {"ReservedConcurrentExecutions": most}
    return jsonify(found)


@functions.get("/2015-03-31/functions/<path:name>/configuration")
def get_configuration(name: str) -> ResponseReturnValue:
    """Return the configuration of a function."""
    asked = named(name)
    with_version = asked.qualifier is not None
    return jsonify(views.configuration(function_of(asked), with_version=with_version))


@functions.get("/2015-03-31/functions/<path:name>/versions")
def list_versions(name: str) -> ResponseReturnValue:
    """List the versions of a function: there is one."""
    function = function_of(named(name))
    latest = views.configuration(function, with_version=True, with_state=False)
    return jsonify({"Versions": [latest]})


@functions.get("/2017-03-31/tags/<path:name>")
def list_tags(name: str) -> ResponseReturnValue:
    """List the tags of a function: it has none."""
    function_of(named(name))
    return jsonify({"Tags": {}})


@functions.get("/2016-08-19/account-settings", strict_slashes=False)
def account_settings() -> ResponseReturnValue:
    """Return the limits of the account, and what is used."""
    known = tq.list_functions().values()
    slots = tq.CONFIG.function_slots
    reserved = sum(function.reserved_concurrency or 0 for function in known)
    limit = {
        "TotalCodeSize": _TOTAL_BYTES,
        "CodeSizeUnzipped": _UNZIPPED_BYTES,
        "CodeSizeZipped": _ZIPPED_BYTES,
        "ConcurrentExecutions": slots,
        "UnreservedConcurrentExecutions": max(slots - reserved, 0),
    }
    size = sum(function.code_size for function in known)
    usage = {"TotalCodeSize": size, "FunctionCount": len(known)}
    return jsonify({"AccountLimit": limit, "AccountUsage": usage})
