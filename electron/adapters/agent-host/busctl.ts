/** Calls on the system bus with busctl, whose answers are JSON in every version since systemd 240. */
import { parseJson } from '../../../shared/json.ts';
import { type Exec, isMissing, toolFailure } from '../hardware/exec.ts';

export interface BusCall {
  /** The well-known name, such as `org.freedesktop.login1`. */
  destination: string;
  path: string;
  interface: string;
  method: string;
  /** The signature of the arguments, with one string for each. */
  signature?: string;
  arguments?: readonly string[];
}

export interface BusOptions {
  exec: Exec;
  signal: AbortSignal;
  deadlineMs?: number;
}

/** The system has no busctl: it has no systemd, or only parts of it. */
export class NoBusctl extends Error {}

const DEADLINE_MS = 4000;
const BUSCTL = 'busctl';

/**
 * The return values of the call. Rejects with NoBusctl if the program is missing, and with a sentence if the call
 * failed, took too long or returned something unexpected.
 */
export async function busCall(call: BusCall, { exec, signal, deadlineMs }: BusOptions): Promise<unknown[]> {
  const { destination, path, method, signature, arguments: values = [] } = call;
  const target = [destination, path, call.interface, method];
  const args = ['--system', '--json=short', 'call', ...target, ...(signature ? [signature, ...values] : [])];
  let output: string;
  try {
    output = await exec(BUSCTL, args, { deadlineMs: deadlineMs ?? DEADLINE_MS, signal });
  } catch (error) {
    if (isMissing(error)) throw new NoBusctl('busctl is not installed.', { cause: error });
    throw new Error(toolFailure(BUSCTL, error), { cause: error });
  }
  return parseBusAnswer(output);
}

/** `{"type":"a(susso)","data":[…]}`; throws for anything else. */
export function parseBusAnswer(output: string): unknown[] {
  const text = output.trim();
  if (text === '') throw new Error('busctl printed nothing.');
  const answer = parseJson(text);
  const data = typeof answer === 'object' && answer !== null && 'data' in answer ? answer.data : null;
  if (!Array.isArray(data)) throw new Error(`busctl printed something unexpected: ${text.slice(0, 100)}`);
  return data;
}
