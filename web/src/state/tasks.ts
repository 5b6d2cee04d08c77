// The tasks that the page knows: what the server last said of each, and what was changed on the screen
// and is still on its way there.
//
//     confirmed   the server's word, the highest version that came, by an answer or live
//     pending     changes on their way, oldest first, laid over it
//     shown       a signal for each task: the confirmed one under its pending changes
//
// A change that fails is taken out of `pending`, and the screen is as the server has it. Lists
// (collection.ts) hold ids and hear of every change.
import { batch, signal, type Signal } from "@preact/signals";
import type { Task, TaskUpdate } from "schema";

const confirmed = new Map<number, Task>();
const pending = new Map<number, TaskUpdate[]>();
const shown = new Map<number, Signal<Task>>();

export interface TaskListener {
  changed(task: Task): void;
  removed(id: number): void;
}

const listeners = new Set<TaskListener>();

export function listenToTasks(listener: TaskListener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The task with changes laid over it. */
export function withChanges(task: Task, changes: TaskUpdate): Task {
  const { completed, ...rest } = changes;
  const next = { ...task, ...rest } as Task;
  if (completed !== undefined && changes.status === undefined)
    next.status = completed ? "done" : task.status === "done" ? "todo" : task.status;
  next.completed = next.status === "done";
  return next;
}

function show(id: number): void {
  const base = confirmed.get(id);
  if (!base) return;
  const task = (pending.get(id) ?? []).reduce(withChanges, base);
  const known = shown.get(id);
  if (known) known.value = task;
  else shown.set(id, signal(task));
  for (const listener of listeners) listener.changed(task);
}

/** The task as the screen has it; undefined when the page does not know it. */
export function taskSignal(id: number): Signal<Task> | undefined {
  return shown.get(id);
}

export function confirmedTask(id: number): Task | undefined {
  return confirmed.get(id);
}

/** Takes in what the server said; older versions than the one known are passed over. */
export function confirmTasks(tasks: Task[]): void {
  batch(() => {
    for (const task of tasks) {
      const known = confirmed.get(task.id);
      if (known && known.version > task.version) continue;
      confirmed.set(task.id, task);
      show(task.id);
    }
  });
}

export function confirmTask(task: Task): void {
  confirmTasks([task]);
}

/** Takes the task off the screen. `confirmTask` brings it back. */
export function forgetTask(id: number): Task | undefined {
  const task = confirmed.get(id);
  confirmed.delete(id);
  batch(() => {
    for (const listener of listeners) listener.removed(id);
  });
  shown.delete(id);
  return task;
}

/** Lays a change over the task until the function that is returned is called. */
export function layOver(id: number, changes: TaskUpdate): (answer?: Task) => void {
  pending.set(id, [...(pending.get(id) ?? []), changes]);
  show(id);
  return (answer) =>
    batch(() => {
      const rest = (pending.get(id) ?? []).filter((other) => other !== changes);
      if (rest.length) pending.set(id, rest);
      else pending.delete(id);
      if (answer) confirmTask(answer);
      else show(id);
    });
}

export function forgetAllTasks(): void {
  confirmed.clear();
  pending.clear();
  shown.clear();
}
