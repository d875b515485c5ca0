import { setTimeout as sleep } from 'node:timers/promises';
import { GantryError } from '#engine/base/error-catalogue.js';
import type { BackupState, VerifyState } from '#engine/engine-types.js';
import type { VerifyProgress, VerifyReport } from '#engine/maintenance/verify-report.js';
import type { Config } from '#src/config/config-options.js';

const pollIntervalMs = 500;

/** A store that runs with this configuration, as commands talk to it. */
export class RunningStore {
  readonly #url: string;

  constructor({ http }: Config) {
    const host = http.host === '0.0.0.0' || http.host === '::' ? '127.0.0.1' : http.host;
    const scheme = http.tls.keyFile === undefined ? 'http' : 'https';
    this.#url = `${scheme}://${host.includes(':') ? `[${host}]` : host}:${http.port}`;
  }

  /** Lets the store verify itself, at most so fast, and waits for the report. */
  async verify(
    bytesPerSecondMax: number,
    onProgress: (progress: VerifyProgress) => void,
  ): Promise<VerifyReport> {
    const path = '/admin/verify';
    let state = await this.#ask<VerifyState>('POST', `${path}?bytesPerSecond=${bytesPerSecondMax}`);
    while (state.state === 'running') {
      await sleep(pollIntervalMs);
      state = await this.#ask('GET', path);
      if (state.state === 'running' && state.progress !== undefined) onProgress(state.progress);
    }
    if (state.state === 'done') return state.report;
    throw new GantryError(
      'store-unavailable',
      state.state === 'failed' ? state.detail : 'the store was started again meanwhile',
    );
  }

  /** Lets the store back itself up, and waits until that is done. */
  async backUp(): Promise<Extract<BackupState, { state: 'done' }>> {
    let state = await this.#ask<BackupState>('POST', '/admin/backups');
    while (state.state === 'running') {
      await sleep(pollIntervalMs);
      state = await this.#ask('GET', '/admin/backups');
    }
    if (state.state === 'done') return state;
    throw new GantryError(
      'store-unavailable',
      state.state === 'failed' ? state.detail : 'the store was started again meanwhile',
    );
  }

  async #ask<State>(method: string, path: string): Promise<State> {
    const url = this.#url + path;
    const response = await fetch(url, { method }).catch((cause: unknown) => {
      const detail = `the data directory is in use by another process, and no store answers at ${this.#url}`;
      throw new GantryError('store-unavailable', detail, { cause });
    });
    const body = (await response.json().catch(() => ({}))) as State & { readonly detail?: string };
    if (response.ok) return body;
    throw new GantryError('bad-request', `${url} answered ${response.status} ${body.detail ?? ''}`);
  }
}
