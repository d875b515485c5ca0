import type { Command } from 'commander';
import type { RebuildCatalogReport } from '#engine/maintenance/rebuild-catalog/rebuild-report.js';
import type { RebuildCatalogProgress } from '#engine/maintenance/rebuild-catalog/rebuild-run.js';
import type { RebuildProgress } from '#engine/maintenance/rebuild-index.js';
import type { VerifyProgress, VerifyReport } from '#engine/maintenance/verify-report.js';
import { GantryError } from '#engine/base/error-catalogue.js';
import type { Config } from '#src/config/config-options.js';
import { addConfigFlags, loadCommandConfig } from './config-flags.js';
import type { ProgramContext } from './program.js';
import { RunningStore } from './running-store.js';

/** Exit code of a verification that found something wrong; 1 says that it could not be done. */
export const problemsExitCode = 2;

const progressIntervalMs = 1000;
const mib = 1024 * 1024;
const barWidth = 30;

/** Commands that work on a data directory while the store is stopped. They load DuckDB, which the main thread of a store must not. */
export function addMaintenanceCommands(program: Command, context: ProgramContext): void {
  addConfigFlags(
    program
      .command('verify')
      .description(
        'check every checksum and the agreement of everything stored; a store that runs does it itself',
      ),
  )
    .option('--json', 'print the whole report as JSON')
    .option('--mib-per-second <number>', 'read no faster; by default 64 of a store that runs')
    .action(async (_, command: Command) => {
      const { config } = loadCommandConfig(command, context.env);
      const { json, mibPerSecond } = command.opts<{ json?: true; mibPerSecond?: string }>();
      const onProgress = throttle((progress: VerifyProgress) => {
        context.printAside(`${verifyProgressText(progress)}\n`);
      });
      const report = await verifyAnyhow(config, bytesPerSecondOf(mibPerSecond), onProgress);
      context.print(
        json === true ? `${JSON.stringify(report, null, 2)}\n` : verifyReportText(report),
      );
      if (report.problemCount > 0) context.setExitCode(problemsExitCode);
    });

  addConfigFlags(
    program
      .command('rebuild-index')
      .description('make the search index anew from the catalogue; the store is stopped'),
  ).action(async (_, command: Command) => {
    const { config } = loadCommandConfig(command, context.env);
    const onProgress = throttle((progress: RebuildProgress) => {
      context.printAside(`${rebuildProgressText(progress)}\n`);
    });
    const { rebuildIndex } = await import('#engine/maintenance/rebuild-index.js');
    context.print(`${rebuildProgressText(await rebuildIndex(config, onProgress))}\n`);
  });

  addRebuildCatalog(program, context);
}

function addRebuildCatalog(program: Command, context: ProgramContext): void {
  addConfigFlags(
    program
      .command('rebuild-catalog')
      .description('make a lost catalogue anew from the segments; the store is stopped'),
  )
    .option('--json', 'print the whole report as JSON')
    .option('--without-index', 'there is no usable search index: deleted instances may come back')
    .action(async (_, command: Command) => {
      const { config } = loadCommandConfig(command, context.env);
      const { json, withoutIndex } = command.opts<{ json?: true; withoutIndex?: true }>();
      const onProgress = throttle((progress: RebuildCatalogProgress) => {
        context.printAside(`${rebuildCatalogProgressText(progress)}\n`);
      });
      const { rebuildCatalog } =
        await import('#engine/maintenance/rebuild-catalog/rebuild-catalog.js');
      const options = { ...config, withoutIndex: withoutIndex === true };
      const report = await rebuildCatalog(options, onProgress);
      context.print(
        json === true ? `${JSON.stringify(report, null, 2)}\n` : rebuildCatalogReportText(report),
      );
      const isCertain = report.indexSequence !== undefined && report.uncertainCount === 0;
      if (report.lostCount > 0 || !isCertain) context.setExitCode(problemsExitCode);
    });
}

/** Opens the data directory, or lets the process verify that has it open. */
async function verifyAnyhow(
  config: Config,
  bytesPerSecondMax: number | undefined,
  onProgress: (progress: VerifyProgress) => void,
): Promise<VerifyReport> {
  const { verifyStore } = await import('#engine/maintenance/verify-store.js');
  const { unlessInUse } = await import('#engine/maintenance/unless-in-use.js');
  const rate = bytesPerSecondMax === undefined ? {} : { bytesPerSecondMax };
  const report = await unlessInUse(() => verifyStore({ ...config, ...rate }, onProgress));
  return report ?? new RunningStore(config).verify(bytesPerSecondMax ?? 64 * mib, onProgress);
}

