"""The same texts with onnxruntime in Python: in unsorted batches of 32, and in the best of several other ways.

Reads {"model": path, "texts": [[ids]]} from the first line of standard input, and prints the names of the ways in which
texts are put into batches. For each further line, which names a way, it prints the texts a second.
"""

import json
import sys
import time

import numpy
import onnxruntime

job = json.loads(sys.stdin.readline())
texts = job["texts"]
session = onnxruntime.InferenceSession(job["model"], providers=["CPUExecutionProvider"])
wanted = [one.name for one in session.get_inputs()]


def run(batch):
    longest = max(len(ids) for ids in batch)
    input_ids = numpy.zeros((len(batch), longest), dtype=numpy.int64)
    mask = numpy.zeros((len(batch), longest), dtype=numpy.int64)
    for row, ids in enumerate(batch):
        input_ids[row, : len(ids)] = ids
        mask[row, : len(ids)] = 1
    feeds = {"input_ids": input_ids, "attention_mask": mask, "token_type_ids": numpy.zeros_like(input_ids)}
    hidden = session.run(None, {name: feeds[name] for name in wanted})[0]
    weights = mask[:, :, None].astype(numpy.float32)
    vectors = (hidden * weights).sum(axis=1) / weights.sum(axis=1)
    return vectors / numpy.linalg.norm(vectors, axis=1, keepdims=True)


def batches_of(ordered, size):
    return [ordered[at : at + size] for at in range(0, len(ordered), size)]


def batches_by_tokens(ordered, budget):
    made, batch = [], []
    for ids in ordered:
        if batch and len(batch[0]) * (len(batch) + 1) > budget:
            made.append(batch)
            batch = []
        batch.append(ids)
    return made + [batch]


by_length = sorted(texts, key=len, reverse=True)
ways = {"unsorted": batches_of(texts, 32), "one by one": batches_of(texts, 1), "sorted": batches_of(by_length, 32)}
for budget in (256, 512, 1024, 2048):
    ways[f"budget {budget}"] = batches_by_tokens(by_length, budget)


def rate(batches):
    start = time.perf_counter()
    for batch in batches:
        run(batch)
    return len(texts) / (time.perf_counter() - start)


print(json.dumps(list(ways)), flush=True)
for line in sys.stdin:
    print(json.dumps(rate(ways[line.strip()])), flush=True)
