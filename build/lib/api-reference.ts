/** Writes docs/api.md from the contract, so that it is never out of date. */

import * as z from 'zod';
import { agentErrors } from '../../shared/contract/errors/agent.ts';
import type { Catalogue } from '../../shared/contract/errors/entry.ts';
import { errorCatalogue } from '../../shared/contract/errors.ts';
import {
  bearerProtocol,
  exchangePath,
  linkProtocol,
  proofPath,
  signedOutCode,
  streamPath,
} from '../../shared/contract/link.ts';
import { methods } from '../../shared/contract/methods.ts';
import {
  coreStatusSchema,
  cursorSchema,
  frameSchema,
  noticeSchema,
  rightOfStream,
  type StreamName,
  streamSchemas,
} from '../../shared/contract/streams.ts';
import { credentialViewSchema } from '../../shared/models/access.ts';
import { activityEntrySchema } from '../../shared/models/activity.ts';
import { nodeOfferSchema, nodeViewSchema, troubleSchema } from '../../shared/models/fleet.ts';
import * as indexing from '../../shared/models/indexing.ts';
import { messageSchema } from '../../shared/models/message.ts';
import * as placement from '../../shared/models/placement.ts';
import { secretStateSchema, secretsProtectionSchema } from '../../shared/models/secrets.ts';
import { settingsSchema } from '../../shared/models/settings.ts';
import * as tasks from '../../shared/models/tasks.ts';
import * as telemetry from '../../shared/models/telemetry.ts';
import * as transfer from '../../shared/models/transfer.ts';
import { wakeProgressSchema } from '../../shared/models/wake.ts';

/** Schemas that have a name in the reference; everything else is written out in place. */
const models: Record<string, z.ZodType> = {
  CoreStatus: coreStatusSchema,
  Notice: noticeSchema,
  NodeOffer: nodeOfferSchema,
  NodeView: nodeViewSchema,
  WakeProgress: wakeProgressSchema,
  TaskView: tasks.taskViewSchema,
  TaskDetails: tasks.taskDetailsSchema,
  TaskWorker: tasks.taskWorkerSchema,
  TaskQueue: tasks.taskQueueViewSchema,
  TaskDepth: tasks.taskDepthSchema,
  IngestedText: tasks.ingestedTextSchema,
  StorageUse: tasks.storageUseSchema,
  Trouble: troubleSchema,
  ModelOnNode: placement.modelOnNodeSchema,
  InstalledModel: placement.installedModelSchema,
  MoveRecord: placement.moveRecordSchema,
  Explanation: placement.explanationSchema,
  OptimizerStatus: placement.optimizerStatusSchema,
  SourceView: indexing.sourceViewSchema,
  Embedder: indexing.embedderSchema,
  EmbedderChoice: indexing.embedderChoiceSchema,
  IndexJob: indexing.indexJobSchema,
  JobNodeShare: indexing.jobNodeShareSchema,
  JobEvent: indexing.jobEventSchema,
  JobFailure: indexing.jobFailureSchema,
  SearchResult: indexing.searchResultSchema,
  SearchHit: indexing.searchHitSchema,
  GpuCard: telemetry.gpuCardSchema,
  GpuReading: telemetry.gpuReadingSchema,
  HostReading: telemetry.hostReadingSchema,
  TelemetrySample: telemetry.telemetrySampleSchema,
  WorkSample: telemetry.workSampleSchema,
  NodeBucket: telemetry.nodeBucketSchema,
  WorkBucket: telemetry.workBucketSchema,
  Message: messageSchema,
  ActivityEntry: activityEntrySchema,
  CredentialView: credentialViewSchema,
  Settings: settingsSchema,
  SecretState: secretStateSchema,
  ExportDocument: transfer.exportSchema,
  ExportedNode: transfer.exportedNodeSchema,
  ExportedSource: transfer.exportedSourceSchema,
  ImportPlan: transfer.importPlanSchema,
  ImportEntry: transfer.importEntrySchema,
  SecretsProtection: secretsProtectionSchema,
  Cursor: cursorSchema,
  Frame: frameSchema,
};

