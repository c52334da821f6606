"""A worker of somebody else, written with the package bullmq alone: it takes the tasks of one queue from Redis."""

import asyncio
import sys

from bullmq import Worker


async def main(url: str, queue: str) -> None:
    lines: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, line.strip())
        loop.call_soon_threadsafe(lines.put_nowait, "stop")

    loop.run_in_executor(None, read)
    proceed = asyncio.Event()

    async def process(job, token):
        if job.data["title"] == "torn.md":
            raise ValueError("a page is torn")
        await job.updateProgress({"progress": 0.5, "text": "page 1"})
        await proceed.wait()
        return {"content": f"{job.name}: {job.data['title']}", "metadata": {"pages": 2}}

    worker = Worker(queue, process, {"connection": url, "name": "python", "stalledInterval": 30000, "maxStalledCount": 100})
    print("ready", flush=True)
    while await lines.get() != "stop":
        proceed.set()
    await worker.close()


asyncio.run(main(sys.argv[1], sys.argv[2]))
