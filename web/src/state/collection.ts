// A list of tasks on the screen: pages by cursor as far as somebody scrolled, and what happens live
// sorted in.
//
// Behind the loaded part of a list there is more, so a task that would stand there is counted and left
// to the next page.
import { batch, signal } from "@preact/signals";
import type { Task, TaskPage } from "schema";
import { ApiError } from "../api/client";
import * as api from "../api/endpoints";
import { compare, matches, writeQuery, type TaskQuery } from "./query";
import { myId } from "./session";
import { confirmTasks, forgetTask, listenToTasks, taskSignal } from "./tasks";

export type LoadState = "loading" | "ready" | "failed";

const open = new Set<Collection>();

export class Collection {
  readonly ids = signal<readonly number[]>([]);
  readonly total = signal<number | null>(null);
  readonly state = signal<LoadState>("loading");
  readonly hasMore = signal(false);
  readonly error = signal<unknown>(null);
  private cursor: string | null = null;
  private aborter: AbortController | null = null;
  private stopListening: () => void;
  // What happened while a page is on its way, which may be older: true for what is gone.
  private heard = new Map<number, boolean>();

  constructor(
    readonly query: TaskQuery,
    private readonly limit: number,
  ) {
    this.stopListening = listenToTasks({
      changed: (task) => {
        if (this.aborter) this.heard.set(task.id, false);
        this.take(task);
      },
      removed: (id) => {
        if (this.aborter) this.heard.set(id, true);
        this.drop(id);
      },
    });
    open.add(this);
    void this.reload();
  }

  close(): void {
    this.stopListening();
    this.aborter?.abort();
    open.delete(this);
  }

  /** Reads the first page anew; what is on the screen stays until it is there. */
  async reload(): Promise<void> {
    if (this.state.peek() === "failed") this.state.value = "loading";
    this.cursor = null;
    await this.read((page) => {
      this.ids.value = page.tasks.map((task) => task.id);
      this.total.value = page.total;
    });
  }

  async more(): Promise<void> {
    if (this.cursor === null || this.aborter) return;
    await this.read((page) => {
      const known = new Set(this.ids.peek());
      const fresh = page.tasks.map((task) => task.id).filter((id) => !known.has(id));
      this.ids.value = [...this.ids.peek(), ...fresh];
    });
  }

  private async read(take: (page: TaskPage) => void): Promise<void> {
    this.aborter?.abort();
    const aborter = (this.aborter = new AbortController());
    this.heard = new Map();
    const parameters = writeQuery(this.query);
    parameters.set("limit", String(this.limit));
    if (this.cursor) {
      parameters.set("cursor", this.cursor);
      parameters.set("total", "false");
    }
    try {
      const page = await api.tasks.list(parameters, aborter.signal);
      if (aborter.signal.aborted) return;
      batch(() => {
        const heard = this.heard;
        this.heard = new Map();
        this.cursor = page.next_cursor;
        this.hasMore.value = page.next_cursor !== null;
        take(page);
        confirmTasks(page.tasks);
        for (const [id, isGone] of heard) {
          const task = taskSignal(id)?.peek();
          if (isGone) forgetTask(id);
          else if (task) this.take(task);
        }
        this.heard = new Map();
        this.state.value = "ready";
        this.error.value = null;
      });
    } catch (error) {
      if (aborter.signal.aborted) return;
      this.error.value = error;
      // A list that is there stays there; the banner tells of the connection.
      const shown = this.ids.peek().length > 0 && error instanceof ApiError;
      this.state.value = shown ? "ready" : "failed";
    } finally {
      if (this.aborter === aborter) this.aborter = null;
    }
  }

  /** A task is new or different: it enters, leaves, or moves within the list. */
  private take(task: Task): void {
    const ids = this.ids.peek();
    const at = ids.indexOf(task.id);
    const today = new Date().toISOString().slice(0, 10);
    if (!matches(task, this.query, myId(), today)) return this.drop(task.id);
    if (at >= 0 && this.isInOrder(ids, at, task)) return;
    const rest = at < 0 ? ids : ids.filter((id) => id !== task.id);
    const place = this.placeOf(rest, task);
    if (place === rest.length && this.hasMore.peek() && at < 0) return;
    this.ids.value = [...rest.slice(0, place), task.id, ...rest.slice(place)];
    if (at < 0) this.count(1);
  }

  private isInOrder(ids: readonly number[], at: number, task: Task): boolean {
    const before = ids[at - 1] === undefined ? undefined : taskSignal(ids[at - 1]!)?.peek();
    const after = ids[at + 1] === undefined ? undefined : taskSignal(ids[at + 1]!)?.peek();
    return (
      (!before || compare(before, task, this.query) < 0) &&
      (!after || compare(task, after, this.query) < 0)
    );
  }

  private placeOf(ids: readonly number[], task: Task): number {
    let [low, high] = [0, ids.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = taskSignal(ids[middle]!)?.peek();
      if (other && compare(other, task, this.query) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private drop(id: number): void {
    const ids = this.ids.peek();
    if (!ids.includes(id)) return;
    this.ids.value = ids.filter((other) => other !== id);
    this.count(-1);
  }

  private count(change: number): void {
    const total = this.total.peek();
    if (total !== null) this.total.value = total + change;
  }
}

/** Reads every list on the screen anew: after a gap in what was heard live. */
export function reloadCollections(): void {
  for (const collection of open) void collection.reload();
}