interface JsonSchema {
  $defs?: Record<string, JsonSchema>;
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  items?: JsonSchema;
  prefixItems?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema | boolean;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  format?: string;
  description?: string;
}

type Direction = 'input' | 'output';

/** The JSON Schema of a zod schema, with the named models as references. `except` is written out in full. */
function toJson(schema: z.ZodType, io: Direction, except?: string): JsonSchema {
  const metadata = z.registry<{ id: string }>();
  for (const [id, model] of Object.entries(models)) if (id !== except) metadata.add(model, { id });
  const json = z.toJSONSchema(schema, {
    io,
    metadata,
    unrepresentable: 'any',
    reused: 'inline',
    // What a refinement accepts is in its description.
    override({ zodSchema, jsonSchema }) {
      const description = z.globalRegistry.get(zodSchema)?.description;
      if (description !== undefined) jsonSchema.description = description;
    },
  }) as JsonSchema;
  for (const [id, definition] of Object.entries(json.$defs ?? {})) {
    if (!(id in models) && !isAnyJson(definition))
      throw new Error('A schema that contains itself needs a name.');
  }
  return json;
}

/** Whether it is that of `z.json()`, which contains itself and has no name. */
function isAnyJson({ anyOf = [] }: JsonSchema): boolean {
  const kinds = ['array', 'boolean', 'null', 'number', 'object', 'string'];
  return (
    anyOf
      .map(({ type }) => String(type))
      .toSorted()
      .join() === kinds.join()
  );
}

function nameOf(reference: string): string {
  const name = reference.split('/').at(-1) ?? '';
  return name in models ? link(name) : 'JSON value';
}

function typeOf(schema: JsonSchema): string {
  if (schema.$ref !== undefined) return nameOf(schema.$ref);
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum) return schema.enum.map(code).join(' \\| ');
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map(typeOf).join(' \\| ');
  if (schema.prefixItems) return `[${schema.prefixItems.map(typeOf).join(', ')}]`;
  if (schema.type === 'array') return `array of ${typeOf(schema.items ?? {})}`;
  if (schema.type === 'object') return objectType(schema);
  if (Array.isArray(schema.type)) return schema.type.join(' \\| ');
  return schema.type ?? 'anything';
}

function objectType(schema: JsonSchema): string {
  const names = Object.entries(schema.properties ?? {});
  if (names.length > 0) return `{ ${names.map(([name, value]) => `${name}: ${typeOf(value)}`).join(', ')} }`;
  if (typeof schema.additionalProperties === 'object') return `map to ${typeOf(schema.additionalProperties)}`;
  return 'object';
}

function limits(schema: JsonSchema): string {
  const notes: string[] = [];
  const own = schema.anyOf?.find((choice) => choice.type !== 'null') ?? schema;
  const range = (from: number | undefined, to: number | undefined, what: string) => {
    const top = to !== undefined && Math.abs(to) < Number.MAX_SAFE_INTEGER ? to : undefined;
    const bottom = from !== undefined && Math.abs(from) < Number.MAX_SAFE_INTEGER ? from : undefined;
    if (bottom !== undefined && top !== undefined) notes.push(`${bottom} to ${top}${what}`);
    else if (bottom !== undefined) notes.push(`at least ${bottom}${what}`);
    else if (top !== undefined) notes.push(`at most ${top}${what}`);
  };
  range(own.minimum, own.maximum, '');
  range(own.minLength, own.maxLength, ' characters');
  range(own.minItems, own.maxItems, ' entries');
  if (own.description !== undefined) notes.push(own.description);
  if (schema.default !== undefined) notes.push(`default ${code(schema.default)}`);
  return notes.join('; ');
}

const code = (value: unknown) => `\`${JSON.stringify(value)}\``;
const link = (name: string) => `[${name}](#${name.toLowerCase()})`;

