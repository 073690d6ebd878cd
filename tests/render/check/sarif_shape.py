"""The requirements of SARIF 2.1.0 on the objects that a check writes, as JSON Schema."""

from __future__ import annotations

from typing import Any


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": required, "properties": properties}


def _list(of: Any, **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": of, **more}


TEXT = {"type": "string"}
FILLED = {"type": "string", "minLength": 1}
COUNT = {"type": "integer", "minimum": 1}
INDEX = {"type": "integer", "minimum": 0}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
BAG = {"type": "object"}

MESSAGE = _object(["text"], text=TEXT)
ARTIFACT = _object(["uri"], uri={"type": "string", "pattern": "^[^ \\\\]+$"}, uriBaseId={"const": "%SRCROOT%"})
REGION = _object(["startLine"], startLine=COUNT, startColumn=COUNT, endColumn=COUNT, snippet=MESSAGE)
PHYSICAL = _object(["artifactLocation"], artifactLocation=ARTIFACT, region=REGION)
LOGICAL = _object([], fullyQualifiedName=FILLED, kind=FILLED)
LOCATION = _object(
    ["physicalLocation"], id=INDEX, physicalLocation=PHYSICAL, logicalLocations=_list(LOGICAL), message=MESSAGE
)
FLOW = _object(["locations"], locations=_list(_object(["location"], location=LOCATION), minItems=1))
RULE = _object(
    ["id"],
    id=FILLED,
    name=TEXT,
    helpUri={"type": "string", "pattern": "^[a-z][a-z0-9+.-]*:[^ ]+$"},
    shortDescription=MESSAGE,
    fullDescription=MESSAGE,
    help=_object(["text", "markdown"], text=FILLED, markdown=FILLED),
    defaultConfiguration=_object(["level"], level=LEVEL),
    properties=BAG,
)
REPLACEMENT = _object(["deletedRegion"], deletedRegion=REGION, insertedContent=_object(["text"], text=TEXT))
CHANGE = _object(
    ["artifactLocation", "replacements"], artifactLocation=ARTIFACT, replacements=_list(REPLACEMENT, minItems=1)
)
FIX = _object(["artifactChanges"], description=MESSAGE, artifactChanges=_list(CHANGE, minItems=1))
SUPPRESSION = _object(
    ["kind"],
    kind={"enum": ["inSource", "external"]},
    status={"enum": ["accepted", "underReview", "rejected"]},
    justification=FILLED,
    location=LOCATION,
)
RESULT = _object(
    ["message", "ruleId", "ruleIndex", "level", "locations", "partialFingerprints", "suppressions"],
    ruleId=FILLED,
    ruleIndex=INDEX,
    level=LEVEL,
    message=MESSAGE,
    occurrenceCount=COUNT,
    locations=_list(LOCATION),
    relatedLocations=_list(LOCATION, uniqueItems=True),
    codeFlows=_list(_object(["threadFlows"], threadFlows=_list(FLOW, minItems=1))),
    partialFingerprints={"type": "object", "additionalProperties": FILLED},
    suppressions=_list(SUPPRESSION),
    fixes=_list(FIX, uniqueItems=True),
    baselineState={"enum": ["new", "unchanged", "updated", "absent"]},
    properties=BAG,
)
NOTIFICATION = _object(["message"], level=LEVEL, message=MESSAGE, locations=_list(LOCATION))
INVOCATION = _object(
    ["executionSuccessful"],
    executionSuccessful={"type": "boolean"},
    exitCode={"type": "integer"},
    toolExecutionNotifications=_list(NOTIFICATION),
    toolConfigurationNotifications=_list(NOTIFICATION),
)
DRIVER = _object(["name", "rules"], name={"const": "torchdraft"}, semanticVersion=FILLED, rules=_list(RULE))
RUN = _object(
    ["tool", "results"],
    tool=_object(["driver"], driver=DRIVER),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    invocations=_list(INVOCATION),
    results=_list(RESULT),
)
LOG = _object(
    ["version", "runs"], **{"$schema": {"type": "string", "format": "uri"}}, version={"const": "2.1.0"}, runs=_list(RUN)
)
