import { mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileDurably } from '#src/dimse/write-file-durably.js';

/** A request for storage commitment that was accepted and not reported on. */
export interface CommitmentJob {
  readonly transactionUid: string;
  /** Who asked, and is to be told. */
  readonly requesterAeTitle: string;
  readonly partition: number;
  readonly references: readonly { readonly sopClassUid: string; readonly sopInstanceUid: string }[];
}

const jobSchema: z.ZodType<CommitmentJob> = z.strictObject({
  transactionUid: z.string(),
  requesterAeTitle: z.string(),
  partition: z.int(),
  references: z.array(z.strictObject({ sopClassUid: z.string(), sopInstanceUid: z.string() })),
});

const extension = '.json';

/** Jobs as files of a directory, one each, so that they outlive the process. */
export class JobFiles {
  readonly #directory: string;

  /** Makes the directory when it is missing. */
  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  /** What earlier processes left to do. A file that is not what `save` wrote is set aside as `….damaged`, and told of. */
  load(onDamaged: (name: string, error: unknown) => void): CommitmentJob[] {
    const jobs: CommitmentJob[] = [];
    for (const name of readdirSync(this.#directory)) {
      if (!name.endsWith(extension)) continue;
      const path = join(this.#directory, name);
      try {
        jobs.push(jobSchema.parse(JSON.parse(readFileSync(path, 'utf8'))));
      } catch (error) {
        renameSync(path, `${path}.damaged`);
        onDamaged(name, error);
      }
    }
    return jobs;
  }

  /** Resolves when the job is durable. */
  save(job: CommitmentJob): Promise<void> {
    return writeFileDurably(this.#pathOf(job), JSON.stringify(job));
  }

  async remove(job: CommitmentJob): Promise<void> {
    await rm(this.#pathOf(job), { force: true });
  }

  /** A transaction UID is made of digits and dots, and so names a file of this directory. */
  #pathOf({ transactionUid }: CommitmentJob): string {
    return join(this.#directory, `${transactionUid}${extension}`);
  }
}