function fieldTable(schema: JsonSchema, io: Direction): string[] {
  const fields = Object.entries(schema.properties ?? {});
  if (fields.length === 0) return [];
  const required = new Set(schema.required ?? []);
  const rows = fields.map(([name, value]) => {
    const optional = required.has(name) ? '' : io === 'input' ? ' (optional)' : ' (may be absent)';
    return `| \`${name}\`${optional} | ${typeOf(value)} | ${limits(value)} |`;
  });
  return ['| field | type | limits |', '|---|---|---|', ...rows];
}

function methodSection(name: keyof typeof methods): string[] {
  const { summary, scope, params, result, errors } = methods[name];
  const input = toJson(params, 'input');
  const table = fieldTable(input, 'input');
  const parameters =
    table.length > 0
      ? table
      : [
          input.additionalProperties === false
            ? 'No parameters.'
            : 'Parameters: an object; see [Settings](#settings).',
        ];
  const ends = errors.length === 0 ? [] : ['', `Errors: ${errors.map((one) => `\`${one}\``).join(', ')}.`];
  return [
    `### ${name}`,
    '',
    `${summary} Right: ${scope}.`,
    '',
    ...parameters,
    '',
    `Result: ${typeOf(toJson(result, 'output'))}.`,
    ...ends,
    '',
  ];
}

function modelSection(name: string, schema: z.ZodType): string[] {
  const json = toJson(schema, 'output', name);
  const table = fieldTable(json, 'output');
  return [`### ${name}`, '', ...(table.length > 0 ? table : [`${typeOf(json)}.`]), ''];
}

function introduction(): string[] {
  return [
    '# API reference',
    '',
    '`node build/api-reference.mjs` writes this file from `shared/contract`; a test fails if it is out of date.',
    '',
    'Every method works the same way over each link: the MessagePort of the window, `POST` over HTTP, and a WebSocket.',
    'Times are milliseconds since the Unix epoch, durations are milliseconds and sizes are bytes, unless a name says',
    'otherwise.',
    '',
    '## HTTP',
    '',
    'Pilotlight listens on 127.0.0.1 only. `Host` must be 127.0.0.1, localhost or [::1] with its port; `Origin` must be',
    'absent or exactly that address. Other requests are answered with `FORBIDDEN_ORIGIN`.',
    '',
    '- `POST /api/call/<method>` with the parameters as a JSON object (an empty body means no parameters) and',
    '  `Authorization: Bearer <token>` → the result as JSON. A body may have up to 1 MiB.',
    '- A token is a key (`keys add NAME`), the bearer of a session, or the one in `endpoint.json` in the data folder, for',
    '  programs of the same user. [Access](access.md) lists the rights; each method below names the one that it needs.',
    `- \`POST ${exchangePath}\` with \`{"token": "…"}\`, the one-time token of the printed address → \`{"bearer", "session"}\`,`,
    '  the bearer and the id of a session of this browser. A token works once and expires when Pilotlight stops; the newest',
    '  16 are kept. The bearer is accepted only with the same `Host`.',
    `- \`POST ${proofPath}\` with \`{"session", "nonce"}\` → \`{"proof"}\`: the HMAC-SHA256 of \`NONCE http://HOST\`, keyed with`,
    '  the SHA-256 of the bearer, in hexadecimal. It shows that this is the core that the browser signed in to.',
    `- \`POST ${exchangePath}/token\` with the right \`manage\` → \`{"url": "…"}\`, a new one-time address.`,
    '',
    'An error is a JSON object with an HTTP status from the list below: `code`, `message` (a sentence), `next` (the next',
    'step) and for some errors `details`. For `BAD_REQUEST`, `details.fields` lists what is wrong as `{path, message}`. Its',
    'status is 413 if the body is too large, and 415 if it is not JSON.',
    '',
    '## WebSocket',
    '',
    `Connect to \`ws://127.0.0.1:PORT${streamPath}\` with the subprotocols \`${linkProtocol}\` and \`${bearerProtocol('TOKEN')}\`.`,
    'Messages are JSON text of up to 1 MiB. The client chooses each `id`, a number that is not in use on this link. Start',
    'at 1, because messages that cannot be read are answered with id 0. Up to 64 calls and 64 subscriptions may be open.',
    '',
    '| from the client | |',
    '|---|---|',
    '| `{"type":"call","id":1,"method":"fleet.list","params":{}}` | answered by `result` or `error` |',
    '| `{"type":"cancel","id":1}` | aborts a call, or ends a subscription |',
    '| `{"type":"subscribe","id":2,"stream":"fleet","cursor":null}` | answered by `frame`s |',
    '',
    '| from the server | |',
    '|---|---|',
    '| `{"type":"result","id":1,"result":…}` | |',
    '| `{"type":"error","id":1,"error":{"code":…}}` | of a call or a subscription |',
    '| `{"type":"frame","id":2,"frame":…}` | see Streams |',
    '| `{"type":"end","id":2}` | Pilotlight is stopping; subscribe again when it is back |',
    '',
    `A link whose credential ends is closed with ${signedOutCode}. The server pings every 15 seconds and closes a link that does not answer.`,
    ' A slow reader misses intermediate states,',
    'but always gets the newest one.',
    '',
    '## For existing scripts: `/index/*` and `/metrics`',
    '',
    '`POST /index/start`, `GET /index/progress`, `GET /index/status/<id>`, `POST /index/cancel/<id>` and',
    '`GET /index/jobs?limit=10` work like those of a Recall server. They accept a key with the right `tasks`; `view` is',
    'enough to read. Without one they answer 401 `{"error":"Unauthorized"}`. Other errors are',
    '`{"error": "…", "code": "…", "next": "…"}`. `vault` is `"all"`, or the name or id of a folder. States are pending,',
    'running, completed and failed; a cancelled job is failed with the error `cancelled`. Times are ISO 8601 in UTC.',
    '',
    '`GET /metrics` accepts a key with `view` or `tasks`. It has the five `recall_index_*` gauges (`recall_index_eta_seconds` is NaN',
    'while the remaining time is unknown, and 0 when no job is running) and `pilotlight_*`. For Prometheus:',
    '',
    '```yaml',
    'scrape_configs:',
    '  - job_name: pilotlight',
    '    authorization: { credentials_file: /path/to/a/key }',
    '    static_configs: [{ targets: ["127.0.0.1:PORT"] }]',
    '```',
    '',
  ];
}

