"""Holds answers as they come over the wire against the API model that botocore ships."""

import base64
import binascii
import json
import re
import typing
import xml.etree.ElementTree

import botocore.model

#: Errors that any operation may answer, and that the models leave out or do not list everywhere.
COMMON_ERRORS = {
    "AccessDeniedException",
    "NotModeledByLocalAws",
    "SerializationException",
    "ValidationException",
}


class Disagreement(AssertionError):
    """An answer that the API model does not allow."""


def check_every_answer(events: typing.Any) -> list[str]:
    """Checks every answer that passes botocore's events from now on. The list tells which operations answered."""
    seen: list[str] = []

    def check(operation_model: botocore.model.OperationModel, response_dict: dict, **_: object) -> None:
        seen.append(f"{operation_model.service_model.service_name}.{operation_model.name}")
        check_answer(operation_model, response_dict)

    events.register("before-parse.*.*", check)
    return seen


def check_answer(operation: botocore.model.OperationModel, response: dict) -> None:
    """Raises `Disagreement` if the answer is not one of the operation's."""
    place = f"{operation.service_model.service_name}.{operation.name}"
    if not response["headers"].get("x-amzn-requestid"):
        raise Disagreement(f"{place}: the answer has no x-amzn-requestid")
    if response["status_code"] >= 500:
        raise Disagreement(f"{place}: {response['status_code']} {response['body']!r}")
    protocol = operation.service_model.resolved_protocol
    if protocol == "query":
        check_query_answer(place, operation, response)
    elif response["status_code"] >= 400:
        check_error(place, operation, response)
    elif protocol == "rest-json":
        check_rest_answer(place, operation, response)
    else:
        check_value(place, operation.output_shape, read_json(place, response["body"]))


def read_json(place: str, body: bytes) -> object:
    try:
        return json.loads(body or b"{}")
    except ValueError as error:
        raise Disagreement(f"{place}: the body is not JSON: {body[:200]!r}") from error


def check_error(place: str, operation: botocore.model.OperationModel, response: dict) -> None:
    """The code is one that the operation's model lists, and the members are the exception's."""
    body = read_json(place, response["body"])
    code = response["headers"].get("x-amzn-errortype") or body.get("__type", "")
    shapes = {shape.name: shape for shape in operation.error_shapes}
    if code not in COMMON_ERRORS and code not in shapes:
        raise Disagreement(f"{place}: the model has no error {code!r}: {sorted(shapes)}")
    members = set(shapes[code].members) if code in shapes else set()
    if unknown := set(body) - members - {"__type", "message", "Message", "Type"}:
        raise Disagreement(f"{place}: {code} has no members {sorted(unknown)}")
    if not (body.get("message") or body.get("Message")):
        raise Disagreement(f"{place}: {code} has no message")


def check_rest_answer(place: str, operation: botocore.model.OperationModel, response: dict) -> None:
    """Members in headers and in the status are botocore's own matter; the rest is in the body, or is the body."""
    shape = operation.output_shape
    payload = shape.serialization.get("payload") if shape else None
    if payload is None:
        elsewhere = {name for name, member in (shape.members if shape else {}).items() if "location" in member.serialization}
        check_value(place, shape, read_json(place, response["body"]), elsewhere)
    elif shape.members[payload].type_name not in ("blob", "string"):
        check_value(place, shape.members[payload], read_json(place, response["body"]))


def check_query_answer(place: str, operation: botocore.model.OperationModel, response: dict) -> None:
    """XML: the result's elements are members, each a text; an error has a type, a code and a message."""
    root = xml.etree.ElementTree.fromstring(response["body"])
    found = {re.sub("^{.*}", "", element.tag): element for element in root}
    if response["status_code"] >= 400:
        error = {re.sub("^{.*}", "", element.tag): element.text for element in found["Error"]}
        if set(error) != {"Type", "Code", "Message"} or not found["RequestId"].text:
            raise Disagreement(f"{place}: not an error of the query protocol: {response['body']!r}")
        return
    result = found[operation.output_shape.serialization.get("resultWrapper", f"{operation.name}Result")]
    check_value(place, operation.output_shape, {re.sub("^{.*}", "", member.tag): member.text for member in result})
    if found["ResponseMetadata"].find("./{*}RequestId") is None:
        raise Disagreement(f"{place}: the answer has no request id")


def check_value(
    place: str, shape: botocore.model.Shape | None, value: object, elsewhere: typing.Collection[str] = ()
) -> None:
    """Raises `Disagreement` with the place of the first value that is not one of the shape's."""
    if shape is None:
        if value != {}:
            raise Disagreement(f"{place}: the operation answers nothing, but the body is {value!r}")
        return
    kind = KINDS[shape.type_name]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise Disagreement(f"{place}: {value!r} is no {shape.type_name}")
    match shape.type_name:
        case "structure":
            check_structure(place, shape, value, elsewhere)
        case "list":
            check_bounds(place, shape, len(value), lowest=False)
            for index, item in enumerate(value):
                check_value(f"{place}[{index}]", shape.member, item)
        case "map":
            for key, item in value.items():
                check_value(f"{place} key", shape.key, key)
                check_value(f"{place}[{key!r}]", shape.value, item)
        case "string":
            check_string(place, shape, value)
        case "integer" | "long":
            check_bounds(place, shape, value)
        case "blob":
            try:
                base64.b64decode(value, validate=True)
            except binascii.Error as error:
                raise Disagreement(f"{place}: not base64: {value!r}") from error


KINDS: dict[str, type | tuple[type, ...]] = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "blob": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    # In JSON bodies a time is a number of seconds.
    "timestamp": (int, float),
}


def check_structure(
    place: str, shape: botocore.model.StructureShape, value: dict, elsewhere: typing.Collection[str]
) -> None:
    by_name = {member.serialization.get("name", name): member for name, member in shape.members.items()}
    if unknown := set(value) - set(by_name):
        raise Disagreement(f"{place}: {shape.name} has no members {sorted(unknown)}")
    required = {shape.members[name].serialization.get("name", name) for name in shape.required_members}
    if missing := required - set(value) - set(elsewhere):
        raise Disagreement(f"{place}: {shape.name} requires {sorted(missing)}")
    if shape.metadata.get("union") and len(value) != 1:
        raise Disagreement(f"{place}: {shape.name} has one of its members, not {sorted(value)}")
    for name, item in value.items():
        check_value(f"{place}.{name}", by_name[name], item)


def check_string(place: str, shape: botocore.model.StringShape, value: str) -> None:
    if shape.enum and value not in shape.enum:
        raise Disagreement(f"{place}: {value!r} is none of {shape.enum}")
    # The models' lower bounds are for requests: AWS itself answers an empty list or text where one is required.
    check_bounds(place, shape, len(value), lowest=False)
    if (pattern := shape.metadata.get("pattern")) and value:
        # A few patterns are Java's own and mean nothing to Python.
        try:
            compiled = re.compile(pattern, re.DOTALL)
        except re.error:
            return
        if not compiled.fullmatch(value):
            raise Disagreement(f"{place}: {value!r} does not match {pattern}")


def check_bounds(place: str, shape: botocore.model.Shape, number: int, lowest: bool = True) -> None:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if (lowest and least is not None and number < least) or (most is not None and number > most):
        raise Disagreement(f"{place}: {number} is not within {least} and {most}")
