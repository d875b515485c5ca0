import { spawnSync } from 'node:child_process';
import { statfsSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyStore } from '#engine/maintenance/verify-store.js';
import { acceptStoredFrames, qido, retrieve, stow } from '#test/helpers/dicomweb-client.js';
import type { JsonDataSet } from '#test/helpers/dicomweb-client.js';
import { DicomScu } from '#test/helpers/dicom-scu.js';
import { ctImageStorage, explicitVrLittleEndian } from '#test/helpers/dimse-fixture.js';
import { startServer, type TestServer } from '#test/helpers/server.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';
import { delay } from '#test/helpers/wait.js';
import { numberedInstance, pathOf, sopOf, storeRequestOf, studyOf } from './numbered-instance.js';
import type { Figures, ScenarioRun } from './scenario.js';

const mib = 1024 * 1024;
const diskBytes = 96 * mib;
/** Taken away to make the disk full sooner, given back to see the store recover. */
const ballastBytes = 24 * mib;
const reserveBytes = 16 * mib;
const attemptsMax = 5_000;
const recoveryMsMax = 60_000;
const samplesRead = 3;

interface Counts {
  fills: number;
  acknowledged: number;
  otherRefusals: number;
  lost: number;
  halfVisible: number;
  wrongReads: number;
  problems: number;
  reserveLeastBytes: number;
  readonly recoveryMs: number[];
}

/** Undefined when the right to mount a file system of limited size is missing. */
export async function fullDisks(fillsMax: number, run: ScenarioRun): Promise<Figures | undefined> {
  const counts: Counts = {
    ...{ fills: 0, acknowledged: 0, otherRefusals: 0, lost: 0, halfVisible: 0, wrongReads: 0 },
    ...{ problems: 0, reserveLeastBytes: Infinity, recoveryMs: [] },
  };
  for (const reserve of [reserveBytes, 0]) {
    const mount = temporaryDirectory();
    const options = ['-t', 'tmpfs', '-o', `size=${diskBytes}`, 'tmpfs', mount];
    if (spawnSync('mount', options).status !== 0) return undefined;
    try {
      const fills = Math.ceil(fillsMax / 2);
      await fillAgainAndAgain(mount, { reserve, fills }, { counts, run });
    } finally {
      spawnSync('umount', [mount]);
    }
  }
  return figuresOf(counts);
}

function figuresOf(counts: Counts): Figures {
  return {
    'fills, half of them with a reserve': counts.fills,
    'instances acknowledged': counts.acknowledged,
    lost: counts.lost,
    'refused and there nevertheless': counts.halfVisible,
    'refusals other than 507 and A700': counts.otherRefusals,
    'reads and searches on the full disk that failed': counts.wrongReads,
    'problems found by verify': counts.problems,
    'recovery without restart, ms': { samples: counts.recoveryMs },
    'reserve, MiB': String(reserveBytes / mib),
    'least free space at a refusal with it, MiB': { least: counts.reserveLeastBytes / mib },
  };
}

interface Campaign {
  readonly counts: Counts;
  readonly run: ScenarioRun;
}

async function fillAgainAndAgain(
  mount: string,
  { reserve, fills }: { readonly reserve: number; readonly fills: number },
  { counts, run }: Campaign,
): Promise<void> {
  const dataDir = join(mount, 'data');
  const server = await startServer({
    dataDir,
    args: [
      ...['--store-reserve-bytes', String(reserve), '--store-segment-bytes', String(16 * mib)],
      ...['--store-garbage-grace-ms', '0', '--store-undelete-window-ms', '0'],
      ...['--store-memtable-bytes', String(mib), '--scrub-bytes-per-second', '0'],
    ],
  });
  const ballast = join(mount, 'ballast');
  try {
    for (let fill = 0; fill < fills && !run.isOver(); fill++) {
      await waitForSpace(mount, reserve + 8 * mib);
      writeFileSync(ballast, Buffer.alloc(ballastBytes), { flag: 'w' });
      await new Fill(server, `${reserve === 0 ? 2 : 1}.${fill + 1}`, counts).run({
        giveBack: () => unlinkSync(ballast),
        onFull: () => {
          const { bavail, bsize } = statfsSync(mount);
          if (reserve > 0) {
            counts.reserveLeastBytes = Math.min(counts.reserveLeastBytes, bavail * bsize);
          }
        },
      });
      counts.fills += 1;
      if (counts.fills % 10 === 0) {
        run.progress(
          `${counts.fills} fills, ${counts.acknowledged} acknowledged`,
          figuresOf(counts),
        );
      }
    }
  } finally {
    await server.stop();
  }
  const index = { memoryLimitBytes: 128 * mib, threads: 1 };
  counts.problems += (await verifyStore({ dataDir, index }, () => undefined)).problemCount;
}

