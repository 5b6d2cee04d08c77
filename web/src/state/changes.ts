// What a person does to tasks: shown at once, sent, taken back when the server refuses.
import type { Task, TaskCreate, TaskUpdate } from "schema";
import { ApiError, explain } from "../api/client";
import * as api from "../api/endpoints";
import { myId } from "./session";
import { complain, offerUndo, say, undoTime } from "./toasts";
import { confirmedTask, confirmTask, confirmTasks, forgetTask, layOver } from "./tasks";

type Changes = TaskUpdate;

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** What brings the task back to what it was in these fields. */
export function inverse(before: Task, changes: Changes): Changes {
  const back: Record<string, unknown> = {};
  for (const key of Object.keys(changes)) back[key] = before[key as keyof Task];
  return back as Changes;
}

/** Whether somebody else changed one of these fields meanwhile. */
export function collides(before: Task, now: Task, changes: Changes): boolean {
  return Object.keys(changes).some(
    (key) => !same(before[key as keyof Task], now[key as keyof Task]),
  );
}

/** Sends a change of a known version; one that collides with nobody's is sent again. */
async function send(before: Task, changes: Changes): Promise<Task> {
  try {
    return await api.tasks.update(before.id, changes, before.version);
  } catch (error) {
    const now = error instanceof ApiError && error.status === 412 ? error.task : undefined;
    if (!now) throw error;
    confirmTask(now);
    if (collides(before, now, changes))
      throw new Error("Somebody else changed this meanwhile; it is as they left it");
    return await api.tasks.update(now.id, changes, now.version);
  }
}

/** Changes a task. True when the server took it; else it is as it was, and a message says why. */
export async function changeTask(id: number, changes: Changes, done?: string): Promise<boolean> {
  const before = confirmedTask(id);
  if (!before || id < 0) return false; // unknown, or not created yet
  const settle = layOver(id, changes);
  try {
    settle(await send(before, changes));
    if (done) offerUndo(done, () => void changeTask(id, inverse(before, changes)));
    return true;
  } catch (error) {
    settle();
    complain(`"${before.title}" was not changed. ${explain(error)}`);
    return false;
  }
}

/** Makes one change to many tasks, or to none. */
export async function changeTasks(ids: number[], changes: Changes, done: string): Promise<boolean> {
  const before = ids.map(confirmedTask).filter((task) => task !== undefined);
  const settles = before.map((task) => layOver(task.id, changes));
  try {
    const tasks = await api.tasks.updateMany(ids, changes);
    confirmTasks(tasks);
    settles.forEach((settle) => settle());
    offerUndo(done, () =>
      before.forEach((task) => void changeTask(task.id, inverse(task, changes))),
    );
    return true;
  } catch (error) {
    settles.forEach((settle) => settle());
    complain(`Nothing was changed. ${explain(error)}`);
    return false;
  }
}

/** Deleted on the screen, and for good once nobody can take it back any more. */
const leaving = new Map<number, { task: Task; timer: ReturnType<typeof setTimeout> }>();

async function removeForGood(id: number, keepalive: boolean): Promise<void> {
  const entry = leaving.get(id);
  if (!entry) return;
  clearTimeout(entry.timer);
  leaving.delete(id);
  try {
    await api.tasks.remove(id, keepalive);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return;
    confirmTask(entry.task);
    complain(`"${entry.task.title}" was not deleted. ${explain(error)}`);
  }
}

/** One after the other: a hundred requests at once would be more than one user may send. */
let queue: Promise<void> = Promise.resolve();

export function removeTasks(ids: number[]): void {
  const gone = ids.map(forgetTask).filter((task) => task !== undefined);
  for (const task of gone) {
    const timer = setTimeout(() => {
      queue = queue.then(() => removeForGood(task.id, false));
    }, undoTime);
    leaving.set(task.id, { task, timer });
  }
  const what = gone.length === 1 ? `Deleted "${gone[0]!.title}"` : `Deleted ${gone.length} tasks`;
  offerUndo(what, () => {
    for (const task of gone) {
      const entry = leaving.get(task.id);
      if (!entry) continue;
      clearTimeout(entry.timer);
      leaving.delete(task.id);
      confirmTask(entry.task);
    }
  });
}

/** Whether the task was deleted here and is still on its way. */
export function isLeaving(id: number): boolean {
  return leaving.has(id);
}

addEventListener("pagehide", () => {
  for (const id of [...leaving.keys()]) void removeForGood(id, true);
});

let provisional = 0;

/** Creates a task, which stands on the screen under a provisional id until the server gave it one. */
export async function createTask(draft: TaskCreate): Promise<Task | undefined> {
  const now = new Date().toISOString();
  const id = --provisional;
  confirmTask({
    description: null,
    status: "todo",
    completed: false,
    priority: "medium",
    due_date: null,
    tags: [],
    city: null,
    ...draft,
    id,
    weather: null,
    user_id: myId(),
    assigned_user_id: null,
    created_at: now,
    updated_at: now,
    completed_at: null,
    version: 0,
  } as Task);
  try {
    const task = await api.tasks.create(draft);
    forgetTask(id);
    confirmTask(task);
    say(`Added "${task.title}"`);
    return task;
  } catch (error) {
    forgetTask(id);
    complain(`"${draft.title}" was not added. ${explain(error)}`);
    return undefined;
  }
}
