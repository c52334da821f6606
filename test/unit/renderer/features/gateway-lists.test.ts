import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchesPriority } from '../../../../electron/core/fleet/model-placement.ts';
import { checkDraft, patchOf, settingFields, toText } from '../../../../renderer/features/settings/fields.ts';
import {
  contextErrors,
  namesAny,
  newContext,
  newPolicy,
  newSlots,
  policyErrors,
  savedContexts,
  savedPolicies,
  savedSlots,
  slotsErrors,
} from '../../../../renderer/features/settings/gateway-lists.ts';
import { defaultSettings, type Settings, savedSettingsSchema } from '../../../../shared/models/settings.ts';

type Gateway = Settings['gateway'];
const accepts = (patch: Partial<Record<keyof Gateway, unknown>>) =>
  savedSettingsSchema.safeParse({ gateway: patch }).success;
const isEmpty = (errors: object) => Object.keys(errors).length === 0;

/** What somebody may type into a field for a number. */
const typed = fc.oneof(
  fc.constantFrom(
    '',
    ' 5 ',
    '-1',
    '0',
    '1',
    '256',
    '257',
    '3600',
    '3601',
    '1e3',
    '2.5',
    '10000000',
    '10000001',
    'x',
  ),
  fc.nat(20_000_000).map(String),
);
const name = fc.oneof(fc.constantFrom('', ' ', '*', 'llama3.1'), fc.string({ maxLength: 320 }));

describe('rows', () => {
  test('a policy is accepted exactly where the core accepts it', () => {
    const rows = fc.record({
      model: name,
      credentialId: fc.constantFrom('', 'key-1'),
      wake: fc.constantFrom('if-needed', 'wait', 'cpu-meanwhile', 'cpu-after', 'never'),
      seconds: typed,
      priority: fc.constantFrom('', 'interactive', 'batch', 'index'),
    });
    fc.assert(
      fc.property(rows, (row) => {
        const policy = row as typeof newPolicy;
        // Seconds that no rule uses are not looked at, so anything may stand there.
        fc.pre(policy.wake === 'cpu-after' || /^\d{1,3}$/.test(policy.seconds));
        expect(isEmpty(policyErrors(policy))).toBe(accepts({ policies: savedPolicies([policy]) }));
      }),
    );
  });

  test('a limit and a context are accepted exactly where the core accepts them', () => {
    fc.assert(
      fc.property(fc.constantFrom('', 'nas'), typed, (nodeId, slots) => {
        expect(isEmpty(slotsErrors({ nodeId, slots }))).toBe(
          accepts({ slots: savedSlots([{ nodeId, slots }]) }),
        );
      }),
    );
    fc.assert(
      fc.property(name, fc.constantFrom('pass', 'clamp', 'fixed'), typed, (model, rule, tokens) => {
        const row = { model, rule, tokens } as typeof newContext;
        expect(isEmpty(contextErrors(row))).toBe(accepts({ contextRules: savedContexts([row]) }));
      }),
    );
  });

  test('a second limit of one machine is refused', () => {
    expect(slotsErrors({ ...newSlots, nodeId: 'nas' }, ['gpu-tower'])).toEqual({});
    expect(slotsErrors({ ...newSlots, nodeId: 'nas' }, ['nas'])).toHaveProperty('nodeId');
  });
});

describe('the draft', () => {
  const settings: Settings = {
    ...defaultSettings,
    gateway: {
      ...defaultSettings.gateway,
      policies: [
        {
          model: 'mxbai-embed-large',
          credentialId: null,
          wake: 'cpu-after',
          cpuAfterSeconds: 20,
          priority: 'batch',
        },
        { model: null, credentialId: 'key-1', wake: 'never', cpuAfterSeconds: 45, priority: null },
      ],
      slots: [{ nodeId: 'nas', slots: 3 }],
      contextRules: [
        { model: 'llama3.1', rule: 'clamp' },
        { model: '*', rule: 'fixed', contextLength: 4096 },
      ],
      mayWake: ['chat'],
    },
  };
  const field = (key: string) => {
    const found = settingFields.find((one) => one.section === 'gateway' && one.key === key);
    if (!found) throw new Error(key);
    return found;
  };

  test('what is only looked at changes nothing', () => {
    const keys = ['policies', 'slots', 'contextRules', 'mayWake'];
    const draft = Object.fromEntries(keys.map((key) => [`gateway.${key}`, toText(settings, field(key))]));
    expect(patchOf(settings, draft)).toEqual({});
  });

  test('a changed row keeps the others as they were', () => {
    const rows = JSON.parse(toText(settings, field('policies')));
    rows[0].seconds = '90';
    const draft = { 'gateway.policies': JSON.stringify(rows) };
    expect(checkDraft(settings, draft)).toEqual({});
    expect(patchOf(settings, draft)).toEqual({
      gateway: {
        policies: [{ ...settings.gateway.policies[0], cpuAfterSeconds: 90 }, settings.gateway.policies[1]],
      },
    });
  });

  test('half a row is kept and refused', () => {
    const drafts = {
      'gateway.policies': [{ ...newPolicy, wake: 'cpu-after', seconds: 'soon' }],
      'gateway.slots': [newSlots],
      'gateway.contextRules': [newContext],
    };
    for (const [path, rows] of Object.entries(drafts))
      expect(checkDraft(settings, { [path]: JSON.stringify(rows) }), path).toHaveProperty([path]);
  });
});

test('a pattern names the same models as in the core', () => {
  const part = fc.constantFrom(
    'llama3.1',
    'llama',
    '*',
    ':8b',
    ':latest',
    '/',
    'hf.co',
    'library',
    'registry.ollama.ai',
    ':',
    'LLAMA',
    '.',
    '3',
  );
  const text = fc.array(part, { maxLength: 5 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, text, (pattern, model) => {
      expect(namesAny(pattern, [model])).toBe(matchesPriority(model, [pattern]));
    }),
    { numRuns: 2000 },
  );
});
