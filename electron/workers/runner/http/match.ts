/** Finds the route of a request. Pure. */
import type { RunnerRoute } from './route.ts';

export interface Match {
  route: RunnerRoute;
  params: Readonly<Record<string, string>>;
}

export type FindRoute = (method: string, path: string) => { match: Match | null; methods: string[] };

/** `methods` are those that the path has. */
export function createMatcher(routes: readonly RunnerRoute[]): FindRoute {
  const split = routes.map((route) => ({ route, parts: route.path.split('/') }));
  return (method, path) => {
    const parts = path.split('/');
    const found = split.flatMap(({ route, parts: wanted }) => {
      const params = paramsOf(wanted, parts);
      return params === null ? [] : [{ route, params }];
    });
    return {
      match: found.find(({ route }) => route.method === method) ?? null,
      methods: found.map(({ route }) => route.method),
    };
  };
}

function paramsOf(wanted: readonly string[], parts: readonly string[]): Record<string, string> | null {
  if (wanted.length !== parts.length) return null;
  const params: Record<string, string> = {};
  for (const [index, one] of wanted.entries()) {
    const part = parts[index] as string;
    if (!one.startsWith('{')) {
      if (one !== part) return null;
      continue;
    }
    try {
      params[one.slice(1, -1)] = decodeURIComponent(part);
    } catch {
      return null;
    }
  }
  return params;
}
