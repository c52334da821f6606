import { describe, expect, it } from 'vitest';
import { createListings } from '../../../../electron/core/fleet/listings.ts';
import type { ListingRecord } from '../../../../shared/models/placement.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };
const card = { id: 'GPU-1', vendor: 'nvidia' as const, name: 'RTX 3090', vramTotalBytes: 24 };

function open(saved: ListingRecord[] = []) {
  const store = {
    listings: {
      list: () => [...saved],
      put: (one: ListingRecord) => {
        saved = [...saved.filter(({ nodeId }) => nodeId !== one.nodeId), one];
      },
    },
  };
  return { listings: createListings({ clock: { now: () => 5 }, log, store }), saved: () => saved };
}

describe('the GPUs of a machine that is off', () => {
  it('are known after a restart, from the same agent only', () => {
    const first = open();
    first.listings.saveCards('n', 'http://a:1', [card]);
    const { listings } = open(first.saved());
    expect(listings.cardsOf('n', 'http://a:1')).toEqual([card]);
    expect(listings.cardsOf('n', 'http://b:1')).toBeNull();
    expect(listings.cardsOf('n', null)).toBeNull();
    expect(listings.cardsOf('other', 'http://a:1')).toBeNull();
    expect(listings.of('n', 'http://a:11434')).toEqual({ installed: [], cloudModels: [] });
  });

  it('and its models are kept apart', () => {
    const { listings, saved } = open();
    const model = { name: 'm', digest: 'd', sizeBytes: 1 } as never;
    listings.save('n', 'http://a:2', [model]);
    listings.saveCards('n', 'http://a:1', [card]);
    listings.save('n', 'http://a:3', []);
    expect(saved()).toMatchObject([
      { url: 'http://a:3', models: [], gpus: { agentUrl: 'http://a:1', cards: [card] } },
    ]);
  });
});
