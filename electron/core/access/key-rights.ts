/** Which rights each kind of key may hold. Pure. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { KeyKind } from '../../../shared/models/access.ts';
import { fact } from '../../../shared/models/message.ts';
import { leastRightsOf, type Right } from '../../../shared/rights.ts';

const usual: Readonly<Record<KeyKind, readonly Right[]>> = {
  script: ['view', 'tasks'],
  program: ['wake', 'infer', 'tasks'],
};

/** A program's key may travel over the network, so it never changes machines or who may come in. */
const refused: Readonly<Record<KeyKind, readonly Right[]>> = { script: [], program: ['control', 'manage'] };

/** The rights of a new key, without those that another one includes. Throws BAD_RIGHTS. */
export function rightsOfKey(kind: KeyKind, wanted: readonly Right[] | undefined): Right[] {
  const rights = leastRightsOf(wanted ?? usual[kind]);
  const wrong = rights.filter((right) => refused[kind].includes(right));
  if (wrong.length > 0) {
    throw new PilotlightError('BAD_RIGHTS', {
      message: fact('PROGRAM_KEY_RIGHTS', { rights: wrong }),
      details: { field: 'rights', rights: wrong },
    });
  }
  return rights;
}
