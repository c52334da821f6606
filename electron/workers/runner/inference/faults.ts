/** What onnxruntime's error texts mean. Pure: it has no codes of its own that reach JavaScript. */
import { type ErrorCode, PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact, type Message } from '../../../../shared/models/message.ts';

export type FaultKind =
  /** The device was removed, reset or hung: only a new process gets it back. */
  | 'lost'
  | 'memory'
  /** Names, types or shapes of the inputs. */
  | 'inputs'
  | 'opset'
  | 'external-data'
  | 'not-a-graph'
  | 'other';

const patterns: readonly (readonly [FaultKind, RegExp])[] = [
  // DXGI's removed, hung, reset, driver error; Vulkan, Dawn, CUDA (unspecified launch failure and its kin), Metal.
  [
    'lost',
    /887A00(05|06|07|20)|DEVICE_(REMOVED|HUNG|RESET|LOST)|device (was |is |has been )?(lost|removed)|DeviceLost|CUDA (error|failure) (46|214|700|702|709|719|999)\b|unspecified launch failure|illegal memory access|no longer functioning|cudaErrorDevicesUnavailable|IOGPU|GPU (Restart|Hang) Error/i,
  ],
  [
    'memory',
    /bad_alloc|failed to allocate|out of( device| host)? ?memory|OUT_OF_(DEVICE_|HOST_)?MEMORY|8007000E|OutOfMemory|CUDA (error|failure) 2\b|not enough (video )?memory|BFCArena/i,
  ],
  [
    'inputs',
    /invalid (feed input name|dimensions for input|rank for input)|unexpected input data type|missing input|input '.*' is missing|got invalid dimensions|feed input|out of (bounds|range)|indices element/i,
  ],
  ['opset', /opset|IR version|is not a registered function\/op|ai\.onnx version/i],
  ['external-data', /external data|external initializer|external_data|model_path must not be empty/i],
  [
    'not-a-graph',
    /protobuf parsing failed|does not have a graph|load model from .* failed: *(file|open)|NO_SUCHFILE|No graph was found/i,
  ],
];

export const textOfError = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').trim().slice(0, 600);

/** Without the places and signatures of its source, which onnxruntime puts before what it means. */
export function plainReason(text: string): string {
  const plain = text
    .replace(/\/onnxruntime_src\/\S+( [^()]*\([^()]*\)( const)?)? ?/g, ' ')
    .replace(/^.*?\bwas false\.\s*/, '')
    .replace(/ {2,}/g, ' ')
    .trim();
  return plain.length > MOST_LETTERS ? `${plain.slice(0, MOST_LETTERS)}…` : plain;
}
const MOST_LETTERS = 240;

export function kindOf(text: string): FaultKind {
  return patterns.find(([, pattern]) => pattern.test(text))?.[0] ?? 'other';
}

const causes: Readonly<Record<FaultKind, (reason: string) => Message>> = {
  opset: (reason) => fact('RUNNER_NEWER_OPSET', { reason }),
  'external-data': (reason) => fact('RUNNER_DATA_MISSING', { reason }),
  'not-a-graph': (reason) => fact('RUNNER_NOT_A_GRAPH', { reason }),
  lost: (reason) => fact('RUNNER_OTHER_GRAPH_FAULT', { reason }),
  memory: (reason) => fact('RUNNER_OTHER_GRAPH_FAULT', { reason }),
  inputs: (reason) => fact('RUNNER_OTHER_GRAPH_FAULT', { reason }),
  other: (reason) => fact('RUNNER_OTHER_GRAPH_FAULT', { reason }),
};

/** RUNNER_OUT_OF_MEMORY or RUNNER_BAD_GRAPH; `details.kind` says which fault it is. */
export function toRunnerError(error: unknown): PilotlightError {
  const reason = textOfError(error);
  const kind = kindOf(reason);
  const code: ErrorCode = kind === 'memory' ? 'RUNNER_OUT_OF_MEMORY' : 'RUNNER_BAD_GRAPH';
  return new PilotlightError(code, {
    ...(kind === 'memory' ? {} : { message: causes[kind](plainReason(reason)) }),
    details: { kind, reason },
    cause: error,
  });
}

/** null for an error that is not one of a graph. */
export function faultOf(error: { details?: Record<string, unknown> | undefined }): FaultKind | null {
  const kind = error.details?.kind;
  return typeof kind === 'string' ? (kind as FaultKind) : null;
}
