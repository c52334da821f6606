/** Reads onnxruntime's profile of a session: which provider really ran the nodes. Pure. */

import { parseJson } from '../../../../shared/json.ts';
import type { RunnerProvider } from '../../../../shared/models/runner.ts';

/** The names of onnxruntime's own. */
const executionProviders: Readonly<Record<RunnerProvider, string>> = {
  dml: 'DmlExecutionProvider',
  coreml: 'CoreMLExecutionProvider',
  cuda: 'CUDAExecutionProvider',
  webgpu: 'WebGpuExecutionProvider',
  cpu: 'CPUExecutionProvider',
};

interface ProfileEvent {
  cat?: unknown;
  args?: { provider?: unknown };
}

/** Part of the executed nodes that ran there, 0 to 1; null if the profile names none. */
export function shareOf(profile: string, provider: RunnerProvider): number | null {
  const events = parseJson(profile);
  if (!Array.isArray(events)) return null;
  let all = 0;
  let there = 0;
  for (const event of events as ProfileEvent[]) {
    const ran = event?.cat === 'Node' ? event.args?.provider : undefined;
    if (typeof ran !== 'string' || ran === '') continue;
    all += 1;
    if (ran === executionProviders[provider]) there += 1;
  }
  return all === 0 ? null : there / all;
}
