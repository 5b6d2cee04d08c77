// What happens elsewhere, as it happens: a WebSocket that is opened again whenever it breaks.
//
//     offline     the server is not there: look again, ever less often
//     connecting  it is there; the WebSocket is on its way
//     live        every change comes by itself
//     polling     the server is there but the WebSocket is not (a proxy that lets none through): ask
//                 now and then, and go on trying
//
// Each event has a number. After a break the server is asked for what came behind the last one; when it
// cannot tell (`resync_required`), or no event was seen yet, whoever listens reads everything anew.
import { signal } from "@preact/signals";
import type { Task } from "schema";
import { onTrouble } from "../api/client";
import { retryDelay } from "./backoff";

export interface LiveEvent {
  seq: number;
  event: string;
  actor_id: number | null;
  task?: Task | null;
  [more: string]: unknown;
}

export interface Listener {
  happened(event: LiveEvent): void;
  /** Something may have been missed. */
  gap(): void;
}

export type Connection = "connecting" | "live" | "polling" | "offline";

export const connection = signal<Connection>("connecting");

const pollEvery = 10_000; // milliseconds
const lasting = 10_000;
const serviceRestart = 1012;

let listener: Listener | null = null;
let socket: WebSocket | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
let failures = 0;
let openedAt = 0;
let last: number | null = null;

export function startStream(to: Listener): void {
  listener = to;
  void tryNow();
}

export function stopStream(): void {
  listener = null;
  clearTimeout(timer);
  socket?.close();
  socket = null;
  last = null;
  failures = 0;
}

function later(delay: number): void {
  clearTimeout(timer);
  if (listener) timer = setTimeout(() => void tryNow(), delay);
}

async function isThere(): Promise<boolean> {
  try {
    return (await fetch("/health", { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}

async function tryNow(): Promise<void> {
  clearTimeout(timer);
  if (!listener || socket) return;
  if (!(await isThere())) {
    connection.value = "offline";
    return later(retryDelay(failures++, Math.random()));
  }
  if (listener && !socket) open();
}

function open(): void {
  const address = new URL("/api/v1/ws", location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  if (last !== null) address.searchParams.set("since", String(last));
  const opened = new WebSocket(address);
  socket = opened;
  if (connection.value === "offline") connection.value = "connecting";
  opened.onopen = () => {
    openedAt = Date.now();
    connection.value = "live";
    // What the page has read may be older than the connection.
    if (last === null) listener?.gap();
  };
  opened.onmessage = (message) => take(JSON.parse(String(message.data)) as LiveEvent);
  opened.onclose = (event) => {
    if (socket === opened) closed(event.code);
  };
}

function take(event: LiveEvent): void {
  if (typeof event.seq === "number") last = event.seq;
  if (event.event === "resync_required") listener?.gap();
  else listener?.happened(event);
}

function closed(code: number): void {
  socket = null;
  const wasLive = connection.value === "live";
  // One that is closed as soon as it is open is no better than one that does not open.
  if (wasLive && Date.now() - openedAt > lasting) failures = 0;
  if (!wasLive) {
    // The server answers, but not with a WebSocket: what was missed is asked for.
    connection.value = "polling";
    listener?.gap();
    return later(Math.max(pollEvery, retryDelay(failures++, Math.random())));
  }
  connection.value = "connecting";
  later(
    code === serviceRestart ? retryDelay(0, Math.random()) : retryDelay(failures++, Math.random()),
  );
}

/** The browser knows of a change before a timer does. */
function hurry(): void {
  failures = 0;
  void tryNow();
}

addEventListener("online", hurry);
addEventListener("offline", () => {
  if (!listener) return;
  socket?.close();
  socket = null;
  connection.value = "offline";
  later(retryDelay(failures++, Math.random()));
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") hurry();
});
onTrouble("unreachable", () => {
  if (!listener || connection.value === "offline") return;
  socket?.close();
  socket = null;
  connection.value = "offline";
  later(retryDelay(failures++, Math.random()));
});
