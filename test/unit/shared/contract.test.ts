import { describe, expect, it } from 'vitest';
import { accessErrors } from '../../../shared/contract/errors/access.ts';
import { agentErrors } from '../../../shared/contract/errors/agent.ts';
import { agentLinkErrors } from '../../../shared/contract/errors/agent-link.ts';
import { agentUpdateErrors } from '../../../shared/contract/errors/agent-update.ts';
import { backupErrors } from '../../../shared/contract/errors/backup.ts';
import { commonErrors } from '../../../shared/contract/errors/common.ts';
import { computerErrors } from '../../../shared/contract/errors/computer.ts';
import { discoveryErrors } from '../../../shared/contract/errors/discovery.ts';
import { documentErrors } from '../../../shared/contract/errors/documents.ts';
import { gatewayErrors } from '../../../shared/contract/errors/gateway.ts';
import { gatewayRequestErrors } from '../../../shared/contract/errors/gateway-requests.ts';
import { hostErrors } from '../../../shared/contract/errors/hosts.ts';
import { immichErrors } from '../../../shared/contract/errors/immich.ts';
import { indexingErrors } from '../../../shared/contract/errors/indexing.ts';
import { inputErrors } from '../../../shared/contract/errors/input.ts';
import { libraryErrors } from '../../../shared/contract/errors/library.ts';
import { mediaErrors } from '../../../shared/contract/errors/media.ts';
import { notificationErrors } from '../../../shared/contract/errors/notifications.ts';
import { pictureErrors } from '../../../shared/contract/errors/pictures.ts';
import { placementErrors } from '../../../shared/contract/errors/placement.ts';
import { powerErrors } from '../../../shared/contract/errors/power.ts';
import { predictErrors } from '../../../shared/contract/errors/predict.ts';
import { remoteIndexErrors } from '../../../shared/contract/errors/remote-index.ts';
import { runnerErrors } from '../../../shared/contract/errors/runner.ts';
import { runnerFleetErrors } from '../../../shared/contract/errors/runner-fleet.ts';
import { taskErrors } from '../../../shared/contract/errors/tasks.ts';
import { updateErrors } from '../../../shared/contract/errors/updates.ts';
import { wakeErrors } from '../../../shared/contract/errors/wake.ts';
import {
  errorCatalogue,
  errorCodes,
  isPilotlightError,
  PilotlightError,
  toWireError,
  wireErrorSchema,
} from '../../../shared/contract/errors.ts';
import { methodNames, methods } from '../../../shared/contract/methods.ts';

describe('the catalogue of errors', () => {
  it.each(errorCodes)('%s has a sentence, a next step and a status', (code) => {
    const { message, next, status } = errorCatalogue[code];
    expect(message).toMatch(/^[A-Z].*\.$/);
    expect(next).toMatch(/^[A-Z].*\.$/);
    expect(status).toBeGreaterThanOrEqual(400);
  });

  it.each(Object.entries(agentErrors))('%s of an agent has the same', (_, { message, next, status }) => {
    expect(message).toMatch(/^[A-Z].*\.$/);
    expect(next).toMatch(/^[A-Z].*\.$/);
    expect(status).toBeGreaterThanOrEqual(400);
  });

  it('has each code once: a code that core and agent both answer comes from one entry', () => {
    const shared = Object.keys(agentErrors).filter((code) => Object.hasOwn(errorCatalogue, code));
    expect(shared.sort()).toEqual([...Object.keys(commonErrors), ...Object.keys(agentUpdateErrors)].sort());
    const domains = [
      commonErrors,
      inputErrors,
      accessErrors,
      hostErrors,
      wakeErrors,
      powerErrors,
      agentLinkErrors,
      agentUpdateErrors,
    ];
    const all = [
      ...domains,
      discoveryErrors,
      placementErrors,
      indexingErrors,
      gatewayErrors,
      gatewayRequestErrors,
      computerErrors,
      runnerErrors,
      runnerFleetErrors,
      taskErrors,
      documentErrors,
      mediaErrors,
      pictureErrors,
      predictErrors,
      immichErrors,
      notificationErrors,
      remoteIndexErrors,
      libraryErrors,
      backupErrors,
      updateErrors,
    ];
    expect(all.flatMap((domain) => Object.keys(domain)).sort()).toEqual([...errorCodes].sort());
  });

  it('sends what a person may know and nothing of a defect', () => {
    const known = new PilotlightError('BAD_MAC', { details: { field: 'mac' } });
    expect(wireErrorSchema.parse(toWireError(known))).toMatchObject({
      code: 'BAD_MAC',
      details: { field: 'mac' },
    });
    expect(toWireError(new TypeError('secret path /home/x'))).toEqual(
      new PilotlightError('INTERNAL').toWire(),
    );
    expect(toWireError('text').code).toBe('INTERNAL');
    expect(toWireError(new DOMException('gone', 'AbortError')).code).toBe('CANCELLED');
    expect(isPilotlightError(new Error('other'))).toBe(false);
  });
});

describe('the methods', () => {
  it.each(methodNames)('%s is described, and its errors are in the catalogue', (name) => {
    const method = methods[name];
    expect(method.summary).toMatch(/^[A-Z].*\.$/);
    for (const code of method.errors) expect(errorCatalogue).toHaveProperty(code);
  });

  it.each(methodNames)('%s refuses names it does not know', (name) => {
    if (name === 'settings.update' || name === 'activity.list') return;
    expect(methods[name].params.safeParse({ surprise: 1 }).success).toBe(false);
  });
});
