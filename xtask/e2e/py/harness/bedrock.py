"""Amazon Bedrock as a script: it answers what it is told, and checks with botocore's own code what it
is asked. botocore's parsers read the same answers in `test_bedrock.py`, so that the script is shaped
like the service."""

from __future__ import annotations

import base64
import binascii
import json
import struct
import urllib.parse
from typing import Any

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.session
import botocore.validate

from harness import scripted
from harness.scripted import Answer

REGION = "eu-central-1"
KEY_ID, SECRET, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "session/token+=="
MODEL = botocore.session.get_session().get_service_model("bedrock-runtime")
CLAUDE = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
NOVA = "eu.amazon.nova-lite-v1:0"

OPERATIONS = {
    "converse": "Converse",
    "converse-stream": "ConverseStream",
    "invoke": "InvokeModel",
    "invoke-with-response-stream": "InvokeModelWithResponseStream",
    "count-tokens": "CountTokens",
}


def message(headers: dict[str, str], payload: bytes) -> bytes:
    """One binary message."""
    head = b""
    for name, value in headers.items():
        head += bytes([len(name)]) + name.encode() + b"\x07"
        head += struct.pack(">H", len(value.encode())) + value.encode()
    prelude = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    prelude += struct.pack(">I", binascii.crc32(prelude))
    whole = prelude + head + payload
    return whole + struct.pack(">I", binascii.crc32(whole))


def event(kind: str, body: dict) -> bytes:
    """One event of a stream."""
    headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    return message(headers, json.dumps(body | {"p": "abcdefgh"}).encode())


def exception(kind: str, text: str) -> bytes:
    """One failure within a stream."""
    headers = {
        ":exception-type": kind,
        ":content-type": "application/json",
        ":message-type": "exception",
    }
    return message(headers, json.dumps({"message": text}).encode())


def chunk(body: dict) -> bytes:
    """One event of an invocation's stream."""
    return event("chunk", {"bytes": base64.b64encode(json.dumps(body).encode()).decode()})


USAGE = {
    "inputTokens": 11,
    "outputTokens": 7,
    "totalTokens": 118,
    "cacheReadInputTokens": 100,
    "cacheWriteInputTokens": 0,
}


def whole(*blocks: dict, stop: str = "end_turn") -> bytes:
    """A whole answer of Converse."""
    answer = {
        "output": {"message": {"role": "assistant", "content": list(blocks)}},
        "stopReason": stop,
        "usage": USAGE,
        "metrics": {"latencyMs": 5},
    }
    return json.dumps(answer).encode()


def text_stream(*pieces: str, stop: str = "end_turn") -> list[bytes]:
    """A streamed answer of Converse with text alone."""
    deltas = [
        event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": piece}})
        for piece in pieces
    ]
    return [
        event("messageStart", {"role": "assistant"}),
        *deltas,
        event("contentBlockStop", {"contentBlockIndex": 0}),
        event("messageStop", {"stopReason": stop}),
        event("metadata", {"usage": USAGE, "metrics": {"latencyMs": 5}}),
    ]


def failure(status: int, kind: str, text: str) -> Answer:
    """An error answer."""
    suffix = ":http://internal.amazon.com/coral/com.amazon.bedrock/"
    body = json.dumps({"message": text}).encode()
    return Answer(status, body, {"x-amzn-errortype": kind + suffix})


def streamed(pieces: list[bytes], cut: bool = False) -> Answer:
    """A stream, each piece in a write of its own."""
    return Answer(200, pieces, {"content-type": "application/vnd.amazon.eventstream"}, cut)


class Request(scripted.Request):
    """A request that came."""

    @property
    def model(self) -> str:
        return urllib.parse.unquote(self.path.split("/")[2])

    @property
    def operation(self) -> str:
        return OPERATIONS[self.path.split("/")[3]]

    def check(self) -> None:
        """botocore's own rules for the operation's input: types, enums, lengths, unknown members."""
        shape = MODEL.operation_model(self.operation).input_shape
        if self.operation.startswith("Invoke"):
            params: dict = {"modelId": self.model, "body": self.body}
        else:
            params = {"modelId": self.model} | _decoded(shape, self.json)
        report = botocore.validate.ParamValidator().validate(params, shape)
        assert not report.has_errors(), report.generate_report()
        _check_members(shape, params, self.operation)

    def check_signature(
        self, key: tuple[str, str, str | None] = (KEY_ID, SECRET, None), region: str = REGION
    ) -> None:
        """The signature is the one that botocore makes of the same request."""
        key_id, secret, token = key
        said = dict(
            part.split("=", 1)
            for part in self.headers["authorization"].removeprefix("AWS4-HMAC-SHA256 ").split(", ")
        )
        signed = said["SignedHeaders"].split(";")
        needed = {"host", "x-amz-date"} | ({"content-type"} & set(self.headers))
        assert needed <= set(signed), signed
        assert self.headers.get("x-amz-security-token") == token
        assert (token is None) or "x-amz-security-token" in signed
        day = self.headers["x-amz-date"][:8]
        assert said["Credential"] == f"{key_id}/{day}/{region}/bedrock/aws4_request"
        url = f"http://{self.headers['host']}{self.path}"
        headers = {name: self.headers[name] for name in signed}
        request = botocore.awsrequest.AWSRequest("POST", url, headers=headers, data=self.body)
        request.context["timestamp"] = self.headers["x-amz-date"]
        credentials = botocore.credentials.Credentials(key_id, secret, token)
        signer = botocore.auth.SigV4Auth(credentials, "bedrock", region)
        canonical = signer.canonical_request(request)
        signature = signer.signature(signer.string_to_sign(request, canonical), request)
        assert said["Signature"] == signature, canonical


def _decoded(shape: Any, value: Any) -> Any:
    """JSON as botocore's callers give it: blobs as bytes."""
    if getattr(shape, "is_document_type", False):
        return value
    if shape.type_name == "structure" and isinstance(value, dict):
        members = shape.members
        return {k: _decoded(members[k], v) if k in members else v for k, v in value.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [_decoded(shape.member, item) for item in value]
    if shape.type_name == "blob":
        return base64.b64decode(value, validate=True)
    return value


def _check_members(shape: Any, value: Any, path: str) -> None:
    """What botocore leaves to the service: unknown members, and words that are no member of an enum."""
    if getattr(shape, "is_document_type", False):
        return
    if shape.type_name == "structure":
        unknown = set(value) - set(shape.members)
        assert not unknown, f"{path}: unknown {unknown}"
        if shape.metadata.get("union") or getattr(shape, "is_tagged_union", False):
            assert len(value) == 1, f"{path}: {sorted(value)}"
        for name, member in value.items():
            _check_members(shape.members[name], member, f"{path}.{name}")
    elif shape.type_name == "list":
        for index, item in enumerate(value):
            _check_members(shape.member, item, f"{path}[{index}]")
    elif shape.type_name == "string":
        words = shape.metadata.get("enum")
        assert not words or value in words, f"{path}: {value!r} is none of {words}"


class Service(scripted.Service):
    """A scripted Bedrock."""

    request = Request

    def __init__(self) -> None:
        super().__init__(Answer(200, whole({"text": "Hello from Bedrock."})))
