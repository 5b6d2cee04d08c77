// What things are called on the screen.
import type { Job } from "schema";
import type { Priority, SortKey, Status } from "../state/query";

export const statusNames: Record<Status, string> = {
  todo: "To do",
  in_progress: "In progress",
  done: "Done",
};

export const priorityNames: Record<Priority, string> = {
  low: "Low",
  medium: "Medium",
  high: "High",
};

export const sortNames: Record<SortKey, string> = {
  created_at: "Created",
  updated_at: "Changed",
  due_date: "Due date",
  priority: "Priority",
  title: "Title",
  id: "Number",
};

export const jobStatusNames: Record<Job["status"], string> = {
  queued: "Queued",
  scheduled: "Scheduled",
  processing: "Running",
  finished: "Finished",
  failed: "Failed",
  dead: "Dead",
  cancelled: "Cancelled",
};

/** "task.tagged" as "tagged" and so on, for history and audit. */
export const actionNames: Record<string, string> = {
  "task.created": "created the task",
  "task.updated": "changed the task",
  "task.deleted": "deleted the task",
  "task.tagged": "changed the tags",
  "file.added": "added a file",
  "file.deleted": "removed a file",
  "user.created": "registered",
  "user.updated": "changed the account",
  "user.deleted": "deleted the account",
  "user.password_changed": "set a new password",
  "user.signed_out": "signed out everywhere",
};

export function describeAction(action: string): string {
  return actionNames[action] ?? action;
}
