/** The panel’s own glyphs. Shape carries the same meaning as colour. */
import type { NodeState } from '../../shared/models/fleet.ts';
import type { Placement } from '../../shared/models/placement.ts';

const flamePath =
  'M8.3.9c.3 2.3 1.5 3.5 2.6 4.8 1.2 1.4 2.3 2.8 2.3 4.8 0 2.7-2.3 4.6-5.2 4.6s-5.2-1.9-5.2-4.6c0-1.7.8-3.1 1.9-4.1.1 1.2.6 2 1.4 2.4C5.9 6 6.6 3 8.3.9Z';

interface GlyphProps {
  size?: number;
  className?: string;
}

function Svg({ size = 16, className = '', children }: GlyphProps & { children: React.ReactNode }) {
  return (
    <svg
      viewBox="0 0 16 16"
      width={size}
      height={size}
      className={`shrink-0 ${className}`}
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

const outline = { fill: 'none', stroke: 'currentColor', strokeWidth: 1.5 } as const;

/**
 * off: hollow and cold · waking: a breathing ember · booting: an ember in a flame · serving: outline · gpu-verified:
 * filled · `lost`: a flame that is struck out.
 */
export function StateGlyph({
  state,
  lost = false,
  size = 16,
}: {
  state: NodeState;
  /** Whether the GPU of a serving node is lost. */
  lost?: boolean;
  size?: number;
}) {
  if (lost) {
    return (
      <Svg size={size} className="text-trouble">
        <path d={flamePath} {...outline} />
        <path d="M1.8 2.2 14.2 14.6" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" />
      </Svg>
    );
  }
  switch (state) {
    case 'unknown':
      return (
        <Svg size={size} className="text-cold">
          <circle cx="8" cy="8" r="5.5" {...outline} strokeDasharray="2 2.3" />
        </Svg>
      );
    case 'off':
      return (
        <Svg size={size} className="text-cold">
          <circle cx="8" cy="8" r="5.5" {...outline} />
        </Svg>
      );
    case 'waking':
      return (
        <Svg size={size} className="text-ember breathing">
          <circle cx="8" cy="8" r="6.2" {...outline} strokeWidth={1} opacity={0.55} />
          <circle cx="8" cy="8" r="3" fill="currentColor" />
        </Svg>
      );
    case 'booting':
      return (
        <Svg size={size} className="text-ember breathing">
          <path d={flamePath} {...outline} strokeWidth={1.2} opacity={0.7} />
          <circle cx="8" cy="10.5" r="2.4" fill="currentColor" />
        </Svg>
      );
    case 'serving':
      return (
        <Svg size={size} className="text-amber">
          <path d={flamePath} {...outline} />
        </Svg>
      );
    case 'gpu-verified':
      return (
        <Svg size={size} className="text-flame">
          <path d={flamePath} fill="currentColor" />
        </Svg>
      );
    case 'trouble':
      return (
        <Svg size={size} className="text-trouble">
          <path d="M8 1.8 14.6 13.7H1.4Z" {...outline} strokeLinejoin="round" />
          <path d="M8 6v3.7M8 11.3v.6" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" />
        </Svg>
      );
  }
}

/** Where a model is: filled flame GPU, half flame partial, hollow flame CPU, dot on disk. */
export function PlacementGlyph({ at, size = 16 }: { at: Placement | 'disk'; size?: number }) {
  switch (at) {
    case 'gpu':
      return (
        <Svg size={size} className="text-flame">
          <path d={flamePath} fill="currentColor" />
        </Svg>
      );
    case 'partial':
      return (
        <Svg size={size} className="text-amber">
          <path d={flamePath} {...outline} />
          <path d="M2.8 10.5h10.4c0 2.7-2.3 4.6-5.2 4.6s-5.2-1.9-5.2-4.6Z" fill="currentColor" />
        </Svg>
      );
    case 'cpu':
      return (
        <Svg size={size} className="text-cold">
          <path d={flamePath} {...outline} />
        </Svg>
      );
    case 'disk':
      return (
        <Svg size={size} className="text-cold">
          <circle cx="8" cy="8" r="2" fill="currentColor" />
        </Svg>
      );
  }
}

export function FlameMark({ size = 20 }: { size?: number }) {
  return (
    <Svg size={size} className="text-flame">
      <path d={flamePath} fill="currentColor" />
    </Svg>
  );
}

/** `GPU`, `62% GPU`, `CPU`. */
export function placementLabel(model: { placement: Placement; gpuShare: number }): string {
  if (model.placement === 'gpu') return 'GPU';
  if (model.placement === 'cpu') return 'CPU';
  return `${Math.round(model.gpuShare * 100)}% GPU`;
}
