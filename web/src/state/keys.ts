// Shortcuts of single keys, for the whole page. They rest while somebody types, while a dialog is
// open, and for good when they were turned off (a person who speaks to the machine may want that).
//
// A shortcut of two keys, "g b", is pressed one after the other.
import { signal } from "@preact/signals";

export interface Shortcut {
  keys: string;
  does: string;
  group: string;
  run: () => void;
}

const sequenceTime = 1000; // milliseconds between the keys of a shortcut

export const keysAreOn = signal(localStorage.getItem("keys") !== "off");

export function turnKeys(on: boolean): void {
  keysAreOn.value = on;
  if (on) localStorage.removeItem("keys");
  else localStorage.setItem("keys", "off");
}

const shortcuts: Shortcut[] = [];
let first = "";
let firstAt = 0;

export function setShortcuts(all: Shortcut[]): void {
  shortcuts.splice(0, shortcuts.length, ...all);
}

/** All there are, by group, for the sheet that shows them. */
export function shortcutGroups(): [string, Shortcut[]][] {
  const names = [...new Set(shortcuts.map(({ group }) => group))];
  return names.map((name) => [name, shortcuts.filter(({ group }) => group === name)]);
}

export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
    !(target instanceof HTMLInputElement && /^(checkbox|radio|button)$/.test(target.type))
  );
}

function press(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (!keysAreOn.peek() || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  const keys =
    first && event.timeStamp - firstAt < sequenceTime ? `${first} ${event.key}` : event.key;
  const found = shortcuts.find((shortcut) => shortcut.keys === keys);
  first = "";
  if (found) {
    event.preventDefault();
    found.run();
  } else if (shortcuts.some((shortcut) => shortcut.keys.startsWith(`${event.key} `))) {
    first = event.key;
    firstAt = event.timeStamp;
  }
}

export function listenToKeys(): void {
  addEventListener("keydown", press);
}
