/**
 * A figure, and what becomes of it when two runs are added: counts are summed, samples put together, text must be equal, and of
 * extremes the greater or the lesser one stays.
 */
export type Figure =
  | number
  | string
  | { readonly samples: readonly number[] }
  | { readonly most: number }
  | { readonly least: number };

/** What a scenario measured, by what it is; samples by a name to which `p50` and `p99` and their unit are added. */
export type Figures = Readonly<Record<string, Figure>>;

/** What a scenario is run with besides its number of repetitions. */
export interface ScenarioRun {
  /** Tells a person how far it is, and keeps the figures up to now in case it does not come to its end. */
  progress(text: string, soFar?: Figures): void;
  /** Whether the time for it is over: it then ends behind the repetition under way and says how many there were. */
  isOver(): boolean;
}

/** No end but that of the repetitions, and nobody to tell. */
export const untilDone: ScenarioRun = { progress: () => undefined, isOver: () => false };

/** Figures of two runs of one scenario as if they were one. Throws when they do not measure the same. */
export function addFigures(a: Figures, b: Figures): Figures {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) throw new Error('the runs have other figures');
  return Object.fromEntries(names.map((name) => [name, added(name, a[name], b[name])]));
}

function added(name: string, a: Figure | undefined, b: Figure | undefined): Figure {
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  if (typeof a === 'string' && a === b) return a;
  if (typeof a === 'object' && typeof b === 'object') {
    if ('samples' in a && 'samples' in b) return { samples: [...a.samples, ...b.samples] };
    if ('most' in a && 'most' in b) return { most: Math.max(a.most, b.most) };
    if ('least' in a && 'least' in b) return { least: Math.min(a.least, b.least) };
  }
  throw new Error(`'${name}' cannot be added`);
}
