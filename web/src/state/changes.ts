// What a person does to tasks: shown at once, sent, taken back when the server refuses.
import type { Task, TaskCreate, TaskUpdate } from "schema";
import { ApiError, explain } from "../api/client";
import * as api from "../api/endpoints";
import { myId } from "./session";
import { complain, offerUndo, say, undoTime } from "./toasts";
import { confirmedTask, confirmTask, confirmTasks, forgetTask, layOver, taskSignal } from "./tasks";

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

/** Changes of one task go one after the other, each on the version that the one before left. */
const lines = new Map<number, Promise<unknown>>();

function inLine<T>(id: number, run: () => Promise<T>): Promise<T> {
  const turn = (lines.get(id) ?? Promise.resolve()).then(run, run);
  const settled = turn.then(
    () => undefined,
    () => undefined,
  );
  lines.set(id, settled);
  void settled.then(() => lines.get(id) === settled && lines.delete(id));
  return turn;
}

const mostTries = 4;

/** Sends a change of the task as it was seen; where others changed other fields meanwhile, again. */
async function send(seen: Task, changes: Changes): Promise<Task> {
  for (let tries = 1; ; tries++) {
    const now = confirmedTask(seen.id) ?? seen;
    if (collides(seen, now, changes))
      throw new Error("Somebody else changed this meanwhile; it is as they left it");
    try {
      return await api.tasks.update(seen.id, changes, now.version);
    } catch (error) {
      const newer = error instanceof ApiError && error.status === 412 ? error.task : undefined;
      if (!newer || tries === mostTries) throw error;
      confirmTask(newer);
    }
  }
}

/** Changes a task. True when the server took it; else it is as it was, and a message says why. */
export async function changeTask(id: number, changes: Changes, done?: string): Promise<boolean> {
  const seen = taskSignal(id)?.peek();
  if (!seen || id < 0) return false; // unknown, or not created yet
  const settle = layOver(id, changes);
  try {
    settle(await inLine(id, () => send(seen, changes)));
    if (done) offerUndo(done, () => void changeTask(id, inverse(seen, changes)));
    return true;
  } catch (error) {
    settle();
    complain(`"${seen.title}" was not changed. ${explain(error)}`);
    return false;
  }
}

/** The tasks by what brings them back: a request for each of these, not for each task. */
export function inverses(before: Task[], changes: Changes): { ids: number[]; changes: Changes }[] {
  const groups = new Map<string, { ids: number[]; changes: Changes }>();
  for (const task of before) {
    const back = inverse(task, changes);
    const key = JSON.stringify(back);
    const group = groups.get(key) ?? { ids: [], changes: back };
    group.ids.push(task.id);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** Makes one change to many tasks, or to none. */
export async function changeTasks(
  ids: number[],
  changes: Changes,
  done?: string,
): Promise<boolean> {
  const before = ids.map(confirmedTask).filter((task) => task !== undefined);
  const settles = before.map((task) => layOver(task.id, changes));
  try {
    const tasks = await api.tasks.updateMany(ids, changes);
    confirmTasks(tasks);
    settles.forEach((settle) => settle());
    if (done)
      offerUndo(done, () => {
        for (const group of inverses(before, changes)) void changeTasks(group.ids, group.changes);
      });
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

/** Tasks that were heard of while one of ours was on its way: it may be one of them. */
let creating = 0;
let heard: Task[] = [];

/** Takes in a task that was created; later, while it may be the one that is being created here. */
export function hearOfCreated(task: Task): void {
  if (creating > 0) heard.push(task);
  else confirmTask(task);
}

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
  creating++;
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
  } finally {
    if (--creating === 0) {
      confirmTasks(heard);
      heard = [];
    }
  }
}
