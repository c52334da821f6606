/** The models that a server has on disk, with Ollama's name lookup, and the files that they are made of. */
import { createHash } from 'node:crypto';
import { type ModelDefinition, OllamaError } from './model.ts';

export interface Library {
  /** Newest first, as `tags` lists them. */
  list(): ModelDefinition[];
  /** `null` if the server does not have it. Throws 400 `invalid model name`. */
  find(name: string): ModelDefinition | null;
  add(model: ModelDefinition): void;
  remove(model: ModelDefinition): void;
  /** Digests of the files on disk, without `sha256:`. */
  hasBlob(digest: string): boolean;
  addBlob(digest: string): void;
}

const PART = '[A-Za-z0-9][\\w.-]{0,79}';
const NAME = new RegExp(`^(?:${PART}(?::\\d+)?/)?(?:${PART}/)?${PART}(?::${PART})?$`);
const REGISTRY = 'registry.ollama.ai';

/** The name with its tag; `latest` if it has none. */
export function fullName(name: string): string {
  const last = name.slice(name.lastIndexOf('/') + 1);
  return last.includes(':') ? name : `${name}:latest`;
}

/** With the registry's host and the namespace, as some errors show it. */
export const pathName = (name: string): string => `${REGISTRY}/library/${fullName(name)}`;

export const isValidName = (name: string): boolean => NAME.test(shortName(name));

function shortName(name: string): string {
  const hosted = `${REGISTRY}/`;
  return (name.startsWith(hosted) ? name.slice(hosted.length) : name).replace(/^library\//, '');
}

export const digestOf = (content: string | Buffer): string =>
  createHash('sha256').update(content).digest('hex');

/** The layers of a model: its weights, and what its Modelfile adds. */
export function layersOf(
  model: Pick<ModelDefinition, 'blob' | 'template' | 'system' | 'parameters'>,
): string[] {
  const parameters = Object.keys(model.parameters ?? {}).length > 0 ? JSON.stringify(model.parameters) : '';
  const texts = [model.template ?? '', model.system ?? '', parameters];
  return [model.blob, ...texts.filter((text) => text !== '').map(digestOf)];
}

export function createLibrary(models: readonly ModelDefinition[], blobs: readonly string[] = []): Library {
  const byName = new Map(models.map((model) => [model.name.toLowerCase(), model]));
  const files = new Set([...blobs, ...models.flatMap(layersOf)]);
  const second = ({ modifiedAt }: ModelDefinition) => Math.floor(modifiedAt / 1000);
  return {
    list: () => [...byName.values()].sort((a, b) => second(b) - second(a) || (a.name < b.name ? -1 : 1)),
    find: (name) => {
      const short = shortName(name);
      if (!NAME.test(short)) throw new OllamaError(400, 'invalid model name');
      return byName.get(fullName(short).toLowerCase()) ?? null;
    },
    add: (model) => {
      byName.set(model.name.toLowerCase(), model);
      for (const digest of layersOf(model)) files.add(digest);
    },
    remove: (model) => byName.delete(model.name.toLowerCase()),
    hasBlob: (digest) => files.has(digest),
    addBlob: (digest) => files.add(digest),
  };
}
