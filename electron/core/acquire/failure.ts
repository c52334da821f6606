/** What a failed request says about the input or the server. Pure. */
import { isPilotlightError } from '../../../shared/contract/errors.ts';

/**
 * - `input`: the server refuses this input, wherever it is sent
 * - `busy`: too much to do right now; ask again
 * - `connection`: the connection broke; the machine may have dropped out
 * - `unavailable`: this node cannot serve for now
 * - `server`: it failed; the input or the server may be the cause
 */
export type FailureKind = 'input' | 'busy' | 'connection' | 'unavailable' | 'server';

export function classifyFailure(error: unknown): FailureKind {
  if (!isPilotlightError(error)) return 'server';
  switch (error.code) {
    case 'SERVER_BUSY':
      return 'busy';
    case 'HOST_UNREACHABLE':
      return 'connection';
    // The runner or its answer broke off: whatever the status says, the input is not the cause.
    case 'RUNNER_DIED':
    case 'ANSWER_INCOMPLETE':
      return 'server';
    case 'INPUT_TOO_LONG':
      return 'input';
    case 'SERVER_ERROR':
    case 'RUNNER_ERROR':
    case 'BAD_REQUEST':
      return isRefusal(error.details?.status) ? 'input' : 'server';
    case 'HOST_TIMEOUT':
    case 'NAME_NOT_RESOLVED':
    case 'MODEL_NOT_FOUND':
    case 'OUT_OF_MEMORY':
    case 'MODEL_CANNOT_EMBED':
    case 'NOT_AN_INFERENCE_SERVER':
    case 'SERVER_LOCKED':
    case 'SERVER_REDIRECTS':
    case 'SERVER_TOO_OLD':
    case 'RESPONSE_TOO_LARGE':
    case 'NO_SERVER':
    case 'NODE_ASLEEP':
    case 'NOT_A_RUNNER':
    case 'RUNNER_REFUSED':
    case 'RUNNER_MODEL_CHANGED':
    case 'RUNNER_OFF':
    case 'RUNNER_NOT_STARTED':
      return 'unavailable';
    default:
      return 'server';
  }
}

/** 4xx means that this request is wrong, unless it is about time, rate, or a client that disconnected. */
function isRefusal(status: unknown): boolean {
  return (
    typeof status === 'number' && status >= 400 && status < 500 && ![404, 408, 429, 499].includes(status)
  );
}

/** How far a node had come when it failed to become ready. */
export type ReadyStage = 'waking' | 'woken' | 'serving';

/**
 * - `wake-not-allowed`: nothing is wrong with it; its policy keeps it asleep
 * - `wake-failed`: it did not come up, or came up without the model
 * - `dropped`: it served, and did not become ready
 */
export type NotReady = 'wake-not-allowed' | 'wake-failed' | 'dropped';

export function classifyNotReady(error: unknown, stage: ReadyStage): NotReady {
  const code = isPilotlightError(error) ? error.code : null;
  if (stage === 'waking') return code === 'WAKE_NOT_ALLOWED' ? 'wake-not-allowed' : 'wake-failed';
  return stage === 'woken' && code === 'MODEL_NOT_FOUND' ? 'wake-failed' : 'dropped';
}
