// Who is signed in. The session itself is a cookie that this code cannot read; it is made to last by
// reading it now and then while somebody looks at the page.
import { signal } from "@preact/signals";
import type { AccountUpdate, User } from "schema";
import { onTrouble } from "../api/client";
import * as api from "../api/endpoints";

/** undefined: not known yet; null: nobody. */
export const user = signal<User | null | undefined>(undefined);
/** Whether a session ended by itself, which the sign-in page tells. */
export const hasExpired = signal(false);

const renewal = 10 * 60_000; // milliseconds

/** The id of who is signed in; 0 for nobody. */
export function myId(): number {
  return user.peek()?.id ?? 0;
}

/** Nobody is signed in; whoever was is told. Several requests may notice it at a time. */
function noteEnd(): void {
  if (user.peek()) hasExpired.value = true;
  user.value = null;
}

export async function readSession(): Promise<void> {
  const session = await api.session.read();
  if (session) user.value = session.user;
  else noteEnd();
}

export async function signIn(username: string, password: string): Promise<void> {
  user.value = (await api.session.signIn(username, password)).user;
  hasExpired.value = false;
}

export async function signUp(username: string, password: string, email: string): Promise<void> {
  await api.session.register({ username, password, email: email || null });
  await signIn(username, password);
}

export async function signOut(everywhere: boolean): Promise<void> {
  if (everywhere) await api.session.signOutEverywhere();
  await api.session.signOut();
  user.value = null;
}

export async function updateAccount(changes: AccountUpdate): Promise<void> {
  user.value = await api.session.update(changes);
}

export function keepSession(): void {
  onTrouble("signedOut", noteEnd);
  setInterval(() => {
    if (user.peek() && document.visibilityState === "visible") readSession().catch(() => undefined);
  }, renewal);
}
