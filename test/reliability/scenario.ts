/** What a scenario measured, by what it is. */
export type Figures = Readonly<Record<string, number | string>>;

/** What a scenario is run with besides its number of repetitions. */
export interface ScenarioRun {
  /** Tells a person how far it is. */
  progress(text: string): void;
  /** Whether the time for it is over: it then ends behind the repetition under way and says how many there were. */
  isOver(): boolean;
}

/** No end but that of the repetitions, and nobody to tell. */
export const untilDone: ScenarioRun = { progress: () => undefined, isOver: () => false };
