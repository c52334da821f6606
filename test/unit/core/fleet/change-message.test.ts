import { describe, expect, it } from 'vitest';
import { describeChange } from '../../../../electron/core/fleet/change-message.ts';
import { fact, type Message, plainText } from '../../../../shared/models/message.ts';
import { textOf } from '../../../../shared/text/index.ts';
import { aNode } from '../../../fakes/records.ts';

const indexing = (folder: string) => fact('USED_FOR_INDEXING', { folder });

function dropsOut(uses: Message[]) {
  const before = aNode({ name: 'gpu-tower', state: 'gpu-verified', uses });
  return describeChange(before, { ...before, state: 'off' }, null);
}

describe('a node that drops out', () => {
  it('names the folders if it was only indexing', () => {
    const entry = dropsOut([indexing('docs500'), indexing('Mail')]);
    expect(entry).toMatchObject({
      message: { code: 'NODE_DROPPED_OUT_INDEXING', params: { folders: ['docs500', 'Mail'] } },
      why: { code: 'MISSED_CHECKS' },
      notify: true,
    });
    expect(entry && textOf(entry.message)).toBe('gpu-tower dropped out while indexing "docs500" and "Mail".');
  });

  it('lists all uses if there are others', () => {
    const entry = dropsOut([indexing('Notes'), plainText('a game')]);
    expect(entry?.message.code).toBe('NODE_DROPPED_OUT_IN_USE');
    expect(entry && textOf(entry.message)).toBe(
      'gpu-tower dropped out while in use: indexing "Notes" and a game.',
    );
  });

  it('notifies no one if it was idle', () => {
    expect(dropsOut([])).toMatchObject({ message: { code: 'NODE_DROPPED_OUT' }, notify: false });
  });
});
