import { rm } from 'node:fs/promises';
import { GantryError, toGantryError } from '#engine/base/error-catalogue.js';
import type { Logger } from '#engine/base/logger.js';
import type { BackupState, Maintenance, VerifyState } from '#engine/engine-types.js';
import { linkTablesAhead } from '#engine/store/catalog-snapshot.js';
import type { MaintenanceThread } from '#engine/threads/maintenance-thread.js';
import type { StoreThread } from '#engine/threads/store-thread.js';

export interface MaintenanceParts {
  readonly maintenanceThread: MaintenanceThread;
  readonly storeThread: Pick<StoreThread, 'takeSnapshot' | 'releaseSnapshot'>;
  readonly log: Logger;
  readonly catalogDirectory: string;
  /** For links to the catalogue while it is copied; on the file system of the catalogue. */
  readonly snapshotDirectory: string;
  readonly backup: {
    readonly directory: string | undefined;
    readonly bytesPerSecond: number;
  };
}

/** Verifications and backups of the store at work, one of each at a time. */
export class EngineMaintenance implements Maintenance {
  readonly #parts: MaintenanceParts;
  #verify: VerifyState = { state: 'idle' };
  #backup: BackupState = { state: 'idle' };

  constructor(parts: MaintenanceParts) {
    this.#parts = parts;
  }

  verifyState(): VerifyState {
    if (this.#verify.state !== 'running') return this.#verify;
    const { verifyProgress: progress } = this.#parts.maintenanceThread;
    return progress === undefined ? this.#verify : { ...this.#verify, progress };
  }

  startVerify(bytesPerSecondMax: number): VerifyState {
    if (this.#verify.state === 'running') return this.verifyState();
    this.#verify = { state: 'running' };
    this.#parts.maintenanceThread.verify(bytesPerSecondMax).then(
      (report) => (this.#verify = { state: 'done', report }),
      (error: unknown) => (this.#verify = { state: 'failed', detail: messageOf(error) }),
    );
    return this.#verify;
  }

  stopVerify(): void {
    this.#parts.maintenanceThread.stopVerify();
  }

  backupState(): BackupState {
    return this.#backup;
  }

  startBackup(): BackupState {
    const { directory } = this.#parts.backup;
    if (directory === undefined) {
      throw new GantryError('bad-request', 'backup.directory is not configured');
    }
    if (this.#backup.state === 'running') return this.#backup;
    this.#backup = { state: 'running', directory };
    void this.#backUp(directory).then((state) => (this.#backup = state));
    return this.#backup;
  }

  async #backUp(directory: string): Promise<BackupState> {
    const { maintenanceThread, storeThread, catalogDirectory, snapshotDirectory, backup, log } =
      this.#parts;
    try {
      await linkTablesAhead(catalogDirectory, snapshotDirectory);
      const snapshot = await storeThread.takeSnapshot(snapshotDirectory);
      try {
        const { bytesPerSecond } = backup;
        const report = await maintenanceThread.backUp(directory, snapshot, bytesPerSecond);
        log.info({ ...report }, 'backup complete');
        return { state: 'done', directory, report };
      } finally {
        storeThread.releaseSnapshot();
      }
    } catch (error) {
      const detail = messageOf(error);
      log.error({ detail }, 'backup failed');
      return { state: 'failed', directory, detail };
    } finally {
      // Links keep tables on the disk that RocksDB has replaced. What cannot go now goes before the next backup.
      await rm(snapshotDirectory, { recursive: true, force: true }).catch(() => undefined);
    }
  }
}

function messageOf(error: unknown): string {
  return toGantryError(error).message;
}
