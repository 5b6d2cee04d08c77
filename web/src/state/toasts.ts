// Short messages at the edge of the screen, some with a way back.
import { signal } from "@preact/signals";

export interface Toast {
  id: number;
  text: string;
  isError: boolean;
  action?: { label: string; run: () => void };
}

const duration = 7000; // milliseconds

export const toasts = signal<readonly Toast[]>([]);
let next = 1;

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

function add(toast: Omit<Toast, "id">): number {
  const id = next++;
  toasts.value = [...toasts.value.slice(-3), { id, ...toast }];
  setTimeout(() => dismiss(id), duration);
  return id;
}

export function say(text: string): void {
  add({ text, isError: false });
}

export function complain(text: string): void {
  add({ text, isError: true });
}

/** Tells what happened and offers to take it back, for as long as the message stands. */
export function offerUndo(text: string, run: () => void): void {
  const id: number = add({
    text,
    isError: false,
    action: {
      label: "Undo",
      run: () => {
        dismiss(id);
        run();
      },
    },
  });
}

/** Takes back what the newest message offers to. */
export function undoLast(): boolean {
  const toast = toasts.value.findLast((candidate) => candidate.action);
  toast?.action?.run();
  return toast !== undefined;
}

export const undoTime = duration;
