// What a list of tasks asks for. The address of the page and the request have the same parameters.
//
// A change that arrives live is sorted into the lists on the screen without asking again, so `matches`
// and `compare` say here what the server says there.
import type { Task } from "schema";

export type Status = Task["status"];
export type Priority = Task["priority"];
export type SortKey = "id" | "title" | "priority" | "due_date" | "created_at" | "updated_at";

export const statuses: Status[] = ["todo", "in_progress", "done"];
export const priorities: Priority[] = ["low", "medium", "high"];
export const sortKeys: SortKey[] = [
  "created_at",
  "updated_at",
  "due_date",
  "priority",
  "title",
  "id",
];

export interface TaskQuery {
  search: string;
  status: Status[];
  priority: Priority[];
  tags: string[];
  overdue: boolean;
  assignedToMe: boolean;
  sortBy: SortKey;
  descending: boolean;
}

export const everything: TaskQuery = {
  search: "",
  status: [],
  priority: [],
  tags: [],
  overdue: false,
  assignedToMe: false,
  sortBy: "created_at",
  descending: true,
};

function listOf<T extends string>(text: string | null, allowed: readonly T[]): T[] {
  const parts = (text ?? "").split(",");
  return allowed.filter((value) => parts.includes(value));
}

/** The query in the parameters of an address; what is not understood there is left out. */
export function readQuery(parameters: URLSearchParams): TaskQuery {
  const tags = (parameters.get("tags") ?? "").split(",").map((tag) => tag.trim());
  const order = parameters.get("sort_order");
  return {
    search: (parameters.get("search") ?? "").slice(0, 200),
    status: listOf(parameters.get("status"), statuses),
    priority: listOf(parameters.get("priority"), priorities),
    tags: [...new Set(tags.filter((tag) => tag !== ""))],
    overdue: parameters.get("overdue") === "true",
    assignedToMe: parameters.get("assigned_to") === "me",
    sortBy: listOf(parameters.get("sort_by"), sortKeys)[0] ?? everything.sortBy,
    descending: order === null ? everything.descending : order === "desc",
  };
}

/** The parameters of a query, without what goes without saying. */
export function writeQuery(query: TaskQuery): URLSearchParams {
  const parameters = new URLSearchParams();
  if (query.search.trim()) parameters.set("search", query.search.trim());
  if (query.status.length) parameters.set("status", query.status.join(","));
  if (query.priority.length) parameters.set("priority", query.priority.join(","));
  if (query.tags.length) parameters.set("tags", query.tags.join(","));
  if (query.overdue) parameters.set("overdue", "true");
  if (query.assignedToMe) parameters.set("assigned_to", "me");
  parameters.set("sort_by", query.sortBy);
  parameters.set("sort_order", query.descending ? "desc" : "asc");
  return parameters;
}

export function isFiltered(query: TaskQuery): boolean {
  return (
    query.search.trim() !== "" ||
    query.status.length + query.priority.length + query.tags.length > 0 ||
    query.overdue ||
    query.assignedToMe
  );
}

export function isOverdue(task: Task, today: string): boolean {
  return task.status !== "done" && task.due_date !== null && task.due_date < today;
}

function contains(task: Task, search: string): boolean {
  const wanted = search.trim().toLowerCase();
  return `${task.title}\n${task.description ?? ""}`.toLowerCase().includes(wanted);
}

/** Whether the task belongs in the list, for the user with the id `me`; `today` in UTC. */
export function matches(task: Task, query: TaskQuery, me: number, today: string): boolean {
  const mine = query.assignedToMe ? task.assigned_user_id === me : task.user_id === me;
  return (
    mine &&
    (query.status.length === 0 || query.status.includes(task.status)) &&
    (query.priority.length === 0 || query.priority.includes(task.priority)) &&
    query.tags.every((tag) => task.tags.includes(tag)) &&
    (!query.overdue || isOverdue(task, today)) &&
    (query.search.trim() === "" || contains(task, query.search))
  );
}

function keyOf(task: Task, key: SortKey): string | number | null {
  return key === "priority" ? priorities.indexOf(task.priority) : task[key];
}

/** The order of the list: null comes last in both directions, ties by id in the same one. */
export function compare(a: Task, b: Task, query: TaskQuery): number {
  const direction = query.descending ? -1 : 1;
  const [left, right] = [keyOf(a, query.sortBy), keyOf(b, query.sortBy)];
  if (left !== right) {
    if (left === null) return 1;
    if (right === null) return -1;
    return left < right ? -direction : direction;
  }
  return (a.id - b.id) * direction;
}
