// @ts-check
// The health check of the container: whether the panel of this data folder answers.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

try {
  const port = Number(readFileSync(join(process.argv[2] ?? '', 'port'), 'utf8'));
  // Without a session it refuses, which is an answer.
  const { status } = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(5_000) });
  process.exitCode = status < 500 ? 0 : 1;
} catch {
  process.exitCode = 1;
}