function bytesPerSecondOf(mibPerSecond: string | undefined): number | undefined {
  if (mibPerSecond === undefined) return undefined;
  const rate = Number(mibPerSecond);
  if (rate > 0) return Math.ceil(rate * mib);
  throw new GantryError('bad-request', '--mib-per-second must be a positive number');
}

function verifyProgressText(progress: VerifyProgress): string {
  const { instanceCount, instanceCountExpected, blobBytes, elapsedMs } = progress;
  const rate = (blobBytes * 1000) / mib / Math.max(1, elapsedMs);
  return `${barOf(instanceCount, instanceCountExpected)} ${instanceCount} of ${instanceCountExpected} instances, ${rate.toFixed(0)} MiB/s`;
}

function barOf(done: number, all: number): string {
  const share = Math.min(1, done / Math.max(1, all));
  return `[${'#'.repeat(Math.round(share * barWidth)).padEnd(barWidth, '.')}]`;
}

function rebuildCatalogProgressText(progress: RebuildCatalogProgress): string {
  const { bytesDone, bytesAll, instanceCount, elapsedMs } = progress;
  const rate = (bytesDone * 1000) / mib / Math.max(1, elapsedMs);
  const size = `${(bytesDone / mib).toFixed(0)} of ${(bytesAll / mib).toFixed(0)} MiB`;
  return `${barOf(bytesDone, bytesAll)} ${size}, ${instanceCount} instances, ${rate.toFixed(0)} MiB/s`;
}

function rebuildCatalogReportText(report: RebuildCatalogReport): string {
  const lines = report.losses.map(
    ({ reason, studyInstanceUid, seriesInstanceUid, sopInstanceUid }) =>
      `${reason}: ${studyInstanceUid}/${seriesInstanceUid}/${sopInstanceUid}`,
  );
  const { lostCount, uncertainCount, instanceCount, deletedCount, indexSequence } = report;
  const more = lostCount + uncertainCount - report.losses.length;
  if (more > 0) lines.push(`and ${more} more`);
  if (indexSequence === undefined) {
    lines.push('no index was asked: deleted instances may be back, and what is lost is not known');
  }
  lines.push(
    `${instanceCount} instances are back from ${(report.segmentBytes / mib).toFixed(0)} MiB in` +
      ` ${(report.durationMs / 1000).toFixed(1)} s, ${deletedCount} deleted ones left out;` +
      ` ${lostCount} are lost, ${uncertainCount} uncertain` +
      (lostCount + uncertainCount > 0 ? `, all listed in ${report.lossFile}` : ''),
  );
  return `${lines.join('\n')}\n`;
}

function rebuildProgressText({ sequence, sequenceLast, elapsedMs }: RebuildProgress): string {
  const rate = (sequence * 1000) / Math.max(1, elapsedMs);
  return `${sequence} of ${sequenceLast} changes, ${rate.toFixed(0)} a second`;
}

export function verifyReportText(report: VerifyReport): string {
  const lines = report.problems.map(
    ({ kind, subject, detail }) => `${kind}: ${subject}: ${detail}`,
  );
  const more = report.problemCount - report.problems.length;
  if (more > 0) lines.push(`and ${more} more`);
  const { studyCount, seriesCount, instanceCount, blobBytes, durationMs } = report;
  lines.push(
    `${studyCount} studies, ${seriesCount} series, ${instanceCount} instances,` +
      ` ${(blobBytes / mib).toFixed(0)} MiB in ${(durationMs / 1000).toFixed(1)} s:` +
      ` ${report.problemCount === 0 ? 'no problem' : `${report.problemCount} problems`}`,
  );
  return `${lines.join('\n')}\n`;
}

/** Calls at most once a second. */
export function throttle<T>(call: (value: T) => void): (value: T) => void {
  let lastAtMs = performance.now();
  return (value) => {
    if (performance.now() - lastAtMs < progressIntervalMs) return;
    lastAtMs = performance.now();
    call(value);
  };
}
