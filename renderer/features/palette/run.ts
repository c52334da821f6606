import { client } from '../../client/index.ts';
import { useFleet } from '../../stores/fleet.ts';
import { openHelp } from '../../stores/help.ts';
import { putPower } from '../../stores/power.ts';
import { toastDone, toastError } from '../../stores/toasts.ts';
import { textOf } from '../../texts.ts';
import { forceAndReport } from '../fleet/use-force.ts';
import { actionProgress, cancelSeconds } from '../power/power-text.ts';
import { emptySearch, searchHash } from '../search/address.ts';
import { openDialog } from '../shell/open-dialog.ts';
import { setPreferences } from '../shell/preferences.ts';
import { goTo, nodeHref } from '../shell/route.ts';
import { focusSearch } from '../shell/search-focus.ts';
import type { Command } from './entries.ts';

/** Runs the chosen command and reports its result. */
export async function runCommand(command: Command): Promise<void> {
  try {
    await perform(command);
  } catch (error) {
    toastError(error);
  }
}

async function perform(command: Command): Promise<void> {
  switch (command.kind) {
    case 'go':
      location.hash = command.href;
      return;
    case 'wake': {
      const node = await client.call('power.wake', { nodeId: command.nodeId });
      toastDone(`Waking ${node.name}`);
      return;
    }
    case 'cancel-wake': {
      const node = await client.call('power.cancelWake', { nodeId: command.nodeId });
      toastDone(`Wake of ${node.name} cancelled`);
      return;
    }
    case 'off': {
      const { nodeId, action } = command;
      putPower(await client.call('power.off', { nodeId, action, countdownSeconds: cancelSeconds }));
      toastDone(`${nameOf(nodeId)} is ${actionProgress[action].toLowerCase()}`);
      return;
    }
    case 'cancel-off':
      putPower(await client.call('power.cancelOff', { nodeId: command.nodeId }));
      toastDone(`${nameOf(command.nodeId)} stays on`);
      return;
    case 'keep':
      openDialog({ dialog: 'keep', nodeId: command.nodeId });
      return;
    case 'diagnose':
      location.hash = nodeHref(command.nodeId, 'diagnosis');
      await client.call('checks.diagnose', { nodeId: command.nodeId });
      return;
    case 'restart-ollama':
      await client.call('power.restartOllama', { nodeId: command.nodeId });
      toastDone(`Ollama restarted on ${nameOf(command.nodeId)}. It is checking for its GPU.`);
      return;
    case 'check':
    case 'check-all': {
      const nodes = await client.call(
        'fleet.look',
        command.kind === 'check' ? { nodeId: command.nodeId } : {},
      );
      toastDone(nodes.length === 1 ? `Checked ${nodes[0]?.name}` : `Checked ${nodes.length} machines`);
      return;
    }
    case 'run-optimizer': {
      const status = await client.call('optimizer.run', {});
      toastDone(textOf(status.summary));
      return;
    }
    case 'optimizer':
      await client.call('settings.update', { optimizer: { on: command.on } });
      toastDone(`Optimizer ${command.on ? 'on' : 'off'}`);
      return;
    case 'simulate':
      await client.call('fleet.simulate', { on: command.on });
      toastDone(command.on ? 'Simulated fleet added' : 'Simulated fleet removed');
      if (command.on) goTo('fleet');
      return;
    case 'force':
      await forceAndReport(command);
      return;
    case 'index':
    case 'index-all':
      await client.call('index.start', command.kind === 'index' ? { sourceIds: [command.sourceId] } : {});
      goTo('index');
      return;
    case 'cancel-job':
      await client.call('index.cancel', { jobId: command.jobId });
      toastDone('Index job cancelled');
      return;
    case 'search':
      location.hash = searchHash({ ...emptySearch, text: command.text, sourceId: command.sourceId });
      return;
    case 'focus-search':
      focusSearch();
      return;
    case 'explain':
      openDialog({ dialog: 'model', nodeId: command.nodeId, model: command.model });
      return;
    case 'help':
      return openHelp(command.title === null ? null : { title: command.title });
    case 'shortcuts':
      return openHelp({ shortcuts: true });
    case 'pull-model':
      return openDialog({ dialog: 'pull', model: '', from: null });
    case 'add-node':
      openDialog({ dialog: 'node' });
      return;
    case 'add-folder':
      openDialog({ dialog: 'folder' });
      return;
    case 'theme':
      setPreferences({ theme: command.theme });
      return;
  }
}

const nameOf = (nodeId: string) => useFleet.getState().entries[nodeId]?.name ?? nodeId;