/** Deleted instances give their space back in the background. */
async function waitForSpace(mount: string, bytes: number): Promise<void> {
  for (let n = 0; n < 300; n++) {
    const { bavail, bsize } = statfsSync(mount);
    if (bavail * bsize > ballastBytes + bytes) return;
    await delay(100);
  }
  throw new Error('the space of deleted instances does not come back');
}

/** One time that the disk is filled, looked at, given space, looked at again, and cleared. */
class Fill {
  readonly #server: TestServer;
  readonly #seed: string;
  readonly #counts: Counts;
  readonly #acknowledged = new Set<string>();
  #next = 0;

  constructor(server: TestServer, seed: string, counts: Counts) {
    this.#server = server;
    this.#seed = seed;
    this.#counts = counts;
  }

  async run(hooks: { readonly giveBack: () => void; readonly onFull: () => void }): Promise<void> {
    const counts = this.#counts;
    let status = 200;
    while (status === 200 && this.#next < attemptsMax) status = await this.#store();
    hooks.onFull();
    if (status !== 507) counts.otherRefusals += 1;
    let dimseStatus = 0;
    while (dimseStatus === 0) dimseStatus = await this.#storeByDimse();
    if (dimseStatus !== 0xa700) counts.otherRefusals += 1;
    await this.#look();
    hooks.giveBack();
    const startedAt = performance.now();
    while ((await this.#store()) !== 200) {
      if (performance.now() - startedAt > recoveryMsMax) throw new Error('it does not recover');
      await delay(20);
    }
    counts.recoveryMs.push(performance.now() - startedAt);
    await this.#look();
    counts.acknowledged += this.#acknowledged.size;
    const url = `${this.#server.dicomwebUrl}/studies/${studyOf(this.#seed)}`;
    const deleted = await fetch(url, { method: 'DELETE' });
    if (deleted.status !== 204) throw new Error(`a deletion was answered ${deleted.status}`);
  }

  async #store(): Promise<number> {
    const name = { seed: this.#seed, number: this.#next++ };
    const { status } = await stow(this.#server.dicomwebUrl, [numberedInstance(name).part10]);
    if (status === 200) this.#acknowledged.add(sopOf(name));
    return status;
  }

  /** A large instance: what little space is left may still do for small ones. */
  async #storeByDimse(): Promise<number> {
    this.#next = Math.ceil(this.#next / 5) * 5 + 4;
    const name = { seed: this.#seed, number: this.#next++ };
    const scu = await DicomScu.associate({
      host: '127.0.0.1',
      port: this.#server.dimsePort,
      contexts: [
        { abstractSyntaxUid: ctImageStorage, transferSyntaxUids: [explicitVrLittleEndian] },
      ],
    });
    const { status } = await scu.store(scu.prepareStore(storeRequestOf(name)));
    await scu.destroy();
    if (status === 0) this.#acknowledged.add(sopOf(name));
    return status;
  }

  /** Metadata and search show what was acknowledged and nothing else, and frames are what was sent. */
  async #look(): Promise<void> {
    const counts = this.#counts;
    const { dicomwebUrl } = this.#server;
    const study = studyOf(this.#seed);
    const response = await fetch(`${dicomwebUrl}/studies/${study}/metadata`);
    if (response.status !== 200) counts.wrongReads += 1;
    const metadata = response.ok ? ((await response.json()) as JsonDataSet[]) : [];
    const found = new Set(metadata.map((each) => String(each['00080018']?.Value?.[0])));
    for (const sop of this.#acknowledged) if (!found.has(sop)) counts.lost += 1;
    for (const sop of found) if (!this.#acknowledged.has(sop)) counts.halfVisible += 1;
    const [row] = await qido(dicomwebUrl, `studies?PatientID=RELIABILITY-${this.#seed}`);
    if (Number(row?.['00201208']?.Value?.[0]) !== this.#acknowledged.size) counts.wrongReads += 1;
    const names = Array.from({ length: this.#next }, (_, number) => ({ seed: this.#seed, number }));
    const stored = names.filter((name) => this.#acknowledged.has(sopOf(name)));
    for (const name of stored.slice(-samplesRead)) {
      const path = `${pathOf(name)}/frames/1`;
      const [part] = await retrieve(dicomwebUrl, path, acceptStoredFrames);
      if (part?.body.equals(numberedInstance(name).pixels) !== true) counts.wrongReads += 1;
    }
  }
}
