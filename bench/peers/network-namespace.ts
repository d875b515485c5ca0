import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Whether this process sees no network interface but loopback. */
export function isLoopbackOnly(): boolean {
  const interfaces = [...readFileSync('/proc/self/net/dev', 'latin1').matchAll(/^\s*(\S+):/gm)];
  return interfaces.every((match) => match[1] === 'lo');
}

/**
 * Runs a program in a new network namespace in which only loopback exists and is up, so that a server that listens on every
 * interface is reachable from nowhere else. Without root rights a user namespace is made for it.
 *
 * @returns the exit code
 * @throws Error when the system does not permit such a namespace
 */
export function runLoopbackOnly(file: string, args: readonly string[]): Promise<number> {
  const unshareArgs = process.getuid?.() === 0 ? ['--net'] : ['--net', '--user', '--map-root-user'];
  const bringUp = 'ip link set lo up && exec "$@"';
  const inNamespace = [...unshareArgs, 'sh', '-c', bringUp, 'sh'];
  const probe = spawnSync('unshare', [...inNamespace, 'true'], { encoding: 'utf8' });
  if (probe.status !== 0) {
    const reason = probe.error?.message ?? probe.stderr.trim();
    throw new Error(
      `what listens on every interface needs a loopback-only network namespace, refused here: ${reason}`,
    );
  }
  return new Promise((resolve, reject) => {
    const child = spawn('unshare', [...inNamespace, file, ...args], { stdio: 'inherit' });
    // A terminal sends SIGINT to the child as well; this process only has to outlive it.
    const ignore = (): void => undefined;
    process.on('SIGINT', ignore);
    process.once('SIGTERM', () => child.kill('SIGTERM'));
    child.once('error', reject);
    child.once('exit', (code) => {
      process.off('SIGINT', ignore);
      resolve(code ?? 1);
    });
  });
}
