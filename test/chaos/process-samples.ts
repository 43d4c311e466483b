/**
 * Watches the memory and the file descriptors of processes while a run goes on (Linux: /proc), and says whether they
 * grow. A process that is gone counts no more.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { Manner, WatchedProcess } from './door.ts';

interface Sample {
  /** MiB. */
  readonly memory: number;
  readonly descriptors: number;
}

export interface ProcessSamples {
  take(): void;
  /**
   * Judges the process that was seen most often, the lowest of its first third against the lowest of its last: what is
   * under way at the same time comes and goes, what leaks stays. Undefined for too few samples.
   */
  judge(): Manner | undefined;
}

/** What a run-time may need more while it warms up and sends something large: MiB, and connections. */
const slack = { memory: 60, descriptors: 10 };
const fewest = 12;

/** Watches the processes that there are whenever a sample is taken. */
export function watchProcesses(processes: () => WatchedProcess[]): ProcessSamples {
  const taken = new Map<string, Sample[]>();
  return {
    take() {
      for (const { what, pid } of processes()) {
        const sample = sampleOf(pid);
        if (sample) taken.set(`${what} ${pid}`, [...(taken.get(`${what} ${pid}`) ?? []), sample]);
      }
    },
    judge() {
      const [longest] = [...taken].toSorted(([, a], [, b]) => b.length - a.length);
      if (!longest || longest[1].length < fewest) return undefined;
      const [name, samples] = longest;
      const third = Math.floor(samples.length / 3);
      const [first, last] = [lowestOf(samples.slice(0, third)), lowestOf(samples.slice(-third))];
      return {
        text: `${name.split(' ')[0]}: memory ${Math.round(first.memory)} → ${Math.round(last.memory)} MiB, descriptors ${first.descriptors} → ${last.descriptors} (lowest of the first and of the last third of ${samples.length} samples), at most ${Math.round(Math.max(...samples.map(({ memory }) => memory)))} MiB`,
        isGood: last.memory - first.memory <= slack.memory && last.descriptors - first.descriptors <= slack.descriptors,
      };
    },
  };
}

function sampleOf(pid: number): Sample | undefined {
  try {
    const memory = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
    return Number.isNaN(memory) ? undefined : { memory, descriptors: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return undefined; // it has ended
  }
}

function lowestOf(samples: readonly Sample[]): Sample {
  return {
    memory: Math.min(...samples.map(({ memory }) => memory)),
    descriptors: Math.min(...samples.map(({ descriptors }) => descriptors)),
  };
}
