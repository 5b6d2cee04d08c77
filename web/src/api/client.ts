// How the interface talks to the server: JSON over fetch, one kind of error for all that can go wrong.
//
// The session is a cookie that scripts cannot read. What changes something carries the header that
// proves to the server that the request is ours (docs/api.md, "Sessions of a browser").
import type { Error as ErrorBody, Task } from "schema";

export interface Problem {
  field: string;
  message: string;
}

/** What a request ended with instead of an answer. `status` is 0 when the server was not reached. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly problems: Problem[] = [],
    /** Of a 412: the task as it is now. */
    readonly task?: Task,
    /** Seconds. */
    readonly retryAfter?: number,
  ) {
    super(message);
  }

  get isOffline() {
    return this.status === 0;
  }

  /** What was wrong with a field, for the form that has it. */
  problemOf(field: string): string | undefined {
    return this.problems.find((problem) => problem.field.split(".")[0] === field)?.message;
  }

  /** One sentence for a person. */
  get explanation(): string {
    if (this.problems.length === 0) return this.message;
    return this.problems.map(({ field, message }) => `${field}: ${message}`).join("; ");
  }
}

type Listener = () => void;
const listeners = { unreachable: new Set<Listener>(), signedOut: new Set<Listener>() };

/** Calls `listener` whenever the server was not reached, or no longer knows who we are. */
export function onTrouble(kind: keyof typeof listeners, listener: Listener): void {
  listeners[kind].add(listener);
}

function tell(kind: keyof typeof listeners): void {
  for (const listener of listeners[kind]) listener();
}

const proof = { "X-Requested-With": "errand" };
const root = "/api/v1";
const longestWait = 15; // seconds that a request waits by itself when there were too many

export interface Options {
  query?: URLSearchParams | Record<string, string> | undefined;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  keepalive?: boolean;
}

function pathOf(path: string, query: Options["query"]): string {
  const text = new URLSearchParams(query).toString();
  return text ? `${root}${path}?${text}` : root + path;
}

/** The error that an answer stands for. */
export function errorOf(status: number, text: string, retryAfter: string | null): ApiError {
  let body: Partial<ErrorBody> & { task?: Task } = {};
  try {
    body = JSON.parse(text);
  } catch {
    // an answer from between us and the server
  }
  const message = body.error?.message ?? `The server answered with ${status}`;
  const seconds = retryAfter === null ? undefined : Number(retryAfter) || 1;
  return new ApiError(status, message, body.error?.details, body.task, seconds);
}

async function send(method: string, path: string, options: Options): Promise<Response> {
  const headers: Record<string, string> = { ...proof, ...options.headers };
  const init: RequestInit = { method, headers, credentials: "same-origin" };
  if (options.signal) init.signal = options.signal;
  if (options.keepalive) init.keepalive = true;
  if (options.body !== undefined) {
    headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(options.body);
  }
  try {
    return await fetch(pathOf(path, options.query), init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    tell("unreachable");
    throw new ApiError(0, "The server cannot be reached");
  }
}

const pause = (seconds: number) => new Promise((done) => setTimeout(done, seconds * 1000));

/** Sends a request and reads the JSON that comes back; undefined where there is none. */
export async function call<T>(method: string, path: string, options: Options = {}): Promise<T> {
  for (let tries = 0; ; tries++) {
    const answer = await send(method, path, options);
    const text = await answer.text();
    if (answer.ok) return (text ? JSON.parse(text) : undefined) as T;
    const error = errorOf(answer.status, text, answer.headers.get("Retry-After"));
    if (answer.status === 401 && !path.startsWith("/session")) tell("signedOut");
    const wait = error.retryAfter ?? 0;
    // What was refused because there were too many was not done; what broke off may have been.
    const again = answer.status === 429 || (answer.status === 503 && method === "GET");
    if (!again || wait > longestWait || tries === 2) throw error;
    await pause(wait || 1);
  }
}

/** Sends a file; `progress` hears the part that has left, from 0 to 1. */
export function upload<T>(
  path: string,
  body: XMLHttpRequestBodyInit,
  progress: (part: number) => void,
  options: Options = {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", pathOf(path, options.query));
    for (const [name, value] of Object.entries({ ...proof, ...options.headers }))
      request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => progress(event.total ? event.loaded / event.total : 0);
    request.onload = () => {
      if (request.status < 300) resolve(JSON.parse(request.responseText) as T);
      else
        reject(
          errorOf(request.status, request.responseText, request.getResponseHeader("Retry-After")),
        );
    };
    request.onerror = () => {
      tell("unreachable");
      reject(new ApiError(0, "The server cannot be reached"));
    };
    request.send(body);
  });
}

/** What to tell a person about anything that was thrown. */
export function explain(error: unknown): string {
  if (error instanceof ApiError) return error.explanation;
  return error instanceof Error ? error.message : String(error);
}
