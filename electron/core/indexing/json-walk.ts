/** Visits the strings of a JSON text with their places, which `JSON.parse` does not give. Pure. */
import { endOfString } from './json-text.ts';

/** @param path keys and numbers of entries, the outermost first; reused between calls */
export type VisitString = (path: readonly (string | number)[], start: number, end: number) => void;

/** Values only, between their quotes. The text must be valid JSON; anything else may be visited wrongly or not at all. */
export function walkStrings(text: string, visit: VisitString): void {
  const path: (string | number)[] = [];
  /** For each open object or array, whether it is an object. */
  const objects: boolean[] = [];
  let expectsKey = false;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charAt(at)) {
      case '{':
      case '[': {
        const isObject = text.charAt(at) === '{';
        objects.push(isObject);
        path.push(isObject ? '' : 0);
        expectsKey = isObject;
        break;
      }
      case '}':
      case ']':
        objects.pop();
        path.pop();
        expectsKey = false;
        break;
      case ',': {
        const entry = path.at(-1);
        if (typeof entry === 'number') path[path.length - 1] = entry + 1;
        expectsKey = objects.at(-1) === true;
        break;
      }
      case '"': {
        const end = endOfString(text, at);
        if (end < 0) return;
        if (expectsKey) path[path.length - 1] = text.slice(at + 1, end);
        else visit(path, at + 1, end);
        expectsKey = false;
        at = end;
      }
    }
  }
}
