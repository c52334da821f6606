/** Values for fuzzed calls: by a JSON schema, near to it, or nothing like it. */
import type { Random } from './random.ts';

/** The part of JSON Schema that zod writes. */
export interface Schema {
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema | boolean;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
  minItems?: number;
  default?: unknown;
  additionalProperties?: Schema | boolean;
}

export interface Pools {
  /** Values that a field of this name may well have: ids that exist, folders, addresses of loopback. */
  byName: ReadonlyMap<string, readonly unknown[]>;
  /** Fields that get nothing but values of their pool: what they name is read or run. */
  onlyPooled: ReadonlySet<string>;
}

const oddTexts = [
  '',
  ' ',
  '\u0000',
  'a\nb',
  '\u001b[31mred',
  '\u202eabc',
  '\ud800',
  '__proto__',
  'constructor',
  'é'.repeat(300),
  'x'.repeat(20_000),
  '%00',
  '../../..',
  "'; DROP TABLE nodes; --",
  '{{}}',
  '127.0.0.1',
  'http://127.0.0.1:1',
  'http://[::1]:1/',
  'http://127.1:99999',
  'http://user:pass@127.0.0.1:1/?a#b',
  'ftp://127.0.0.1',
  'AA:BB:CC:DD:EE:FF',
  '00-00-00-00-00-00',
  'latest',
  '1e999',
  'null',
];
const oddNumbers = [
  0,
  -0,
  -1,
  1,
  0.5,
  255,
  65_535,
  65_536,
  2 ** 31,
  2 ** 53,
  -(2 ** 53),
  1e21,
  1e308,
  -1e308,
  Number.MIN_VALUE,
];

export function oddValue(random: Random, depth = 0): unknown {
  const kind = random.below(depth > 4 ? 4 : 7);
  if (kind === 0) return random.pick(oddTexts);
  if (kind === 1) return random.pick(oddNumbers);
  if (kind === 2) return random.pick([null, true, false]);
  if (kind === 3) return random.bytes(random.below(40)).toString('latin1');
  if (kind === 4) return Array.from({ length: random.below(6) }, () => oddValue(random, depth + 1));
  if (kind === 5) {
    return Object.fromEntries(
      Array.from({ length: random.below(6) }, () => [random.pick(oddTexts), oddValue(random, depth + 1)]),
    );
  }
  let deep: unknown = random.pick(oddTexts);
  for (let level = random.below(2000); level > 0; level -= 1) deep = level % 2 ? [deep] : { a: deep };
  return deep;
}

function textFor(schema: Schema, random: Random): string {
  const least = schema.minLength ?? 0;
  const text = random.chance(0.5) ? random.pick(oddTexts) : random.bytes(random.below(24)).toString('base64');
  const long = text.length < least ? text.padEnd(least, 'a') : text;
  return random.chance(0.8) && schema.maxLength !== undefined ? long.slice(0, schema.maxLength) : long;
}

function numberFor(schema: Schema, random: Random): number {
  const low = schema.minimum ?? schema.exclusiveMinimum ?? -10;
  const high = schema.maximum ?? low + 1000;
  if (random.chance(0.2)) return random.pick(oddNumbers);
  if (random.chance(0.3)) return random.pick([low, high]);
  const value = low + random.next() * (Math.min(high, 1e12) - low);
  return schema.type === 'integer' ? Math.round(value) : value;
}

/** A value that mostly fits the schema. `strangeness` is the share of values, at every level, that do not. */
export function valueFor(
  schema: Schema | boolean | undefined,
  random: Random,
  pools: Pools,
  { name = '', strangeness = 0.06, depth = 0 }: { name?: string; strangeness?: number; depth?: number } = {},
): unknown {
  const pool = pools.byName.get(name);
  if (pools.onlyPooled.has(name)) return random.pick(pool ?? ['']);
  if (schema === undefined || typeof schema === 'boolean' || depth > 8) return oddValue(random);
  if (random.chance(strangeness)) return oddValue(random);
  if (pool !== undefined && pool.length > 0 && random.chance(0.85)) return random.pick(pool);
  const inner = { name, strangeness, depth: depth + 1 };
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return valueFor(random.pick(choices), random, pools, inner);
  if (schema.allOf !== undefined) return valueFor(schema.allOf[0], random, pools, inner);
  if (schema.enum !== undefined) return random.pick(schema.enum);
  if ('const' in schema) return schema.const;
  const type = Array.isArray(schema.type) ? random.pick(schema.type) : schema.type;
  switch (type) {
    case 'string':
      return textFor(schema, random);
    case 'number':
    case 'integer':
      return numberFor({ ...schema, type }, random);
    case 'boolean':
      return random.chance(0.5);
    case 'null':
      return null;
    case 'array': {
      const length = (schema.minItems ?? 0) + random.below(4);
      return Array.from({ length }, () => valueFor(schema.items, random, pools, inner));
    }
    case 'object': {
      const required = new Set(schema.required);
      const entries = Object.entries(schema.properties ?? {}).flatMap(([key, property]) =>
        required.has(key)
          ? random.chance(0.97)
            ? [[key, property] as const]
            : []
          : random.chance(0.5)
            ? [[key, property] as const]
            : [],
      );
      const value: Record<string, unknown> = Object.fromEntries(
        entries.map(([key, property]) => [key, valueFor(property, random, pools, { ...inner, name: key })]),
      );
      if (random.chance(0.02)) value[random.pick(oddTexts)] = oddValue(random);
      return value;
    }
    default:
      return oddValue(random);
  }
}
