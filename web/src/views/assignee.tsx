// Who else works on a task. Whoever is to get it must be known by name: only administrators see a list
// of all users.
import { useSignal } from "@preact/signals";
import type { Person, Task } from "schema";
import { ApiError, explain } from "../api/client";
import * as api from "../api/endpoints";
import { changeTask } from "../state/changes";
import { myId } from "../state/session";
import { Button, Field } from "../ui/basics";
import { useLoaded } from "../ui/use";

function nameOf(id: number, people: Person[]): string {
  if (id === myId()) return "you";
  return people.find((person) => person.id === id)?.username ?? `user ${id}`;
}

function Assign({ task }: { task: Task }) {
  const name = useSignal("");
  const problem = useSignal<string | undefined>(undefined);
  const assign = async () => {
    const wanted = name.value.trim();
    if (!wanted) return;
    problem.value = undefined;
    try {
      const person = await api.people.find(wanted);
      if (await changeTask(task.id, { assigned_user_id: person.id })) name.value = "";
    } catch (error) {
      const isNobody = error instanceof ApiError && error.status === 404;
      problem.value = isNobody ? "Nobody is called like this" : explain(error);
    }
  };
  return (
    <Field label="Assign to" problem={problem.value}>
      {(ties) => (
        <div class="inline">
          <input
            {...ties}
            autocapitalize="none"
            placeholder="User name"
            maxLength={50}
            value={name.value}
            onInput={(event) => (name.value = event.currentTarget.value)}
            onKeyDown={(event) => event.key === "Enter" && void assign()}
          />
          <Button onClick={() => void assign()}>Assign</Button>
        </div>
      )}
    </Field>
  );
}

export function Assignee({ task, isMine }: { task: Task; isMine: boolean }) {
  const assigned = task.assigned_user_id;
  // By version: while the change is on its way the server does not know of it yet.
  const { value } = useLoaded(() => api.people.of(task.id), [task.id, task.version]);
  const people = value ?? [];
  return (
    <div class="assignee">
      {assigned !== null && (
        <p class="inline">
          <span>
            Assigned to <strong>{nameOf(assigned, people)}</strong>
          </span>
          {isMine && (
            <Button
              kind="quiet"
              onClick={() => void changeTask(task.id, { assigned_user_id: null })}
            >
              Take off
            </Button>
          )}
        </p>
      )}
      {isMine && assigned === null && <Assign task={task} />}
      {task.user_id !== myId() && <p class="hint">Owned by {nameOf(task.user_id, people)}</p>}
    </div>
  );
}
