"""Images, audio, moderation and rerank: relayed to the deployments that speak them, forms as they
come."""

from __future__ import annotations

import hashlib
import http.client
import json
import threading
import time

import openai
import pytest

from harness import media, wire
from harness.client import QUICK
from harness.processes import PATIENCE, poll

MIB = 1024 * 1024
WAV = b"RIFF\x24\x00\x00\x00WAVE\r\n--b0undar\r\r\n" * 40


@pytest.fixture
def vendor():
    vendor = media.Vendor()
    yield vendor
    vendor.stop()


@pytest.fixture
def second():
    vendor = media.Vendor()
    yield vendor
    vendor.stop()


def place(vendor: media.Vendor, **more) -> dict:
    return {
        "provider": "openai",
        "model": "upstream-1",
        "api_base": vendor.base,
        "api_key": "sk-vendor-secret",
        "operations": ["images", "transcription", "speech", "moderation", "rerank"],
    } | more


def one(*vendors: media.Vendor, server: dict | None = None, **more) -> dict:
    model = {"deployments": [place(vendor) for vendor in vendors], "retries": QUICK}
    config = {"models": {"m": {"strategy": "first_available"} | model | more}}
    return config | ({"server": server} if server else {})


def transcribe(gateway, content_type: str, body: bytes) -> tuple[int, dict, bytes]:
    """A form sent by hand; status, head and body of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=PATIENCE)
    connection.request("POST", "/v1/audio/transcriptions", body, {"content-type": content_type})
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read()


def test_the_sdk_makes_images(vendor, start):
    gateway = start(one(vendor))
    usage = {
        "input_tokens": 5,
        "output_tokens": 9,
        "total_tokens": 14,
        "input_tokens_details": {"text_tokens": 5, "image_tokens": 0},
    }
    answer = {"created": 1, "data": [{"b64_json": "QUJD"}], "usage": usage}
    vendor.script(media.json_answer(answer))
    images = gateway.openai().images.generate(model="m", prompt="a gate", size="1024x1024")
    assert images.data[0].b64_json == "QUJD"
    request = vendor.only()
    assert request.path == "/v1/images/generations"
    assert request.json == {"model": "upstream-1", "prompt": "a gate", "size": "1024x1024"}
    assert request.headers["authorization"] == "Bearer sk-vendor-secret"
    line = json.loads(gateway.said('"operation":"images"')[0])
    assert (line["input_tokens"], line["output_tokens"]) == (5, 9)
    assert gateway.metric("tollgate_tokens_total", model="m", kind="output") == 9


def test_the_sdk_streams_images_as_the_vendor_sends_them(vendor, start):
    gateway = start(one(vendor))
    partial = {
        "type": "image_generation.partial_image",
        "b64_json": "QUJD" * 20_000,
        "partial_image_index": 0,
        "created_at": 1,
        "background": "auto",
        "output_format": "png",
        "quality": "high",
        "size": "1024x1024",
    }
    usage = {
        "input_tokens": 5,
        "output_tokens": 9,
        "total_tokens": 14,
        "input_tokens_details": {"text_tokens": 5, "image_tokens": 0},
    }
    done = partial | {"type": "image_generation.completed", "usage": usage}
    done.pop("partial_image_index")
    vendor.script(media.events(partial, done), media.events(partial, cut=True))
    stream = gateway.openai().images.generate(model="m", prompt="x", stream=True, partial_images=1)
    kinds = [event.type for event in stream]
    assert kinds == ["image_generation.partial_image", "image_generation.completed"]
    # One that breaks ends with one error and never as if it were whole.
    with pytest.raises(openai.APIError):
        list(gateway.openai().images.generate(model="m", prompt="x", stream=True))


def test_the_sdk_edits_and_varies_images(vendor, start):
    gateway = start(one(vendor))
    vendor.default = media.json_answer({"created": 1, "data": [{"url": "http://x"}]})
    sdk = gateway.openai()
    picture = ("a.png", b"\x89PNG\r\n" + bytes(range(256)) * 9)
    sdk.images.edit(model="m", prompt="x", image=[picture, picture])
    sdk.images.create_variation(model="m", image=picture)
    paths = [request.path for request in vendor.requests]
    assert paths == ["/v1/images/edits", "/v1/images/variations"]
    for request in vendor.requests:
        assert request.form()["model"] == "upstream-1"
        files = [content for _, file, content in request.parts() if file]
        assert files and all(content == picture[1] for content in files)


def test_the_sdk_transcribes_and_translates(vendor, start):
    gateway = start(one(vendor))
    sdk = gateway.openai()
    answer = {"text": "hallo", "usage": {"type": "tokens", "input_tokens": 14, "output_tokens": 3,
                                         "total_tokens": 17}}
    vendor.script(media.json_answer(answer))
    heard = sdk.audio.transcriptions.create(model="m", file=("a.wav", WAV), language="de")
    assert heard.text == "hallo"
    request = vendor.only()
    assert request.path == "/v1/audio/transcriptions"
    assert request.form() == {"model": "upstream-1", "language": "de"}
    assert [(file, content) for _, file, content in request.parts() if file] == [("a.wav", WAV)]
    assert request.headers["content-length"] == str(request.received)
    assert request.headers["authorization"] == "Bearer sk-vendor-secret"
    line = json.loads(gateway.said('"operation":"transcription"')[0])
    assert (line["input_tokens"], line["output_tokens"], line["status"]) == (14, 3, 200)
    vendor.script(media.Answer(200, b"1\n00:00 --> 00:01\nhallo\n", "text/plain; charset=utf-8"))
    text = sdk.audio.transcriptions.create(
        model="m", file=("a.wav", WAV), response_format="srt"
    )
    assert text == "1\n00:00 --> 00:01\nhallo\n"
    vendor.script()
    assert sdk.audio.translations.create(model="m", file=("a.wav", WAV)).text == "hello"
    assert vendor.only().path == "/v1/audio/translations"


def test_the_sdk_streams_a_transcript(vendor, start):
    gateway = start(one(vendor))
    usage = {"type": "tokens", "input_tokens": 14, "output_tokens": 3, "total_tokens": 17}
    vendor.script(
        media.events(
            {"type": "transcript.text.delta", "delta": "hal"},
            {"type": "transcript.text.delta", "delta": "lo"},
            {"type": "transcript.text.done", "text": "hallo", "usage": usage},
        )
    )
    stream = gateway.openai().audio.transcriptions.create(
        model="m", file=("a.wav", WAV), stream=True
    )
    kinds = [event.type for event in stream]
    assert kinds == ["transcript.text.delta"] * 2 + ["transcript.text.done"]
    assert vendor.only().form()["stream"] == "true"
    line = json.loads(gateway.said('"operation":"transcription"')[0])
    assert (line["stream"], line["output_tokens"]) == (True, 3)


def test_the_sdk_speaks_and_bytes_come_as_the_vendor_sends_them(vendor, start):
    gateway = start(one(vendor))
    audio = [b"ID3\x04" + bytes(range(256)) * 40, b"\x00\xff" * 5000, b"end"]
    pace = threading.Event()
    vendor.script(media.Answer(200, audio, "audio/mpeg", pace=pace))
    speech = gateway.openai().audio.speech
    with speech.with_streaming_response.create(model="m", voice="alloy", input="hi") as answer:
        assert answer.headers["content-type"] == "audio/mpeg"
        chunks = answer.iter_bytes()
        first = next(chunks)
        assert audio[0].startswith(first), "the first piece comes before there is another one"
        pace.set()
        assert first + b"".join(chunks) == b"".join(audio)
    assert vendor.only().json == {"model": "upstream-1", "voice": "alloy", "input": "hi"}
    vendor.script(media.Answer(200, b"".join(audio), "audio/wav"))
    whole = speech.create(model="m", voice="alloy", input="hi", response_format="wav")
    assert whole.response.headers["content-length"] == str(len(b"".join(audio)))
    assert whole.content == b"".join(audio)


def test_audio_that_breaks_off_breaks_the_clients_connection(vendor, start):
    gateway = start(one(vendor))
    vendor.script(media.Answer(200, [b"ID3", b"more"], "audio/mpeg", cut=True))
    with pytest.raises(openai.APIConnectionError):
        gateway.openai().audio.speech.create(model="m", voice="alloy", input="hi").read()
    line = json.loads(gateway.said('"operation":"speech"')[0])
    assert line["outcome"] == "truncated"


def test_the_sdk_moderates(vendor, start):
    gateway = start(one(vendor))
    vendor.script(media.json_answer({"id": "modr-1", "model": "omni", "results": []}))
    assert gateway.openai().moderations.create(model="m", input="hi").id == "modr-1"
    assert vendor.only().path == "/v1/moderations"
    assert vendor.only().json == {"model": "upstream-1", "input": "hi"}


@pytest.mark.parametrize("path", ["/v1/rerank", "/v2/rerank", "/rerank"])
def test_documents_are_ranked(vendor, start, path):
    gateway = start(one(vendor))
    answer = {
        "results": [{"index": 1, "relevance_score": 0.9}],
        "meta": {"tokens": {"input_tokens": 8, "output_tokens": 0}},
    }
    vendor.script(media.json_answer(answer))
    asked = {"model": "m", "query": "q", "documents": ["a", "b"], "top_n": 1}
    told = wire.post(f"{gateway.url}{path}", asked)
    assert (told.status, told.json) == (200, answer)
    assert vendor.only().path == "/v1/rerank"
    assert vendor.only().json == asked | {"model": "upstream-1"}
    line = json.loads(gateway.said('"operation":"rerank"')[0])
    assert line["input_tokens"] == 8


def test_a_model_whose_deployments_do_not_speak_it_says_so(vendor, second, start):
    only_chat = place(vendor, operations=[], id="chatty")
    speaks = place(second, operations=["speech"], id="speaker")
    gateway = start({"models": {"m": {"deployments": [only_chat, speaks], "retries": QUICK},
                                "none": {"deployments": [only_chat | {"id": "lone"}]}}})
    body = {"model": "none", "prompt": "x"}
    told = wire.post(f"{gateway.url}/v1/images/generations", body)
    assert told.status == 400
    error = told.json["error"]
    assert "\"none\"" in error["message"] and "images" in error["message"], error
    second.default = media.Answer(200, b"audio", "audio/mpeg")
    for _ in range(6):
        told = wire.post(f"{gateway.url}/v1/audio/speech", {"model": "m", "input": "x"})
        assert told.status == 200 and told.headers["x-tollgate-deployment"] == "speaker"
    assert vendor.requests == []
    content_type, form = media.form(("model", None, b"none"), ("file", "a.wav", WAV))
    status, _, text = transcribe(gateway, content_type, form)
    assert status == 400 and b"transcription" in text, text


def test_unknown_models_and_aliases_are_those_of_chat(vendor, start):
    gateway = start(one(vendor, aliases=["whisper-1"]))
    content_type, form = media.form(("model", None, b"whisper-1"), ("file", "a.wav", WAV))
    assert transcribe(gateway, content_type, form)[0] == 200
    assert vendor.only().form()["model"] == "upstream-1"
    content_type, form = media.form(("model", None, b"whisper-2"), ("file", "a.wav", WAV))
    status, _, text = transcribe(gateway, content_type, form)
    assert status == 404 and json.loads(text)["error"]["code"] == "model_not_found"
    with pytest.raises(openai.NotFoundError):
        gateway.openai().images.generate(model="nope", prompt="x")


def test_a_model_behind_the_file_is_found_and_a_missing_one_is_put_in(vendor, start):
    gateway = start(one(vendor) | {"defaults": {"model": "m"}})
    content_type, form = media.form(("file", "a.wav", WAV * 100), ("model", None, b"m"))
    assert transcribe(gateway, content_type, form)[0] == 200
    assert vendor.only().form() == {"model": "upstream-1"}
    vendor.script()
    content_type, form = media.form(("file", "a.wav", WAV))
    assert transcribe(gateway, content_type, form)[0] == 200
    assert vendor.only().form() == {"model": "upstream-1"}


def test_forms_that_are_wrong_are_refused_by_name(vendor, start):
    server = {"upload_hold": "64KiB", "body_limits": {"uploads": "1MiB"}}
    gateway = start(one(vendor, server=server))

    def refused(*parts, content_type: str | None = None) -> tuple[int, dict]:
        said, body = media.form(*parts)
        status, _, text = transcribe(gateway, content_type or said, body)
        return status, json.loads(text)["error"]

    late = refused(("file", "a.wav", WAV * 200), ("model", None, b"m"))
    assert late[0] == 400 and late[1]["param"] == "model", late
    assert "send `model` before the file" in late[1]["message"]
    large = refused(("model", None, b"m"), ("file", "a.wav", b"x" * 2 * MIB))
    assert large[0] == 413, large
    twice = refused(("model", None, b"m"), ("model", None, b"other"), ("file", "a.wav", WAV))
    assert twice[0] == 400 and "`model` twice" in twice[1]["message"], twice
    a_file = refused(("model", "m.txt", b"m"))
    assert a_file[0] == 400 and a_file[1]["param"] == "model", a_file
    odd = refused(("model", None, b"m"), content_type="multipart/form-data")
    assert odd[0] == 400 and "boundary" in odd[1]["message"], odd
    assert all(not request.whole for request in vendor.requests if request.received > MIB)


def test_a_small_form_is_tried_elsewhere_and_a_failing_vendor_is_left(vendor, second, start):
    gateway = start(one(vendor, second))
    vendor.default = media.failure(503, "busy")
    second.default = media.json_answer({"text": "from the second"})
    content_type, form = media.form(("model", None, b"m"), ("file", "a.wav", WAV * 2000))
    status, headers, text = transcribe(gateway, content_type, form)
    assert (status, json.loads(text)["text"]) == (200, "from the second")
    assert headers["x-tollgate-attempts"] == "2"
    assert second.only().body == vendor.only().body
    assert [c for _, file, c in second.only().parts() if file] == [WAV * 2000]


def test_a_vendor_that_answers_before_it_has_read_is_left_for_another(vendor, second, start):
    gateway = start(one(vendor, second))
    vendor.default = media.failure(503, "busy", early=True)
    content_type, form = media.form(("model", None, b"m"), ("file", "a.wav", b"x" * 8 * MIB))
    status, headers, text = transcribe(gateway, content_type, form)
    assert (status, json.loads(text)) == (200, {"text": "hello"})
    assert headers["x-tollgate-attempts"] == "2"
    assert second.only().whole and second.only().received > 8 * MIB


def test_a_form_that_is_not_held_is_sent_once(vendor, second, start):
    gateway = start(one(vendor, second, server={"upload_hold": "1MiB"}))
    vendor.default = media.failure(503, "busy")
    content_type, form = media.form(("model", None, b"m"), ("file", "a.wav", b"x" * 4 * MIB))
    status, headers, text = transcribe(gateway, content_type, form)
    assert status == 503 and "busy" in json.loads(text)["error"]["message"], text
    assert headers["x-tollgate-attempts"] == "1"
    assert vendor.only().whole and second.requests == []


class Sink:
    """Sends a form by hand, piece by piece."""

    def __init__(self, gateway, total: int, chunked: bool = False) -> None:
        content_type, whole = media.form(("model", None, b"m"), ("file", "a.wav", b"<HERE>"))
        self.head, self.tail = whole.split(b"<HERE>")
        self.total = total
        self.connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=60)
        self.connection.putrequest("POST", "/v1/audio/transcriptions")
        self.connection.putheader("content-type", content_type)
        self.chunked = chunked
        if chunked:
            self.connection.putheader("transfer-encoding", "chunked")
        else:
            length = len(self.head) + total + len(self.tail)
            self.connection.putheader("content-length", str(length))
        self.connection.endheaders()
        self.sent = 0
        self.digest = hashlib.sha256()
        self.put(self.head)

    def put(self, piece: bytes) -> None:
        self.sent += len(piece)
        if self.chunked:
            piece = f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
        self.connection.send(piece)

    def file(self, upto: int | None = None) -> None:
        seed = bytes(range(256)) * 256
        for piece in media.pieces_of(upto or self.total, lambda size: seed[:size]):
            self.digest.update(piece)
            self.put(piece)

    def end(self) -> tuple[int, bytes]:
        self.put(self.tail)
        if self.chunked:
            self.connection.send(b"0\r\n\r\n")
        answer = self.connection.getresponse()
        return answer.status, answer.read()


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_upload_costs_no_memory(vendor, start, chunked):
    gateway = start(one(vendor, server={"upload_hold": "1MiB"}))
    content_type, form = media.form(("model", None, b"m"), ("file", "a.wav", WAV))
    assert transcribe(gateway, content_type, form)[0] == 200
    vendor.script()
    before = gateway.memory()
    peak = [0]
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            peak[0] = max(peak[0], gateway.memory())
            time.sleep(0.01)

    watcher = threading.Thread(target=watch)
    watcher.start()
    sink = Sink(gateway, 200 * MIB, chunked)
    sink.file()
    status, text = sink.end()
    done.set()
    watcher.join()
    assert status == 200, text
    assert vendor.only().whole and vendor.only().received > 200 * MIB
    grown = peak[0] - before
    print(f"200 MiB cost {grown / MIB:.1f} MiB")
    assert grown < 16 * MIB, grown


def test_a_slow_vendor_slows_the_upload(vendor, start):
    gateway = start(one(vendor, server={"upload_hold": "1MiB"}))
    gate = threading.Event()
    vendor.script(media.Answer(200, b'{"text":"slow"}', gate=gate, after=1))
    before = gateway.memory()
    sink = Sink(gateway, 200 * MIB)
    sending = threading.Thread(target=sink.file)
    sending.start()

    def stands_still() -> bool:
        sent = sink.sent
        time.sleep(0.3)
        return sent > 0 and sink.sent == sent

    poll("the upload to stand still", stands_still)
    assert sink.sent < 64 * MIB, "the kernel's buffers and little more"
    assert gateway.memory() - before < 16 * MIB
    gate.set()
    sending.join()
    assert sink.end() == (200, b'{"text":"slow"}')
    assert vendor.only().whole


def test_a_client_that_leaves_its_upload_cancels_the_vendor(vendor, second, start):
    gateway = start(one(vendor, second))
    sink = Sink(gateway, 100 * MIB)
    sink.file(3 * MIB)
    request = poll("the upload at the vendor", lambda: vendor.requests and vendor.requests[0])
    poll("its beginning", lambda: request.received > MIB)
    sink.connection.close()
    poll("the vendor to be left", lambda: request.left is not None)
    assert not request.whole and second.requests == []
    line = json.loads(gateway.said('"event":"request"')[0])
    assert (line["status"], line["outcome"]) == (499, "cancelled"), line
    poll("nothing in flight", lambda: gateway.metric("tollgate_requests_in_flight", model="m",
                                                     operation="transcription") == 0)


def test_a_client_that_stops_in_its_upload_is_told_and_the_vendor_is_not_blamed(vendor, start):
    gateway = start(one(vendor, server={"body_timeout": "300ms"}))
    sink = Sink(gateway, 10 * MIB)
    sink.file(1 * MIB)
    answer = sink.connection.getresponse()
    error = json.loads(answer.read())["error"]
    assert (answer.status, error["code"]) == (408, "request_timeout"), error
    request = vendor.only()
    poll("the vendor to be left", lambda: request.left is not None)
    content_type, form = media.form(("model", None, b"m"), ("file", "a.wav", WAV))
    for _ in range(3):
        assert transcribe(gateway, content_type, form)[0] == 200, "the breaker is closed"


def test_a_vendor_that_never_answers_a_form_is_given_up_in_time(vendor, second, start):
    gate = threading.Event()
    gateway = start(one(vendor, second, timeouts={"whole": "300ms"}))
    vendor.default = media.Answer(gate=gate, after=1)
    content_type, form = media.form(("model", None, b"m"), ("file", "a.wav", WAV))
    status, headers, _ = transcribe(gateway, content_type, form)
    gate.set()
    assert (status, headers["x-tollgate-attempts"]) == (200, "2")
