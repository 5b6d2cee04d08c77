// Who else works on a task. Administrators choose by name; others know no more of others than that they
// are there, and may take a task on themselves or hand it to somebody whose number they were told.
import { useState } from "preact/hooks";
import type { Task, User } from "schema";
import * as api from "../api/endpoints";
import { changeTask } from "../state/changes";
import { myId, user } from "../state/session";
import { Button, Field } from "../ui/basics";
import { useLoaded } from "../ui/use";

function nameOf(id: number, users: User[]): string {
  if (id === myId()) return "you";
  return users.find((other) => other.id === id)?.username ?? `user ${id}`;
}

function AssignByNumber({ task }: { task: Task }) {
  const [number, setNumber] = useState("");
  const assign = async () => {
    const id = Number(number);
    if (Number.isInteger(id) && id > 0 && (await changeTask(task.id, { assigned_user_id: id })))
      setNumber("");
  };
  return (
    <Field label="Assign to" hint="The number of a user; it stands on their account page">
      {(ties) => (
        <div class="inline">
          <input
            {...ties}
            inputMode="numeric"
            value={number}
            onInput={(event) => setNumber(event.currentTarget.value)}
            onKeyDown={(event) => event.key === "Enter" && void assign()}
          />
          <Button onClick={() => void assign()}>Assign</Button>
        </div>
      )}
    </Field>
  );
}

function AssignByName({ task, users }: { task: Task; users: User[] }) {
  return (
    <Field label="Assigned to">
      {(ties) => (
        <select
          {...ties}
          value={task.assigned_user_id ?? ""}
          onChange={(event) =>
            void changeTask(task.id, {
              assigned_user_id: Number(event.currentTarget.value) || null,
            })
          }
        >
          <option value="">Nobody</option>
          {users.map((other) => (
            <option key={other.id} value={other.id}>
              {other.username}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export function Assignee({ task, isMine }: { task: Task; isMine: boolean }) {
  const isAdmin = user.value?.role === "admin";
  const { value } = useLoaded(
    async () => (isAdmin ? (await api.admin.users({ limit: "100" })).users : []),
    [isAdmin],
  );
  const users = value ?? [];
  if (isAdmin) return <AssignByName task={task} users={users} />;
  const assigned = task.assigned_user_id;
  return (
    <div class="assignee">
      {assigned !== null && (
        <p class="inline">
          <span>Assigned to {nameOf(assigned, users)}</span>
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
      {isMine && assigned === null && <AssignByNumber task={task} />}
      {!isMine && <p class="hint">Owned by {nameOf(task.user_id, users)}</p>}
    </div>
  );
}
