// Hooks for what is read from the server.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";

export interface Loaded<T> {
  value: T | undefined;
  error: unknown;
  reload: () => void;
}

/** Reads with `read` at first and whenever one of `inputs` is another; the last value stays meanwhile. */
export function useLoaded<T>(read: () => Promise<T>, inputs: readonly unknown[]): Loaded<T> {
  const [value, setValue] = useState<T>();
  const [error, setError] = useState<unknown>(null);
  const turn = useRef(0);
  const reload = useCallback(() => {
    const mine = ++turn.current;
    read().then(
      (fresh) => {
        if (mine !== turn.current) return;
        setValue(() => fresh);
        setError(null);
      },
      (problem: unknown) => mine === turn.current && setError(problem),
    );
  }, inputs);
  useEffect(() => {
    reload();
    return () => void turn.current++;
  }, [reload]);
  return { value, error, reload };
}

/** The value, once it has been the same for a while. */
export function useSettled<T>(value: T, milliseconds: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return settled;
}

/** Calls `reached` whenever the element comes near the screen. */
export function useReached(reached: () => void) {
  const element = useRef<HTMLDivElement>(null);
  const latest = useRef(reached);
  latest.current = reached;
  useEffect(() => {
    if (!element.current) return;
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && latest.current(),
      { rootMargin: "400px" },
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  });
  return element;
}
