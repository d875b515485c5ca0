import { execFile, execFileSync } from 'node:child_process';

/** Why tests against DCMTK are skipped, or false. */
export const dcmtkMissing: string | false = isInstalled()
  ? false
  : 'NO INTEROP TESTED: install Debian package dcmtk';

export interface ToolResult {
  readonly exitCode: number;
  readonly output: string;
}

/** Runs a DCMTK tool; its small writes are sent at once, or each message would wait 40 ms for an acknowledgement. */
export function runDcmtk(tool: string, args: readonly string[]): Promise<ToolResult> {
  return new Promise((resolve) => {
    execFile(
      tool,
      [...args],
      { env: { ...process.env, TCP_NODELAY: '1' }, timeout: 60_000, maxBuffer: 512 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ exitCode, output: stdout + stderr });
      },
    );
  });
}

function isInstalled(): boolean {
  try {
    execFileSync('storescu', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
