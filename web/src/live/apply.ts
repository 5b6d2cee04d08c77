// What an event from elsewhere does to the page.
import { signal } from "@preact/signals";
import { hearOfCreated, isLeaving } from "../state/changes";
import { reloadCollections } from "../state/collection";
import { myId } from "../state/session";
import { confirmedTask, confirmTask, forgetTask } from "../state/tasks";
import { startStream, type LiveEvent } from "./stream";

/** Counted up when a file of this task, or any job, changed: who shows them reads them anew. */
export const fileChange = signal({ task: 0, count: 0 });
export const jobChange = signal(0);
/** Counted up with every change of a task, for what is computed from all of them. */
export const taskChange = signal(0);

function happened({ event, actor_id, task }: LiveEvent): void {
  if (event.startsWith("job.")) jobChange.value++;
  if (!task) return;
  if (event.startsWith("file.")) {
    fileChange.value = { task: task.id, count: fileChange.peek().count + 1 };
    return;
  }
  taskChange.value++;
  // Of a task that is gone by now, an older event has only what is left of it.
  if (event === "task.deleted" || task.version === undefined) forgetTask(task.id);
  else if (isLeaving(task.id) || !concernsMe(task)) return;
  else if (event === "task.created" && actor_id === myId()) hearOfCreated(task);
  else confirmTask(task);
}

/** An administrator hears of everybody's tasks. */
function concernsMe(task: NonNullable<LiveEvent["task"]>): boolean {
  const me = myId();
  return (
    task.user_id === me || task.assigned_user_id === me || confirmedTask(task.id) !== undefined
  );
}

export function follow(): void {
  startStream({
    happened,
    gap: () => {
      reloadCollections();
      taskChange.value++;
      jobChange.value++;
    },
  });
}
