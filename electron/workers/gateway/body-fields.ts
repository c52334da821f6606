/** What routing needs of a JSON body. Pure. */
import type { Span } from './json-bytes.ts';
import { createJsonScan, type JsonListener } from './json-scan.ts';
import { type JsonFault, stringOf } from './json-text.ts';
import { createPrefixHash } from './prefix-hash.ts';

export interface BodyFields {
  /** null if unset. */
  model: string | null;
  /** Every value of the key that named the model. The last counts, as in Go; the others must not say otherwise. */
  modelSpans: readonly Span[];
  /** null if unset. */
  stream: boolean | null;
  /** `options.num_ctx`; null if unset. */
  contextLength: number | null;
  /** `options.num_gpu` is set: the program itself says where the model is loaded. */
  placesModel: boolean;
  /** `keep_alive` is zero: the model is to be unloaded, as `ollama stop` does. */
  unloads: boolean;
  /** null if unset. */
  promptCacheKey: string | null;
  /** Elements of `input`; null if it is not an array. */
  inputs: number | null;
  /** Keys of the conversation, the longest beginning last. */
  conversation: readonly string[];
  fault: BodyFault | null;
}

export type BodyFault =
  | JsonFault
  /** The model is not a string. */
  | { kind: 'model-type'; key: string; type: string };

export interface BodyFieldsReader {
  write(chunk: Buffer): void;
  end(): BodyFields;
}

export interface BodyFieldsOptions {
  /** Whether `name` names the model if `model` does not. */
  takesName: boolean;
  /** Where the conversation stands; null for an endpoint without one. */
  conversation: 'messages' | 'prompt' | 'input' | null;
}

/** A prompt in one string gets keys at these lengths, bytes. */
const PROMPT_STEPS = [256, 1024, 4096, 16_384];

interface Named {
  value: string | null;
  spans: Span[];
}

export function createBodyFieldsReader({ takesName, conversation }: BodyFieldsOptions): BodyFieldsReader {
  const names: Record<string, Named> = {
    model: { value: null, spans: [] },
    name: { value: null, spans: [] },
  };
  const prefix = createPrefixHash(conversation === 'prompt' ? PROMPT_STEPS : []);
  let stream: boolean | null = null;
  let contextLength: number | null = null;
  let placesModel = false;
  let unloads = false;
  let promptCacheKey: string | null = null;
  let inputs: number | null = null;
  let typeFault: BodyFault | null = null;

  function name(key: string, text: string | null, span: Span): void {
    const named = names[key];
    if (named === undefined) return;
    named.spans.push(span);
    // null leaves a field as it was.
    if (text === 'null') return;
    const value = text === null ? '' : stringOf(text);
    if (value === null) typeFault ??= { kind: 'model-type', key, type: goType(text ?? '') };
    named.value = value;
  }

  const listener: JsonListener = {
    wants(parent, key) {
      if (parent === 'options') return key === 'num_ctx' || key === 'num_gpu' ? 'text' : null;
      if (parent !== '') return null;
      if (key === 'model' || key === 'stream' || key === 'prompt_cache_key' || key === 'keep_alive')
        return 'text';
      if (key === 'name') return takesName ? 'text' : null;
      return key === conversation ? 'bytes' : null;
    },
    container(key, isArray) {
      if (key === 'options' && !isArray) return 'members';
      if (key === 'model' || (key === 'name' && takesName)) {
        typeFault ??= { kind: 'model-type', key, type: isArray ? 'array' : 'object' };
      }
      if (!isArray) return 'skip';
      if (key === 'input') inputs = 0;
      return key === 'input' || key === conversation ? 'elements' : 'skip';
    },
    scalar(parent, key, text, span) {
      if (parent === 'options' && key === 'num_gpu') placesModel ||= text !== 'null' && text !== '-1';
      else if (parent === 'options') contextLength = positive(text) ?? contextLength;
      else if (key === 'stream') stream = text === 'null' ? stream : text === 'true';
      else if (key === 'keep_alive') unloads = text === 'null' ? unloads : isZero(text);
      else if (key === 'prompt_cache_key') promptCacheKey = stringOf(text ?? '') ?? promptCacheKey;
      else if (key === conversation) prefix.endPart();
      else name(key, text, span);
    },
    bytes(key, chunk, from, to) {
      if (key === conversation) prefix.bytes(chunk, from, to);
    },
    element(key) {
      if (key === 'input') inputs = (inputs ?? 0) + 1;
      if (key === conversation) prefix.endPart();
    },
  };
  const scan = createJsonScan(listener);

  return {
    write: (chunk) => scan.write(chunk),
    end() {
      const { model, name: other } = names as { model: Named; name: Named };
      const named = takesName && (model.value === null || model.value === '') ? other : model;
      return {
        model: named.value === '' ? null : named.value,
        modelSpans: named.spans,
        stream,
        contextLength,
        placesModel,
        unloads,
        promptCacheKey: promptCacheKey === '' ? null : promptCacheKey,
        inputs,
        conversation: prefix.keys(),
        fault: scan.end() ?? typeFault,
      };
    },
  };
}

function positive(text: string | null): number | null {
  const value = Number(text);
  return Number.isInteger(value) && value > 0 ? value : null;
}

/** A number of seconds, or a duration in Go's form: `0`, `"0s"`, `"0h0m"`. */
function isZero(text: string | null): boolean {
  return text !== null && /^"?-?0(?:\.0*)?(?:[a-zµ]+(?:0[a-zµ]+)*)?"?$/.test(text);
}

function goType(text: string): string {
  if (text === 'true' || text === 'false') return 'bool';
  return 'number';
}
