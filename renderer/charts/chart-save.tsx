import { Download } from 'lucide-react';
import { lateScript } from '../components/late-part.ts';
import { saveFile } from '../components/save-file.ts';
import { useAction } from '../components/use-action.ts';
import type { ChartPicture } from './chart-image.ts';
import { toCsv } from './chart-row.ts';
import { useTime } from './chart-time.tsx';

const loadImages = lateScript(() => import('./chart-image.ts'));

/** Saves what a chart shows: its values as CSV, itself as PNG. */
export function ChartSave({
  caption,
  ...chart
}: Omit<ChartPicture, keyof Time | 'label'> & { caption: string }) {
  const { first, last, label, formatTick } = useTime();
  const { run } = useAction();
  const name = `${chart.title}-${new Date(first).toISOString().slice(0, 16)}`
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  const picture: ChartPicture = { ...chart, first, last, label, formatTick };
  const saveImage = async () => {
    const { drawChart } = await loadImages();
    saveFile(`${name}.png`, await drawChart(picture));
  };
  const saveValues = () =>
    saveFile(`${name}.csv`, new Blob([toCsv(chart.rows, chart.series)], { type: 'text/csv' }));
  const className =
    'mt-1 inline-flex items-center gap-1.5 rounded px-1 py-0.5 text-2xs text-faint hover:text-text print:hidden';
  return (
    <>
      <button type="button" className={className} onClick={saveValues}>
        <Download size={12} aria-hidden="true" /> CSV
        <span className="sr-only">: {caption}</span>
      </button>
      <button type="button" className={className} onClick={() => run(saveImage)}>
        <Download size={12} aria-hidden="true" /> PNG
        <span className="sr-only">: {caption}</span>
      </button>
    </>
  );
}

type Time = Pick<ReturnType<typeof useTime>, 'first' | 'last' | 'formatTick'>;
