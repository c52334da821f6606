/** Writes docs/api.md out of the contract, so that it is never behind it. */

import * as z from 'zod';
import { agentErrors } from '../../shared/contract/errors/agent.ts';
import type { Catalogue } from '../../shared/contract/errors/entry.ts';
import { errorCatalogue } from '../../shared/contract/errors.ts';
import { bearerProtocol, exchangePath, linkProtocol, streamPath } from '../../shared/contract/link.ts';
import { methods } from '../../shared/contract/methods.ts';
import {
  coreStatusSchema,
  cursorSchema,
  frameSchema,
  noticeSchema,
  streamSchemas,
} from '../../shared/contract/streams.ts';
import { activityEntrySchema } from '../../shared/models/activity.ts';
import { nodeOfferSchema, nodeViewSchema, troubleSchema } from '../../shared/models/fleet.ts';
import * as indexing from '../../shared/models/indexing.ts';
import { messageSchema } from '../../shared/models/message.ts';
import * as placement from '../../shared/models/placement.ts';
import { secretStateSchema, secretsProtectionSchema } from '../../shared/models/secrets.ts';
import { settingsSchema } from '../../shared/models/settings.ts';
import * as telemetry from '../../shared/models/telemetry.ts';
import * as transfer from '../../shared/models/transfer.ts';
import { wakeProgressSchema } from '../../shared/models/wake.ts';

/** Schemas that have a name in the reference; everything else is written out where it stands. */
const models: Record<string, z.ZodType> = {
  CoreStatus: coreStatusSchema,
  Notice: noticeSchema,
  NodeOffer: nodeOfferSchema,
  NodeView: nodeViewSchema,
  WakeProgress: wakeProgressSchema,
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
  $ref?: string;
  type?: string;
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
}

type Direction = 'input' | 'output';

/** The JSON Schema of a zod schema, with the named models as references. `except` is written out itself. */
function toJson(schema: z.ZodType, io: Direction, except?: string): JsonSchema {
  const metadata = z.registry<{ id: string }>();
  for (const [id, model] of Object.entries(models)) if (id !== except) metadata.add(model, { id });
  return z.toJSONSchema(schema, { io, metadata, unrepresentable: 'any', reused: 'inline' }) as JsonSchema;
}

function typeOf(schema: JsonSchema): string {
  if (schema.$ref !== undefined) return link(schema.$ref.split('/').at(-1) ?? '');
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum) return schema.enum.map(code).join(' \\| ');
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map(typeOf).join(' \\| ');
  if (schema.prefixItems) return `[${schema.prefixItems.map(typeOf).join(', ')}]`;
  if (schema.type === 'array') return `array of ${typeOf(schema.items ?? {})}`;
  if (schema.type === 'object') return objectType(schema);
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
            ? 'Takes nothing.'
            : 'Takes an object; see [Settings](#settings).',
        ];
  const ends = errors.length === 0 ? [] : ['', `Errors: ${errors.map((one) => `\`${one}\``).join(', ')}.`];
  return [
    `### ${name}`,
    '',
    `${summary} Scope: ${scope}.`,
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
    'This file is made from `shared/contract` by `node build/api-reference.mjs`; a test fails when it is behind.',
    '',
    'Every method works alike over each link: the MessagePort of the window, `POST` over HTTP, and a WebSocket.',
    'Times are milliseconds since the Unix epoch, durations milliseconds, sizes bytes, unless a name says otherwise.',
    '',
    '## HTTP',
    '',
    'Pilotlight listens on 127.0.0.1 only. `Host` must name 127.0.0.1, localhost or [::1] with its port; `Origin`',
    'must be absent or be exactly that address. Anything else is answered with `FORBIDDEN_ORIGIN`.',
    '',
    '- `POST /api/call/<method>` with the parameters as a JSON object (an empty body stands for none) and',
    '  `Authorization: Bearer <token>` → the result as JSON. Bodies are at most 1 MiB.',
    `- \`POST ${exchangePath}\` with \`{"token": "…"}\`, the one-time token of the printed address → \`{"bearer": "…"}\`.`,
    '  A token works once, until Pilotlight stops; the newest 16 are kept.',
    `- \`POST ${exchangePath}/token\` with a bearer → \`{"url": "…"}\`, a fresh one-time address.`,
    '- A program of the same user finds the address and a bearer in `endpoint.json` in the data folder.',
    '',
    'An error is a JSON object with the HTTP status of the list below: `code`, `message` (a sentence), `next` (the',
    'next step), and for some `details`. `BAD_REQUEST` names what is wrong in `details.fields`, a list of',
    '`{path, message}`; its status is 413 for a body that is too large and 415 for one that is not JSON.',
    '',
    '## WebSocket',
    '',
    `\`ws://127.0.0.1:PORT${streamPath}\` with the subprotocols \`${linkProtocol}\` and \`${bearerProtocol('TOKEN')}\`. Messages`,
    'are JSON text, at most 1 MiB. The client chooses each `id`, a number that is not in use on this link; begin at 1,',
    'because what cannot be read is answered with id 0. At most 64 calls and 64 subscriptions at a time.',
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
    '| `{"type":"end","id":2}` | Pilotlight stops; subscribe again when it is back |',
    '',
    'The server pings each 15 seconds and cuts a link that does not answer. A slow reader misses states in between, but',
    'always ends with the newest.',
    '',
    '## For existing scripts: `/index/*` and `/metrics`',
    '',
    '`POST /index/start`, `GET /index/progress`, `GET /index/status/<id>`, `POST /index/cancel/<id>` and',
    '`GET /index/jobs?limit=10` have the shapes of a Recall server. They take the bearer of the setting',
    '`api.indexToken`, or any other bearer; without one they answer 401 `{"error":"Unauthorized"}`. Other errors are',
    '`{"error": "…", "code": "…", "next": "…"}`. `vault` is `"all"`, or the name or id of a folder. States are pending,',
    'running, completed and failed; a cancelled job reads failed, with the error `cancelled`. Times are ISO 8601 in UTC.',
    '',
    '`GET /metrics` takes the same tokens. It has the five `recall_index_*` gauges (`recall_index_eta_seconds` is NaN',
    'while the time left is not known, and 0 when nothing runs) and `pilotlight_*`. For Prometheus:',
    '',
    '```yaml',
    'scrape_configs:',
    '  - job_name: pilotlight',
    '    authorization: { credentials_file: /path/to/the/index-token }',
    '    static_configs: [{ targets: ["127.0.0.1:PORT"] }]',
    '```',
    '',
  ];
}

function streamsSection(): string[] {
  const rows = Object.entries(streamSchemas).map(
    ([name, schema]) => `| \`${name}\` | ${typeOf(toJson(schema, 'output'))} |`,
  );
  return [
    '## Streams',
    '',
    'A stream is a map of keyed entries. The first [frame](#frame) is a `snapshot`, which replaces everything; each',
    'later one is a `delta`: `set` names what is new or changed, `removed` what is gone. Keep the newest `cursor` and',
    'subscribe with it after a break: the first frame then holds just what was missed, or is a snapshot where that is',
    'no longer known. `telemetry` and `work` come at most once a second, the others twice.',
    '',
    '| stream | value of an entry |',
    '|---|---|',
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
    'What an agent answers to its own [HTTP API](agent.md). The core passes some on under the same code, and the others',
    'as `AGENT_ERROR` with `details.code`.',
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
