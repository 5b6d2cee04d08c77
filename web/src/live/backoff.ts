// How long to wait before trying to connect again: twice as long after each failure, within bounds,
// and never all clients at once.

const first = 500; // milliseconds
const longest = 30_000;

/** Milliseconds before the try that follows `failures` failures; `random` is from 0 to 1. */
export function retryDelay(failures: number, random: number): number {
  const ceiling = Math.min(longest, first * 2 ** Math.min(failures, 16));
  return Math.round(ceiling * (0.5 + random / 2));
}
