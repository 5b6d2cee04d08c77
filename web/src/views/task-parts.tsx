// How a task looks in a few words: its priority, its tags, when it is due.
import type { Task } from "schema";
import { isOverdue } from "../state/query";
import { describeDay, localDay } from "../text/dates";
import { Icon } from "../ui/icons";
import { priorityNames } from "./words";

export function Tags({ tags }: { tags: readonly string[] }) {
  if (tags.length === 0) return null;
  return (
    <span class="tags">
      {tags.map((tag) => (
        <span key={tag} class="tag">
          {tag}
        </span>
      ))}
    </span>
  );
}

export function PriorityMark({ priority }: { priority: Task["priority"] }) {
  if (priority === "medium") return null;
  return <span class={`priority ${priority}`}>{priorityNames[priority]}</span>;
}

export function Due({ task }: { task: Task }) {
  if (!task.due_date) return null;
  const today = localDay(new Date());
  const late = isOverdue(task, today);
  return (
    <span class={late ? "due late" : "due"}>
      <Icon name="calendar" size={14} />
      {late && <span class="for-readers">overdue, </span>}
      {describeDay(task.due_date, today)}
    </span>
  );
}

/** Ticks the task off. */
export function DoneToggle({ task, onToggle }: { task: Task; onToggle: () => void }) {
  const name = task.completed ? `Reopen "${task.title}"` : `Complete "${task.title}"`;
  return (
    <button
      type="button"
      class={task.completed ? "tick done" : "tick"}
      aria-label={name}
      title={task.completed ? "Reopen" : "Complete"}
      onClick={onToggle}
    >
      <Icon name="check" size={14} />
    </button>
  );
}
