// A list that is read page by page, by cursor, with a button for more.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { complain } from "../state/toasts";
import { explain } from "../api/client";
import { Button, Failed, Skeleton } from "./basics";
import { useLoaded } from "./use";

export interface Page<T> {
  items: T[];
  next: string | null;
}

interface Props<T> {
  /** Reads the page behind `cursor`; null for the first. */
  read: (cursor: string | null) => Promise<Page<T>>;
  /** Of what the list depends on: another value reads it anew. */
  inputs: readonly unknown[];
  empty: ComponentChildren;
  children: (items: T[], reload: () => void) => ComponentChildren;
}

export function Pages<T>({ read, inputs, empty, children }: Props<T>) {
  const { value, error, reload } = useLoaded(() => read(null), inputs);
  const more = useSignal<Page<T> | null>(null);
  useEffect(() => {
    more.value = null;
  }, [value]);
  if (value === undefined)
    return error ? <Failed error={error} retry={reload} /> : <Skeleton rows={6} />;
  const items = [...value.items, ...(more.value?.items ?? [])];
  const next = more.value ? more.value.next : value.next;
  const readMore = async () => {
    try {
      const page = await read(next);
      more.value = { items: [...(more.value?.items ?? []), ...page.items], next: page.next };
    } catch (problem) {
      complain(explain(problem));
    }
  };
  if (items.length === 0) return <>{empty}</>;
  return (
    <>
      {children(items, reload)}
      {next !== null && (
        <p class="more">
          <Button onClick={() => void readMore()}>Show more</Button>
        </p>
      )}
    </>
  );
}
