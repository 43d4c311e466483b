/** Keeps the JSON lines that the function writes to stdout and stderr, as CloudWatch Logs does; all else goes through. */

export interface CapturedOutput {
  /** The lines since the last call. */
  take(): Record<string, unknown>[];
  stop(): void;
}

/** Captures from now on. */
export function captureOutput(): CapturedOutput {
  let lines: Record<string, unknown>[] = [];
  const streams = [process.stdout, process.stderr].map((stream) => ({ stream, write: stream.write.bind(stream) }));
  for (const { stream, write } of streams) {
    stream.write = (chunk: string | Uint8Array) => {
      const rest = String(chunk)
        .split('\n')
        .filter((line) => {
          const value = parsed(line);
          if (value) lines.push(value);
          return !value;
        })
        .join('\n');
      return rest === '' || write(rest);
    };
  }
  return {
    take: () => {
      const taken = lines;
      lines = [];
      return taken;
    },
    stop: () => {
      for (const { stream, write } of streams) stream.write = write;
    },
  };
}

function parsed(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : undefined;
  } catch {
    return undefined;
  }
}
