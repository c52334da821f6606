/** The models that a server has on disk, with Ollama's name lookup. */
import { type ModelDefinition, OllamaError } from './model.ts';

export interface Library {
  /** Newest first, as `tags` lists them. */
  list(): ModelDefinition[];
  /** `null` if the server does not have it. Throws 400 `invalid model name`. */
  find(name: string): ModelDefinition | null;
  add(model: ModelDefinition): void;
  remove(model: ModelDefinition): void;
}

const PART = '[A-Za-z0-9][\\w.-]{0,79}';
const NAME = new RegExp(`^(?:${PART}(?::\\d+)?/)?(?:${PART}/)?${PART}(?::${PART})?$`);

/** The name with its tag; `latest` if it has none. */
export function fullName(name: string): string {
  const last = name.slice(name.lastIndexOf('/') + 1);
  return last.includes(':') ? name : `${name}:latest`;
}

export function createLibrary(models: readonly ModelDefinition[]): Library {
  const byName = new Map(models.map((model) => [model.name.toLowerCase(), model]));
  return {
    list: () =>
      [...byName.values()].sort((a, b) => b.modifiedAt - a.modifiedAt || (a.name < b.name ? -1 : 1)),
    find: (name) => {
      const short = name.replace(/^registry\.ollama\.ai\//, '').replace(/^library\//, '');
      if (!NAME.test(short)) throw new OllamaError(400, 'invalid model name');
      return byName.get(fullName(short).toLowerCase()) ?? null;
    },
    add: (model) => byName.set(model.name.toLowerCase(), model),
    remove: (model) => byName.delete(model.name.toLowerCase()),
  };
}
