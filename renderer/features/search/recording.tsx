import { Download, LocateFixed } from 'lucide-react';
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { DocumentView } from '../../../shared/models/indexing.ts';
import { DOWNLOAD_FIELD } from '../../../shared/models/media-types.ts';
import type { TaskMedia } from '../../../shared/models/tasks.ts';
import { formatBytes } from '../../../shared/units.ts';
import { Button } from '../../components/button.tsx';
import { Skeleton } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { textOf } from '../../texts.ts';
import type { Opened } from './address.ts';
import { MarkdownView } from './markdown-view.tsx';
import { lineAt, transcriptOf } from './transcript.ts';
import { type LineTarget, TranscriptLines } from './transcript-lines.tsx';
import { useFollow } from './use-follow.ts';
import { type KnownMedia, useTaskMedia } from './use-task-media.ts';

/** How far an arrow key seeks. */
const stepSeconds = 5;

/** A recording or video with its transcript, each at the place of the other. */
export function Recording({
  document,
  taskId,
  place,
  passage,
}: {
  document: DocumentView;
  taskId: string;
  place: Opened['place'];
  /** Lines of the text that is shown, from 0. */
  passage: { first: number; last: number };
}) {
  const { known, renew } = useTaskMedia(taskId);
  const { head, lines } = useMemo(() => transcriptOf(document), [document]);
  const start = place?.kind === 'time' ? place.number : 0;
  const element = useRef<HTMLMediaElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const top = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState(() => lineAt(lines, start));
  const { follows, follow } = useFollow(box, top, current);
  const media = known.state === 'ready' ? known.media : null;
  const hasFile = media?.file != null;
  const url = media?.url ?? null;

  // Another hit in the same recording.
  useEffect(() => {
    setCurrent(lineAt(lines, start));
    if (element.current !== null && element.current.readyState > 0) element.current.currentTime = start;
  }, [start, lines]);

  const seekTo = useCallback(
    (at: number) => {
      const player = element.current;
      const seconds = lines[at]?.seconds;
      if (player === null || seconds === undefined) return;
      player.currentTime = seconds;
      setCurrent(at);
      follow();
      // A browser may want a click on the player itself first.
      player.play().catch(() => {});
    },
    [lines, follow],
  );
  const target = useMemo<LineTarget>(
    () => (hasFile ? { seek: seekTo } : url === null ? null : { url }),
    [hasFile, url, seekTo],
  );

  function onKeyDown(event: KeyboardEvent): void {
    const { key, target: at } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || !(at instanceof HTMLElement)) return;
    const line = Number(at.dataset.line ?? Number.NaN);
    if (Number.isNaN(line)) return;
    const player = element.current;
    const move = (to: number) => box.current?.querySelector<HTMLElement>(`[data-line="${to}"]`)?.focus();
    if (key === 'ArrowDown') move(line + 1);
    else if (key === 'ArrowUp') move(line - 1);
    else if (player === null) return;
    else if (key === ' ') void (player.paused ? player.play().catch(() => {}) : player.pause());
    else if (key === 'ArrowLeft') player.currentTime = Math.max(0, player.currentTime - stepSeconds);
    else if (key === 'ArrowRight') player.currentTime += stepSeconds;
    else return;
    event.preventDefault();
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of the player, for the lines in it.
    <div
      ref={box}
      className="grid grid-cols-[minmax(0,1fr)] gap-4"
      onKeyDown={onKeyDown}
      // Otherwise a space on a line would seek, too.
      onKeyUp={(event) => event.key === ' ' && event.preventDefault()}
    >
      {/* As far up as the padding of the largest box around it. */}
      <div
        ref={top}
        className="sticky -top-6 z-10 -mx-5 border-b border-line bg-surface px-5 pt-5 pb-3 empty:hidden"
      >
        <Player
          known={known}
          element={element}
          start={start}
          renew={renew}
          onTime={(seconds) => setCurrent(lineAt(lines, seconds))}
        />
        {!follows && hasFile && (
          <Button size="small" className="mt-2" onClick={follow}>
            <LocateFixed size={14} aria-hidden="true" /> Follow the recording
          </Button>
        )}
      </div>
      {head !== '' && !/^#[^\n]*$/.test(head) && <MarkdownView text={head} lines={{ first: -1, last: -1 }} />}
      <TranscriptLines lines={lines} current={current} passage={passage} target={target} />
    </div>
  );
}

function Player({
  known,
  element,
  start,
  renew,
  onTime,
}: {
  known: KnownMedia;
  element: React.RefObject<HTMLMediaElement | null>;
  start: number;
  renew(): void;
  onTime(seconds: number): void;
}) {
  /** Errors since it last played: an address may have expired, and the next one plays. */
  const errors = useRef(0);
  const [isUnplayable, setIsUnplayable] = useState(false);
  /** Where it continues with the next address, and whether it does so by itself. */
  const at = useRef(start);
  const wasPlaying = useRef(false);
  useEffect(() => {
    at.current = start;
  }, [start]);

  if (known.state === 'loading') return <Skeleton className="h-14" />;
  if (known.state === 'failed') return <Problem {...known.error} compact />;
  const { file, gone, contentType } = known.media;
  if (gone !== null) return <Gone gone={gone} />;
  if (file === null) return null;
  const save = (
    <a
      href={`${file.address}&${DOWNLOAD_FIELD}=1`}
      download={file.name}
      className="inline-flex w-fit items-center gap-1.5 rounded text-xs text-flame-text hover:underline"
    >
      <Download size={14} aria-hidden="true" /> Download {file.name}, {formatBytes(file.sizeBytes)}
    </a>
  );
  if (isUnplayable)
    return (
      <Problem
        message="This browser cannot play this recording."
        next="Download it, and open it in a player of your computer."
        compact
      >
        {save}
      </Problem>
    );
  const shared = {
    src: file.address,
    controls: true,
    preload: 'metadata',
    onLoadedMetadata: (event: React.SyntheticEvent<HTMLMediaElement>) => {
      event.currentTarget.currentTime = at.current;
      if (wasPlaying.current) event.currentTarget.play().catch(() => {});
      wasPlaying.current = false;
    },
    onLoadedData: () => {
      errors.current = 0;
    },
    onTimeUpdate: (event: React.SyntheticEvent<HTMLMediaElement>) => {
      at.current = event.currentTarget.currentTime;
      onTime(at.current);
    },
    onSeeking: (event: React.SyntheticEvent<HTMLMediaElement>) => {
      at.current = event.currentTarget.currentTime;
      onTime(at.current);
    },
    onError: (event: React.SyntheticEvent<HTMLMediaElement>) => {
      errors.current += 1;
      wasPlaying.current ||= !event.currentTarget.paused;
      if (errors.current === 1) renew();
      else setIsUnplayable(true);
    },
  } as const;
  return (
    <div className="grid gap-2">
      {contentType === 'video' ? (
        <video
          ref={(node) => {
            element.current = node;
          }}
          aria-label={file.name}
          className="max-h-[40dvh] w-full rounded-lg bg-black"
          {...shared}
        />
      ) : (
        <audio
          ref={(node) => {
            element.current = node;
          }}
          aria-label={file.name}
          className="w-full"
          {...shared}
        />
      )}
      {save}
    </div>
  );
}

/** Why there is nothing to play or show any more. */
export const Gone = ({ gone }: { gone: NonNullable<TaskMedia['gone']> }) => (
  <p className="rounded-lg border border-line-strong bg-raised px-3 py-2 text-[0.8125rem] text-soft">
    {textOf(gone.message)} {textOf(gone.next)}
  </p>
);
