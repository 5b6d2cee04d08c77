// What happened to a task, newest first.
import { useSignal } from "@preact/signals";
import type { Event, Task } from "schema";
import * as api from "../api/endpoints";
import { myId } from "../state/session";
import { describeAge } from "../text/dates";
import { Button, Failed, Skeleton } from "../ui/basics";
import { useLoaded } from "../ui/use";
import { describeAction } from "./words";

const quiet = new Set([
  "updated_at",
  "version",
  "completed",
  "completed_at",
  "id",
  "user_id",
  "created_at",
]);

function write(value: unknown): string {
  if (value === null || value === undefined || value === "") return "nothing";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The fields that changed, from what to what. */
export function Changes({ event }: { event: Event }) {
  const fields = Object.entries(event.changes).filter(([name]) => !quiet.has(name));
  if (fields.length === 0) return null;
  return (
    <ul class="changes">
      {fields.map(([name, pair]) => {
        const [before, after] = pair as [unknown, unknown];
        return (
          <li key={name}>
            <span class="change-name">{name.replaceAll("_", " ")}</span>
            {before !== null && <del>{write(before)}</del>}
            {after !== null && <ins>{write(after)}</ins>}
          </li>
        );
      })}
    </ul>
  );
}

function Entries({ task }: { task: Task }) {
  const { value, error, reload } = useLoaded(
    () => api.tasks.history(task.id, { limit: "50" }),
    [task.id, task.version],
  );
  if (value === undefined)
    return error ? <Failed error={error} retry={reload} /> : <Skeleton rows={2} />;
  const now = Date.now();
  return (
    <ol class="history">
      {value.events.map((event) => (
        <li key={event.seq}>
          <p>
            {event.actor_id === myId()
              ? "You"
              : event.actor_id
                ? `User ${event.actor_id}`
                : "errand"}{" "}
            {describeAction(event.action)}{" "}
            <time class="hint" dateTime={event.at} title={event.at}>
              {describeAge(event.at, now)}
            </time>
          </p>
          {event.action !== "task.created" && <Changes event={event} />}
        </li>
      ))}
    </ol>
  );
}

export function History({ task }: { task: Task }) {
  const isOpen = useSignal(false);
  return (
    <section aria-label="History">
      <h3>
        History{" "}
        <Button kind="quiet" onClick={() => (isOpen.value = !isOpen.value)}>
          {isOpen.value ? "Hide" : "Show"}
        </Button>
      </h3>
      {isOpen.value && <Entries task={task} />}
    </section>
  );
}
