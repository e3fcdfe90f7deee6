"""Holds documents against AWS's own description of its answers, as botocore has it.

usage: botocore_check.py FILE...

Each file holds one or more answers of AWS Batch (or of EC2, whose protocol is XML and which are passed over). An answer is
parsed by botocore's response parser, and judged by the shape of the operation's output: no member that the shape lacks, every
required one there, every value of its type, enums among the model's, and nothing lost in parsing. Prints a JSON object of what
was looked at; exits 1 with a line per finding.
"""

import collections
import json
import re
import sys

import botocore
import botocore.loaders
import botocore.model
import botocore.parsers

# By the member that holds the items.
OPERATIONS = {
    "computeEnvironments": "DescribeComputeEnvironments",
    "jobQueues": "DescribeJobQueues",
    "schedulingPolicies": "DescribeSchedulingPolicies",
    "jobDefinitions": "DescribeJobDefinitions",
    "jobs": "DescribeJobs",
    "jobSummaryList": "ListJobs",
    "consumableResources": "ListConsumableResources",
}
# The model requires what a job that never started lacks, and an array, whose children start in its place.
MAY_LACK = {("JobDetail", "startedAt")}
# Milliseconds since 1970 from 2000 to 2100: seconds are far below, nanoseconds far above.
MILLISECONDS = range(946_684_800_000, 4_102_444_800_000)

seen = collections.Counter()
findings = []


def judge(shape, value, at):
    def found(message):
        findings.append(f"{at}: {message} ({shape.name})")

    kind = shape.type_name
    if kind == "structure":
        if not isinstance(value, dict):
            return found(f"{value!r} is no structure")
        for name in value.keys() - shape.members.keys():
            found(f"`{name}` is no member")
        for name in shape.required_members:
            if name not in value and (shape.name, name) not in MAY_LACK:
                found(f"`{name}` is required")
        for name, own in value.items():
            if name in shape.members:
                seen["members"] += 1
                judge(shape.members[name], own, f"{at}/{name}")
    elif kind == "list":
        if not isinstance(value, list):
            return found(f"{value!r} is no list")
        for index, own in enumerate(value):
            judge(shape.member, own, f"{at}/{index}")
    elif kind == "map":
        if not isinstance(value, dict):
            return found(f"{value!r} is no map")
        for name, own in value.items():
            judge(shape.key, name, f"{at}/{name}")
            judge(shape.value, own, f"{at}/{name}")
    elif kind == "string":
        if not isinstance(value, str):
            found(f"{value!r} is no string")
        elif getattr(shape, "enum", None):
            seen["enums"] += 1
            if value not in shape.enum:
                found(f"`{value}` is none of {', '.join(shape.enum)}")
    elif kind in ("integer", "long"):
        if isinstance(value, bool) or not isinstance(value, int):
            return found(f"{value!r} is no whole number")
        # AWS Batch gives times as longs, by these names.
        if re.search("(At|AtPosition)$", at.rsplit("/", 1)[-1]):
            seen["times"] += 1
            if value not in MILLISECONDS:
                found(f"{value} is no time in milliseconds since 1970")
        if kind == "integer" and not -(2**31) <= value < 2**31:
            found(f"{value} is beyond 32 bits")
    elif kind in ("double", "float"):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            found(f"{value!r} is no number")
    elif kind == "boolean":
        if not isinstance(value, bool):
            found(f"{value!r} is no boolean")
    else:
        found(f"nothing is known here of the type {kind}")


def answers(text):
    decoder, at = json.JSONDecoder(), 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        answer, at = decoder.raw_decode(text, at)
        yield answer


def check(service, parser, name, answer):
    if "InstanceTypes" in answer:
        return
    operation = next((OPERATIONS[member] for member in answer if member in OPERATIONS), None)
    if operation is None:
        findings.append(f"{name}: no answer of AWS Batch that is known here: {', '.join(answer)}")
        return
    shape = service.operation_model(operation).output_shape
    seen[operation] += 1
    judge(shape, answer, name)
    body = json.dumps(answer).encode()
    response = {"status_code": 200, "headers": {"content-type": "application/json"}, "body": body}
    try:
        parsed = parser.parse(response, shape)
        parsed.pop("ResponseMetadata", None)
        if parsed != answer:
            findings.append(f"{name}: botocore reads another answer than was written")
    except (ValueError, TypeError, botocore.parsers.ResponseParserError) as error:
        findings.append(f"{name}: botocore can't read it: {error}")
    member = next(member for member in answer if member in OPERATIONS)
    seen["items"] += len(answer[member])
    if len(answer[member]) > (1000 if member == "jobSummaryList" else 100):
        findings.append(f"{name}: {len(answer[member])} items on a page, more than AWS gives")


def main(files):
    model = botocore.loaders.Loader().load_service_model("batch", "service-2")
    service = botocore.model.ServiceModel(model, "batch")
    parser = botocore.parsers.create_parser(service.metadata["protocol"])
    for name in files:
        with open(name, encoding="utf-8") as file:
            for answer in answers(file.read()):
                check(service, parser, name, answer)
    print(json.dumps({"botocore": botocore.__version__, "files": len(files), **seen}))
    for finding in findings[:100]:
        print(finding, file=sys.stderr)
    if len(findings) > 100:
        print(f"and {len(findings) - 100} more", file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