function streamsSection(): string[] {
  const rows = Object.entries(streamSchemas).map(
    ([name, schema]) =>
      `| \`${name}\` | ${typeOf(toJson(schema, 'output'))} | ${rightOfStream(name as StreamName)} |`,
  );
  return [
    '## Streams',
    '',
    'A stream is a map of keyed entries. The first [frame](#frame) is a `snapshot`, which replaces everything. A later one',
    'is a `delta`: `set` lists entries that are new or changed, `removed` the keys of those that no longer exist. A later',
    'snapshot replaces everything again. Keep the newest `cursor`, and subscribe with it after a break: the first frame',
    'then contains only what you missed, or is a snapshot if that is no longer known. `telemetry` and `work` send at most',
    'one frame a second, the others two.',
    '',
    '| stream | value of an entry | right |',
    '|---|---|---|',
    ...rows,
    '',
  ];
}

function errorTable(errors: Catalogue): string[] {
  const rows = Object.entries(errors).map(
    ([name, { status, message, next }]) => `| \`${name}\` | ${status} | ${message} ${next} |`,
  );
  return ['| code | HTTP | meaning and next step |', '|---|---|---|', ...rows, ''];
}

function errorsSection(): string[] {
  return [
    '## Errors',
    '',
    ...errorTable(errorCatalogue),
    '## Errors of an agent',
    '',
    'These are answers of the agent’s own [HTTP API](agent.md). The core passes some of them on with the same code, and the',
    'others as `AGENT_ERROR` with `details.code`.',
    '',
    ...errorTable(agentErrors),
  ];
}

/** The whole file. */
export function renderApiReference(): string {
  const names = Object.keys(methods) as (keyof typeof methods)[];
  const lines = [
    ...introduction(),
    '## Methods',
    '',
    ...names.flatMap(methodSection),
    ...streamsSection(),
    '## Models',
    '',
    ...Object.entries(models).flatMap(([name, schema]) => modelSection(name, schema)),
    ...errorsSection(),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}
