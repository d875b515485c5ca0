import { z } from 'zod';
import { dimseVerbs } from '#src/config/option-types.js';
import { parseCandidate } from '#src/config/parse-candidate.js';
import { readSettingsFile } from './read-settings-file.js';
import { writeFileDurably } from './write-file-durably.js';

const schema = z.strictObject({
  unknownAeVerbs: z.array(z.enum(dimseVerbs)).readonly(),
  checkCalledAe: z.boolean(),
});

/** Whether the store is strict or promiscuous. */
export type AccessValues = Readonly<z.infer<typeof schema>>;

/**
 * How strict the store is with callers: as configured, or as set while it runs, which is kept in a file and holds for the next
 * association on.
 */
export class AccessSettings {
  readonly #configured: AccessValues;
  readonly #filePath: string;
  #set: Partial<AccessValues>;
  /** Changes go one after another, so that none is lost. */
  #lastChange: Promise<void> = Promise.resolve();

  /** Reads the file, if there is one. Throws when it is not what this class wrote: a strict store must not open silently. */
  constructor(configured: AccessValues, filePath: string) {
    this.#configured = configured;
    this.#filePath = filePath;
    this.#set = readSettings(filePath);
  }

  get values(): AccessValues {
    return { ...this.#configured, ...this.#set };
  }

  /** Sets what `candidate` names, durably. Throws `bad-request` when it is something else. */
  async save(candidate: unknown): Promise<AccessValues> {
    const changes = definedOf(parseCandidate(schema.partial(), candidate));
    await this.#change((set) => ({ ...set, ...changes }));
    return this.values;
  }

  /** Goes back to what is configured, durably. */
  reset(): Promise<void> {
    return this.#change(() => ({}));
  }

  #change(change: (set: Partial<AccessValues>) => Partial<AccessValues>): Promise<void> {
    const done = this.#lastChange.then(async () => {
      const set = change(this.#set);
      await writeFileDurably(this.#filePath, `${JSON.stringify(set, null, 2)}\n`);
      this.#set = set;
    });
    this.#lastChange = done.catch(() => undefined);
    return done;
  }
}

function readSettings(path: string): Partial<AccessValues> {
  return definedOf(readSettingsFile(path, schema.partial()) ?? {});
}

function definedOf({
  unknownAeVerbs,
  checkCalledAe,
}: {
  readonly unknownAeVerbs?: AccessValues['unknownAeVerbs'] | undefined;
  readonly checkCalledAe?: boolean | undefined;
}): Partial<AccessValues> {
  return {
    ...(unknownAeVerbs !== undefined && { unknownAeVerbs }),
    ...(checkCalledAe !== undefined && { checkCalledAe }),
  };
}
