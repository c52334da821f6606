"""Scripts for the existing server, with requests and httpx. Prints one JSON object a line: a name and its result."""

import io
import json
import sys
import time

import httpx
import requests

base, key, folder_file = sys.argv[1:4]
headers = {"Authorization": f"Bearer {key}"}
session = requests.Session()
session.trust_env = False
session.headers.update(headers)


def check(name, work):
    try:
        print(json.dumps({"name": name, "result": work()}), flush=True)
    except Exception as error:
        print(json.dumps({"name": name, "error": f"{type(error).__name__}: {error}"}), flush=True)


def wait_for(task_id):
    seen = []
    for _ in range(600):
        status = session.get(f"{base}/api/v1/status/{task_id}").json()
        if status["status"] not in seen:
            seen.append(status["status"])
        if status["status"] in ("SUCCESS", "FAILURE", "REVOKED"):
            return status
        time.sleep(0.05)
    raise TimeoutError(seen)


def ingest_file():
    with io.BytesIO(b"# Lamp\n\nThe lamp is lit.\n") as file:
        answer = session.post(
            f"{base}/api/v1/ingest/file",
            files={"file": ("lampe ä.md", file, "text/markdown")},
            data={"source_type": "document", "gpu": "True", "metadata": json.dumps({"n": 1})},
        )
    answer.raise_for_status()
    body = answer.json()
    status = wait_for(body["task_id"])
    return [body["status"], body["estimated_time"], status["status"], status["progress"], status["result"]["metadata"]]


def batch():
    answer = session.post(
        f"{base}/api/v1/ingest/batch",
        json={"items": [{"source_type": "web", "url": f"http://127.0.0.1:9/{n}"} for n in range(3)], "gpu": False},
    ).json()
    return [answer["total_items"], [wait_for(one)["status"] for one in answer["task_ids"]]]


def workers():
    status = session.get(f"{base}/api/v1/status/workers").json()
    return [status["workers"]["total"], sorted(status["queues"]), status["gpu_available"]]


def queues():
    return sorted(session.get(f"{base}/api/v1/status/stats/queues").json())


def delete():
    task_id = session.post(f"{base}/api/v1/ingest/url", json={"url": "http://127.0.0.1:9/late"}).json()["task_id"]
    session.delete(f"{base}/api/v1/ingest/{task_id}").raise_for_status()
    return wait_for(task_id)["status"] in ("REVOKED", "SUCCESS")


def unknown():
    answer = session.get(f"{base}/api/v1/status/nothing")
    return [answer.status_code, isinstance(answer.json()["detail"], str)]


def maybe():
    answer = session.post(f"{base}/process/url", json={"url": "http://127.0.0.1:9/", "gpu": "maybe"})
    return [answer.status_code, answer.json()["detail"][0]["loc"]]


def too_large():
    def pieces():
        for _ in range(64):
            yield b"x" * 1_048_576

    try:
        answer = session.post(f"{base}/api/v1/tasks/files", data=pieces())
        return answer.status_code
    except requests.ConnectionError:
        return 413


def process_file():
    with httpx.Client(headers=headers, trust_env=False, timeout=60) as client:
        answer = client.post(
            f"{base}/process/file",
            files={"file": ("a.md", b"# A")},
            data={"gpu": "false", "options": json.dumps({"a": 1})},
        )
        body = answer.json()
        return [answer.status_code, body["success"], body["content"], sorted(body)]


def process_urls():
    with httpx.Client(headers=headers, trust_env=False, timeout=60) as client:
        one = client.post(f"{base}/process/web", json={"url": "http://127.0.0.1:9/"}).json()
        many = client.post(f"{base}/process/batch", json={"items": [{"url": "http://127.0.0.1:9/"}] * 2}).json()
        return [one["success"], [each["success"] for each in many]]


def download():
    with httpx.Client(headers=headers, trust_env=False) as client:
        with client.stream("POST", f"{base}/api/v1/files/download", json={"file_path": folder_file}) as answer:
            return [answer.status_code, b"".join(answer.iter_bytes()).decode()]


def upload_result():
    with httpx.Client(headers=headers, trust_env=False) as client:
        answer = client.post(
            f"{base}/api/v1/files/upload-result",
            files={"file": ("result.txt", b"text")},
            data={"result_data": json.dumps({"success": True})},
        )
        return [answer.status_code, answer.json()["status"]]


check("requests: ingests a file", ingest_file)
check("requests: ingests a list", batch)
check("requests: asks for workers", workers)
check("requests: asks for queues", queues)
check("requests: cancels", delete)
check("requests: reads an unknown id", unknown)
check("requests: reads a wrong field", maybe)
check("requests: is told of a file that is too large", too_large)
check("httpx: processes a file", process_file)
check("httpx: processes addresses", process_urls)
check("httpx: downloads a shared file", download)
check("httpx: uploads a result", upload_result)
