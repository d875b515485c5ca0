import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** What a server process used during one cell. */
export interface ProcessUsage {
  /** User and system CPU seconds of all its threads. */
  readonly cpuSeconds: number;
  /** Highest resident set during the cell; of the whole life of the process where the kernel does not allow a reset. */
  readonly rssPeakBytes: number;
}

/** Clock ticks per second of /proc; fixed at 100 for user space on every Linux architecture Node runs on. */
const TICKS_PER_SECOND = 100;
/** Value for /proc/PID/clear_refs that resets the peak resident set (proc(5)). */
const RESET_PEAK_RSS = '5';

/** Reads CPU time and memory of another process from /proc. */
export class ProcessSampler {
  readonly #pid: number;
  #cpuSecondsAtStart = 0;

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** Marks the start of a cell. */
  begin(): void {
    try {
      writeFileSync(`/proc/${this.#pid}/clear_refs`, RESET_PEAK_RSS);
    } catch {
      // Not permitted everywhere; the peak is then that of the whole life of the process.
    }
    this.#cpuSecondsAtStart = this.#cpuSeconds();
  }

  /** What was used since `begin`; nothing is known of a process that has ended. */
  end(): ProcessUsage {
    if (!existsSync(`/proc/${this.#pid}/status`)) return { cpuSeconds: 0, rssPeakBytes: 0 };
    const status = readFileSync(`/proc/${this.#pid}/status`, 'latin1');
    const peakKibibytes = Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
    return {
      cpuSeconds: this.#cpuSeconds() - this.#cpuSecondsAtStart,
      rssPeakBytes: peakKibibytes * 1024,
    };
  }

  #cpuSeconds(): number {
    const stat = readFileSync(`/proc/${this.#pid}/stat`, 'latin1');
    // The command name may hold spaces, so fields are counted from its closing bracket: utime and stime are fields 14 and 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }
}
