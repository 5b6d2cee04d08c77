// Shortcuts for the task that has the focus, on the board and in the list. Both mark the element of a
// task with data-task, and a group of them with data-tasks; so these work for any view that does.
import { changeTask, removeTasks } from "../state/changes";
import type { Shortcut } from "../state/keys";
import { priorities, statuses } from "../state/query";
import { confirmedTask, taskSignal } from "../state/tasks";
import { statusNames } from "./words";

function focused(): HTMLElement | null {
  return document.activeElement?.closest<HTMLElement>("[data-task]") ?? null;
}

function focus(element: Element | null | undefined): void {
  element?.querySelector<HTMLElement>("a")?.focus();
}

function tasksIn(group: Element): HTMLElement[] {
  return [...group.querySelectorAll<HTMLElement>("[data-task]")];
}

function step(by: number): void {
  const here = focused();
  const group = here?.closest("[data-tasks]") ?? document.querySelector("[data-tasks]");
  if (!group) return;
  const all = tasksIn(group);
  focus(here ? all[all.indexOf(here) + by] : all[0]);
}

function stepAside(by: number): void {
  const here = focused();
  const group = here?.closest("[data-tasks]");
  const groups = [...document.querySelectorAll("[data-tasks]")];
  if (!here || !group) return step(0);
  const row = tasksIn(group).indexOf(here);
  for (let at = groups.indexOf(group) + by; groups[at]; at += by) {
    const all = tasksIn(groups[at]!);
    if (all.length) return focus(all[Math.min(row, all.length - 1)]);
  }
}

/** Does something with the task that has the focus, and keeps the focus on it wherever it goes. */
function withTask(run: (id: number) => void): () => void {
  return () => {
    const id = Number(focused()?.dataset.task);
    if (!taskSignal(id)) return;
    run(id);
    requestAnimationFrame(() => focus(document.querySelector(`[data-task="${id}"]`)));
  };
}

export function moveTask(id: number, status: (typeof statuses)[number]): void {
  const task = taskSignal(id)?.peek();
  if (!task || task.status === status) return;
  void changeTask(id, { status }, `"${task.title}" is ${statusNames[status].toLowerCase()}`);
}

function moveBy(id: number, by: number): void {
  const status = statuses[statuses.indexOf(taskSignal(id)!.peek().status) + by];
  if (status) moveTask(id, status);
}

function nextPriority(id: number): void {
  const at = priorities.indexOf(taskSignal(id)!.peek().priority);
  void changeTask(id, { priority: priorities[(at + 1) % priorities.length]! });
}

function remove(): void {
  const here = focused();
  const id = Number(here?.dataset.task);
  if (!here || !confirmedTask(id)) return;
  const next = here.nextElementSibling ?? here.previousElementSibling;
  removeTasks([id]);
  requestAnimationFrame(() => focus(next));
}

const group = "A task";

export const taskShortcuts: Shortcut[] = [
  { keys: "j", group, does: "the next one", run: () => step(1) },
  { keys: "k", group, does: "the one before", run: () => step(-1) },
  { keys: "h", group, does: "the column to the left", run: () => stepAside(-1) },
  { keys: "l", group, does: "the column to the right", run: () => stepAside(1) },
  { keys: "[", group, does: "move it back", run: withTask((id) => moveBy(id, -1)) },
  { keys: "]", group, does: "move it on", run: withTask((id) => moveBy(id, 1)) },
  { keys: "d", group, does: "done", run: withTask((id) => moveTask(id, "done")) },
  { keys: "p", group, does: "the next priority", run: withTask(nextPriority) },
  {
    keys: "x",
    group,
    does: "select it",
    run: withTask(() => focused()?.querySelector<HTMLElement>("input[type=checkbox]")?.click()),
  },
  { keys: "Delete", group, does: "delete it", run: remove },
];
