import { Suspense } from 'react';
import { latePart } from '../../components/late-part.ts';
import { closeHelp, useHelp } from '../../stores/help.ts';

const HelpDialog = latePart(() => import('../help/help-dialog.tsx'), 'HelpDialog');

/** The help, over whatever else is open. */
export function HelpHost() {
  const { asked, open } = useHelp();
  if (!open) return null;
  return (
    <Suspense>
      <HelpDialog key={JSON.stringify(asked)} asked={asked} onClose={closeHelp} />
    </Suspense>
  );
}
