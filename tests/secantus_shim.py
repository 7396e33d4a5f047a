"""Mends three wrong answers of SecantusDB, the MongoDB-wire server that tests run in process.

By MongoDB's documentation a nested object in $project, $addFields and $set means its dotted paths, and
$type of a missing field is "missing". Each fault is probed first: a release that is right stays as it is.
"""

from typing import Any

import secantus.aggregate as aggregate
import secantus.expressions as expressions

_DOCUMENT = {"_id": 1, "sub": {"kept": "x", "other": "y"}}


def mend() -> list[str]:
    """Replace what answers wrongly in this process; returns the names of what was mended."""
    mended = []
    if aggregate._project_one(_DOCUMENT, {"sub": {"kept": 1}}, {}) != {"_id": 1, "sub": {"kept": "x"}}:
        aggregate._project_one = _with_dotted_paths(aggregate._project_one)
        mended.append("$project")
    added = {"_id": 1, "sub": {"kept": "x", "other": "y", "new": 3}}
    if aggregate._add_fields_one(_DOCUMENT, {"sub": {"new": 3}}, {}) != added:
        aggregate._add_fields_one = _with_dotted_paths(aggregate._add_fields_one)
        mended.append("$addFields")
    if _type_of_missing() != "missing":
        named = expressions._type_name
        expressions._type_name = lambda value: "missing" if value is expressions.MISSING else named(value)
        mended.append("$type")
    return mended


def _type_of_missing() -> str:
    try:
        return expressions._type_name(expressions.MISSING)
    except (TypeError, ValueError):
        return "an error"


def _with_dotted_paths(evaluate: Any) -> Any:
    def evaluate_flat(document: Any, spec: Any, variables: Any) -> Any:
        return evaluate(document, _dotted(spec), variables)

    return evaluate_flat


def _dotted(spec: Any, prefix: str = "") -> dict[str, Any]:
    """{"a": {"b": 1}} is {"a.b": 1}; an operator ({"$size": …}) stays whole."""
    flat: dict[str, Any] = {}
    for key, value in spec.items():
        is_operator = isinstance(value, dict) and any(str(name).startswith("$") for name in value)
        if isinstance(value, dict) and value and not is_operator:
            flat.update(_dotted(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat
