import type { Command } from 'commander';
import { GantryError } from '#engine/base/error-catalogue.js';
import type { BackupReport } from '#engine/maintenance/backup/write-backup.js';
import { addConfigFlags, loadCommandConfig } from './config-flags.js';
import { problemsExitCode, throttle, verifyReportText } from './maintenance-commands.js';
import type { ProgramContext } from './program.js';
import { RunningStore } from './running-store.js';

const mib = 1024 * 1024;

/** `backup` and `restore`. */
export function addBackupCommands(program: Command, context: ProgramContext): void {
  addConfigFlags(
    program
      .command('backup')
      .description('add a backup to backup.directory; the store may be running or stopped'),
  ).action(async (_, command: Command) => {
    const { config } = loadCommandConfig(command, context.env);
    const { directory } = config.backup;
    if (directory === undefined) {
      throw new GantryError('bad-request', 'say where to with --backup-directory');
    }
    const { backUpStopped } = await import('#engine/maintenance/backup/back-up-stopped.js');
    const { unlessInUse } = await import('#engine/maintenance/unless-in-use.js');
    const stopped = await unlessInUse(() => backUpStopped(config.dataDir, directory));
    if (stopped !== undefined) {
      context.print(backupText(directory, stopped));
      return;
    }
    const done = await new RunningStore(config).backUp();
    context.print(backupText(done.directory, done.report));
  });

  addConfigFlags(
    program
      .command('restore')
      .description('make the empty data directory of a backup, and verify it')
      .requiredOption('--from <directory>', 'directory with backups')
      .option('--sequence <number>', 'the newest backup up to this number of the change log'),
  ).action(async (_, command: Command) => {
    const { config } = loadCommandConfig(command, context.env);
    const { from, sequence } = command.opts<{ from: string; sequence?: string }>();
    const { restoreBackup } = await import('#engine/maintenance/backup/restore-backup.js');
    const { verifyStore } = await import('#engine/maintenance/verify-store.js');
    const onProgress = throttle(([done, all]: readonly [number, number]) => {
      context.printAside(`${(done / mib).toFixed(0)} of ${(all / mib).toFixed(0)} MiB\n`);
    });
    const report = await restoreBackup(
      {
        from,
        dataDir: config.dataDir,
        ...(sequence === undefined ? {} : { sequence: numberOf(sequence) }),
      },
      (done, all) => onProgress([done, all]),
    );
    context.print(
      `restored the backup of ${report.createdAt} at change ${report.sequence}, ${(report.bytes / mib).toFixed(0)} MiB\n`,
    );
    const verified = await verifyStore(config, () => undefined);
    context.print(verifyReportText(verified));
    if (verified.problemCount > 0) context.setExitCode(problemsExitCode);
  });
}

function numberOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new GantryError('bad-request', '--sequence must be a whole number');
}

function backupText(directory: string, report: BackupReport): string {
  const { sequence, bytes, copiedBytes, linkedBytes, durationMs, pauseMs } = report;
  const size = (count: number): string => `${(count / mib).toFixed(1)} MiB`;
  return (
    `backup at change ${sequence} in ${directory}: ${size(bytes)}, of which ${size(copiedBytes)} copied and` +
    ` ${size(linkedBytes)} linked in ${(durationMs / 1000).toFixed(1)} s; the writer paused for ${pauseMs} ms\n`
  );
}
