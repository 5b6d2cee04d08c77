import { dismiss, toasts } from "../state/toasts";
import { Button } from "./basics";

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((toast) => (
        <div key={toast.id} class={toast.isError ? "toast error" : "toast"}>
          <span>{toast.text}</span>
          {toast.action && (
            <Button kind="quiet" onClick={toast.action.run}>
              {toast.action.label}
            </Button>
          )}
          <Button icon="close" kind="quiet" label="Dismiss" onClick={() => dismiss(toast.id)} />
        </div>
      ))}
    </div>
  );
}
