// The endpoints that the interface uses, each with its types.
import type {
  AccountUpdate,
  Analytics,
  DetailedHealth,
  EventPage,
  File as TaskFile,
  ImportResult,
  Job,
  JobCount,
  JobCreate,
  JobPage,
  Person,
  Registration,
  Session,
  Statistics,
  Task,
  TaskCreate,
  TaskPage,
  TaskUpdate,
  User,
  UserPage,
  UserUpdate,
  WebSession,
} from "schema";
import { call, errorOf, upload, type Options } from "./client";

type Query = NonNullable<Options["query"]>;

export const session = {
  /** Who is signed in; undefined for nobody. */
  read: () => call<WebSession | undefined>("GET", "/session"),
  signIn: (username: string, password: string) =>
    call<WebSession>("POST", "/session", { body: { username, password } }),
  signOut: () => call<void>("DELETE", "/session"),
  signOutEverywhere: () => call<void>("POST", "/auth/logout"),
  register: (body: Registration) => call<Session>("POST", "/auth/register", { body }),
  update: (body: AccountUpdate) => call<User>("PATCH", "/auth/me", { body }),
};

export const tasks = {
  list: (query: Query, signal?: AbortSignal) =>
    call<TaskPage>("GET", "/tasks", { query, ...(signal && { signal }) }),
  read: (id: number) => call<Task>("GET", `/tasks/${id}`),
  create: (body: TaskCreate) => call<Task>("POST", "/tasks", { body }),
  /** Changes the task if it is still at `version`. */
  update: (id: number, body: TaskUpdate, version: number) =>
    call<Task>("PATCH", `/tasks/${id}`, { body, headers: { "If-Match": `"${version}"` } }),
  updateMany: (ids: number[], updates: TaskUpdate) =>
    call<Task[]>("PATCH", "/tasks/bulk", { body: { task_ids: ids, updates } }),
  remove: (id: number, keepalive = false) => call<void>("DELETE", `/tasks/${id}`, { keepalive }),
  history: (id: number, query: Query) => call<EventPage>("GET", `/tasks/${id}/history`, { query }),
  statistics: () => call<Statistics>("GET", "/tasks/stats"),
  analytics: (query: Query) => call<Analytics>("GET", "/analytics", { query }),
  importCsv: (file: Blob, dryRun: boolean, progress: (part: number) => void) =>
    upload<ImportResult>("/tasks/import", file, progress, {
      query: dryRun ? { dry_run: "true" } : {},
      headers: { "Content-Type": "text/csv" },
    }),
};

export const people = {
  find: (name: string) => call<Person>("GET", `/people/${encodeURIComponent(name)}`),
  of: (task: number) => call<Person[]>("GET", `/tasks/${task}/people`),
};

export const files = {
  list: (task: number) => call<TaskFile[]>("GET", `/tasks/${task}/files`),
  add: (task: number, file: File, progress: (part: number) => void) => {
    const form = new FormData();
    form.append("file", file);
    return upload<TaskFile>(`/tasks/${task}/files`, form, progress);
  },
  remove: (id: number) => call<void>("DELETE", `/files/${id}`),
  address: (id: number) => `/api/v1/files/${id}`,
};

export const jobs = {
  list: (query: Query) => call<JobPage>("GET", "/jobs", { query }),
  submit: (body: JobCreate) => call<Job>("POST", "/jobs", { body }),
  read: (id: string) => call<Job>("GET", `/jobs/${id}`),
  cancel: (id: string) => call<Job>("DELETE", `/jobs/${id}`),
  dead: (query: Query) => call<JobPage>("GET", "/jobs/dead", { query }),
  retry: (id: string) => call<Job>("POST", `/jobs/${id}/retry`),
  retryDead: () => call<JobCount>("POST", "/jobs/dead/retry"),
  purgeDead: () => call<JobCount>("DELETE", "/jobs/dead"),
};

export const admin = {
  users: (query: Query) => call<UserPage>("GET", "/users", { query }),
  updateUser: (id: number, body: UserUpdate) => call<User>("PATCH", `/users/${id}`, { body }),
  removeUser: (id: number) => call<void>("DELETE", `/users/${id}`),
  audit: (query: Query) => call<EventPage>("GET", "/audit", { query }),
  /** Health is told with 503 too. */
  health: async (): Promise<DetailedHealth> => {
    const answer = await fetch("/health/detailed");
    const text = await answer.text();
    if (!answer.ok && answer.status !== 503) throw errorOf(answer.status, text, null);
    return JSON.parse(text) as DetailedHealth;
  },
};
