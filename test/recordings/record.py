"""Records the requests of real Python clients, byte for byte: see README.md."""

import asyncio
import base64
import json
import re
import socket
import struct
import sys
import threading
from pathlib import Path

HERE = Path(__file__).parent
KEY = "key-of-a-recording"
MODEL = "words"


def picture():
    """The JPEG inside the recording of Immich's request for faces: 48 by 32 pixels."""
    whole = (HERE / "immich" / "faces.http").read_bytes()
    start = whole.index(b"\xff\xd8\xff")
    return whole[start : whole.rindex(b"\xff\xd9") + 2]


VECTOR = [0.5, -0.5, 0.25, 0.125]
TEXT = base64.b64encode(struct.pack("<4f", *VECTOR)).decode()


def answer_to(request):
    """What lets each client go on."""
    line = request.split(b"\r\n", 1)[0].decode()
    _, path, _ = line.split(" ")
    if "embeddings" in path:
        vector = TEXT if b'"base64"' in request else VECTOR
        one = {"object": "embedding", "embedding": vector}
        data = [{**one, "index": index} for index in range(3)]
        usage = {"prompt_tokens": 3, "total_tokens": 3}
        return {"object": "list", "data": data, "model": MODEL, "usage": usage}
    if path.endswith("/models"):
        return {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": "x"}]}
    if "/models/" in path:
        return {"id": MODEL, "object": "model", "created": 0, "owned_by": "x"}
    if path.startswith("/detect"):
        return {"results": [[]], "processing_time_ms": 1, "gpu_used": False, "worker_id": "w"}
    if b"source_sentence" in request:
        return [1.0, 0.5]
    if path.startswith("/tokenize"):
        return [[{"id": 4, "text": "red", "special": False, "start": 0, "stop": 3}]]
    return [VECTOR, VECTOR, VECTOR]


def is_whole(data):
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return False
    head, body = data[:end].decode("latin1"), data[end + 4 :]
    if re.search(r"^transfer-encoding:.*chunked", head, re.I | re.M):
        return body.endswith(b"0\r\n\r\n")
    length = re.search(r"^content-length: *(\d+)", head, re.I | re.M)
    return len(body) >= int(length.group(1) if length else 0)


class Recorder:
    """Listens on loopback, keeps what arrives, and answers each request."""

    def __init__(self):
        self.requests = []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.server.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        data = b""
        with connection:
            while part := connection.recv(65536):
                data += part
                if not is_whole(data):
                    if b"100-continue" in data and data.endswith(b"\r\n\r\n"):
                        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                    continue
                self.requests.append(data)
                body = json.dumps(answer_to(data)).encode()
                head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
                data = b""

    def save(self, name):
        """The last request. Its port is the one thing that differs between recordings."""
        request = self.requests.pop()
        host = f"127.0.0.1:{self.port}".encode()
        request = request.replace(host, b"127.0.0.1:8765", 1)
        (HERE / f"{name}.http").write_bytes(request)
        print(name, len(request))


def tei(recorder, url):
    import requests
    from huggingface_hub import InferenceClient
    from llama_index.embeddings.text_embeddings_inference import TextEmbeddingsInference

    client = InferenceClient(model=url, token=KEY)
    client.feature_extraction("red green")
    recorder.save("tei/huggingface-hub")
    client.feature_extraction("red", normalize=False, truncate=True, truncation_direction="left")
    recorder.save("tei/huggingface-hub-options")
    client.sentence_similarity("red", ["red", "blue"])
    recorder.save("tei/huggingface-hub-similarity")
    index = TextEmbeddingsInference(model_name=MODEL, base_url=url, auth_token=KEY)
    index.get_text_embedding_batch(["red", "green blue", "square"])
    recorder.save("tei/llama-index")
    asyncio.run(index.aget_query_embedding("round"))
    recorder.save("tei/llama-index-async")
    headers = {"Authorization": f"Bearer {KEY}"}
    for path, body in {
        "embed_all": {"inputs": "red blue"},
        "tokenize": {"inputs": "red blue", "add_special_tokens": False},
        "similarity": {"inputs": {"source_sentence": "red", "sentences": ["red", "blue"]}},
    }.items():
        requests.post(f"{url}/{path}", json=body, headers=headers)
        recorder.save(f"tei/requests-{path.replace('_', '-')}")
    requests.get(f"{url}/info", headers=headers)
    recorder.save("tei/requests-info")


def openai(recorder, url):
    from openai import AsyncOpenAI, OpenAI

    client = OpenAI(base_url=f"{url}/v1", api_key=KEY)
    client.embeddings.create(model=MODEL, input="red")
    recorder.save("openai/python-text")
    client.embeddings.create(model=MODEL, input=["red", "green blue", "square"], encoding_format="float")
    recorder.save("openai/python-texts-float")
    client.embeddings.create(model=MODEL, input=[2, 4, 3], user="somebody")
    recorder.save("openai/python-tokens")
    client.embeddings.create(model=MODEL, input=[[2, 4, 3], [2, 3]], dimensions=3)
    recorder.save("openai/python-dimensions")
    client.models.list()
    recorder.save("openai/python-models")
    client.models.retrieve(MODEL)
    recorder.save("openai/python-model")
    asyncio.run(AsyncOpenAI(base_url=f"{url}/v1", api_key=KEY).embeddings.create(model=MODEL, input="日没"))
    recorder.save("openai/python-async")


def worker(recorder, url):
    import aiohttp
    import httpx
    import requests

    jpeg = picture()
    body = {
        "images": [{"data": base64.b64encode(jpeg).decode(), "image_id": "a"}],
        "min_face_quality": 0.0,
        "require_face": True,
        "crop_faces": True,
        "face_margin": 0.2,
    }
    requests.post(f"{url}/detect_and_embed_batch", json=body, timeout=60)
    recorder.save("worker/requests-embed")
    httpx.post(f"{url}/detect_faces_batch", json=body)
    recorder.save("worker/httpx-detect")
    requests.post(
        f"{url}/detect_faces_batch_multipart",
        files=[("files", ("a.jpg", jpeg, "image/jpeg")), ("files", ("ü b.jpg", jpeg))],
        data={"min_face_quality": "0.0", "require_face": "true", "crop_faces": "false"},
    )
    recorder.save("worker/requests-multipart")
    httpx.post(
        f"{url}/detect_faces_batch_multipart",
        files={"files": ("a.jpg", jpeg, "image/jpeg")},
        params={"min_face_quality": 0.0, "crop_faces": True},
    )
    recorder.save("worker/httpx-multipart")

    async def with_aiohttp():
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
            async with session.post(f"{url}/detect_and_embed_batch", json=body) as response:
                await response.json()
            recorder.save("worker/aiohttp-embed")
            form = aiohttp.FormData()
            form.add_field("files", jpeg, filename="a.jpg", content_type="image/jpeg")
            form.add_field("min_face_quality", "0.0")
            async with session.post(f"{url}/detect_faces_batch_multipart", data=form) as response:
                await response.json()
            recorder.save("worker/aiohttp-multipart")
            async with session.get(f"{url}/health") as response:
                await response.read()
            recorder.save("worker/aiohttp-health")

    asyncio.run(with_aiohttp())
    # A generator has no length, so the body is sent in chunks.
    text = json.dumps(body).encode()
    pieces = (text[at : at + 200] for at in range(0, len(text), 200))
    requests.post(f"{url}/detect_and_embed_batch", data=pieces, headers={"Content-Type": "application/json"})
    recorder.save("worker/requests-chunked")
    requests.get(f"{url}/gpu_info")
    recorder.save("worker/requests-gpu-info")


if __name__ == "__main__":
    recorder = Recorder()
    url = f"http://127.0.0.1:{recorder.port}"
    for name in sys.argv[1:] or ["tei", "openai", "worker"]:
        globals()[name](recorder, url)
