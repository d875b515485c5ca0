/** What a scenario measured, by what it is. */
export type Figures = Readonly<Record<string, number | string>>;

/** Tells a person how far it is. */
export type Progress = (text: string) => void;
