import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';

/** Where and with what a run was made. Holds no host name, user or path. */
export interface EnvironmentRecord {
  readonly cpuModel: string;
  readonly cpuCount: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly nodeVersion: string;
  /** Abbreviated commit, with `-dirty` when the work tree differs from it; `unknown` outside a repository. */
  readonly gitRevision: string;
  readonly packageVersions: Readonly<Record<string, string>>;
}

const PACKAGE_FILE = new URL('../../../package.json', import.meta.url);

/** Reads the record of this machine and work tree. */
export function readEnvironment(): EnvironmentRecord {
  const packageFile = JSON.parse(readFileSync(PACKAGE_FILE, 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  return {
    cpuModel: cpus()[0]?.model.trim() ?? 'unknown',
    cpuCount: cpus().length,
    memoryBytes: totalmem(),
    kernel: release(),
    nodeVersion: process.version,
    gitRevision: readGitRevision(),
    packageVersions: packageFile.dependencies ?? {},
  };
}

function readGitRevision(): string {
  try {
    const command = ['describe', '--always', '--dirty', '--abbrev=10', '--match='];
    const options = { cwd: new URL('.', PACKAGE_FILE), encoding: 'utf8', stdio: 'pipe' } as const;
    return execFileSync('git', command, options).trim();
  } catch {
    return 'unknown';
  }
}
