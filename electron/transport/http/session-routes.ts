/** How a browser signs in: one-time addresses, the pages that open them, and the proof of the core. */
import type { FastifyInstance } from 'fastify';
import {
  exchangePath,
  exchangeRequestSchema,
  proofPath,
  proofRequestSchema,
} from '../../../shared/contract/link.ts';
import { parseRequest } from '../dispatcher.ts';
import type { Access } from './access.ts';
import { requireRight } from './caller.ts';

type Place = 'private' | 'downloads';

/** Writes private pages that open an address. */
export interface OpeningPagesLike {
  create(url: string, place: Place): { path: string; remove(): void } | null;
}

export interface SignIn {
  /** An address that signs a browser in once. The token is in the fragment, which is never sent or logged. */
  oneTimeUrl(validMs?: number): string;
  /** The path of a private page that opens another such address, until it was used; null if there can be none. */
  openingPage(place: Place): string | null;
}

export function createSignIn({
  app,
  access,
  origin,
  pages,
}: {
  app: FastifyInstance;
  access: Access;
  /** Where the panel is, `http://127.0.0.1:PORT`. */
  origin: () => string;
  pages: OpeningPagesLike | undefined;
}): SignIn {
  const oneTimeUrl = (onUsed?: () => void) => `${origin()}/#token=${access.mintOneTimeToken(onUsed)}`;

  function openingPage(place: Place): string | null {
    if (pages === undefined) return null;
    let remove = () => {};
    const page = pages.create(
      oneTimeUrl(() => remove()),
      place,
    );
    if (page !== null) remove = page.remove;
    return page?.path ?? null;
  }

  app.post(exchangePath, async (request) =>
    access.signIn(parseRequest(exchangeRequestSchema, request.body), request.raw),
  );
  app.post(proofPath, async (request) => ({
    proof: access.prove(parseRequest(proofRequestSchema, request.body), request.raw),
  }));
  app.post(`${exchangePath}/token`, async (request) => {
    requireRight(request, 'manage');
    return { url: oneTimeUrl() };
  });

  return {
    oneTimeUrl: (validMs) => `${origin()}/#token=${access.mintOneTimeToken(undefined, validMs)}`,
    openingPage,
  };
}
