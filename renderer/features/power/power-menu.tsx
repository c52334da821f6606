import { ChevronDown } from 'lucide-react';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { isServing } from '../../../shared/models/serving.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Menu, MenuItem, MenuLabel, MenuSeparator } from '../../components/menu.tsx';
import { useAction } from '../../components/use-action.ts';
import { useNodePower } from '../../stores/power.ts';
import { openDialog } from '../shell/open-dialog.ts';
import { actionVerbs, formatUntil, keepChoices, offChoices, offRefusal } from './power-text.ts';
import { useOff } from './use-off.tsx';

/** Power-off actions and “Keep awake”. What the machine cannot do says why. */
export function PowerMenu({
  node,
  size = 'small',
  tabIndex,
}: {
  node: NodeView;
  size?: 'small' | 'normal';
  tabIndex?: number;
}) {
  const power = useNodePower(node.id);
  const { busy, off, dialog } = useOff(node);
  const { run } = useAction();
  if (!power || (node.kind === 'this-computer' && power.means === 'none')) return null;
  const refusal = offRefusal(node, power);
  const now = Date.now();
  const keep = (until: number | null) =>
    run(
      () => client.call('power.keepAwake', { nodeId: node.id, until }),
      until === null
        ? `${node.name} stays awake until you release it`
        : `${node.name} stays awake until ${formatUntil(until, now)}`,
    );
  return (
    <>
      <Menu
        align={size === 'small' ? 'start' : 'end'}
        label={`Sleep or keep awake: ${node.name}`}
        trigger={
          <Button
            size={size}
            busy={busy}
            tabIndex={tabIndex}
            aria-label={`Sleep or keep awake: ${node.name}`}
          >
            Sleep <ChevronDown size={14} aria-hidden="true" />
          </Button>
        }
      >
        {refusal && <MenuLabel>{refusal}</MenuLabel>}
        {offChoices(power).map(({ action, refused }) => (
          <MenuItem
            key={action}
            disabled={refusal !== null || refused !== null}
            onSelect={() => void off(action)}
          >
            <span className="min-w-0">
              <span className="block font-medium">{actionVerbs[action]}</span>
              {refusal === null && refused !== null && <span className="block text-xs">{refused}</span>}
            </span>
          </MenuItem>
        ))}
        <MenuSeparator />
        <MenuLabel>Keep awake</MenuLabel>
        {keepChoices(now).map(({ label, until }) => (
          <MenuItem key={label} onSelect={() => void keep(until)}>
            {label}
          </MenuItem>
        ))}
        <MenuItem onSelect={() => openDialog({ dialog: 'keep', nodeId: node.id })}>
          Until a set time…
        </MenuItem>
        {isServing(node.state) && (
          <>
            <MenuSeparator />
            <MenuItem onSelect={() => openDialog({ dialog: 'why', nodeId: node.id })}>Why is it on?</MenuItem>
          </>
        )}
      </Menu>
      {dialog}
    </>
  );
}
