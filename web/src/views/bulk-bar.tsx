import type { Signal } from "@preact/signals";
import { useState } from "preact/hooks";
import type { TaskUpdate } from "schema";
import { changeTasks, removeTasks } from "../state/changes";
import { priorities, statuses, type Priority, type Status } from "../state/query";
import { Button, Select } from "../ui/basics";
import { Confirm } from "../ui/dialog";
import { priorityNames, statusNames } from "./words";

const most = 1000; // that the server changes at once

interface Props {
  selection: Signal<ReadonlySet<number>>;
  /** The tasks that "select all" selects: those that were loaded. */
  all: readonly number[];
}

/** What can be done with the selected tasks. */
export function BulkBar({ selection, all }: Props) {
  const [asks, setAsks] = useState(false);
  const ids = [...selection.value].filter((id) => id > 0);
  const what = ids.length === 1 ? "1 task" : `${ids.length} tasks`;
  const clear = () => (selection.value = new Set());
  const change = async (changes: TaskUpdate, done: string) => {
    if (await changeTasks(ids, changes, `${what} ${done}`)) clear();
  };
  return (
    <div class="bulk" role="toolbar" aria-label="Selected tasks">
      <strong>{ids.length} selected</strong>
      <Button kind="quiet" onClick={() => (selection.value = new Set(all.slice(0, most)))}>
        All {Math.min(all.length, most)}
      </Button>
      <Select<Status | "">
        label="Set the status"
        value=""
        choices={[["", "Status…"], ...statuses.map((key) => [key, statusNames[key]] as const)]}
        onChange={(status) =>
          status && void change({ status }, `set to ${statusNames[status].toLowerCase()}`)
        }
      />
      <Select<Priority | "">
        label="Set the priority"
        value=""
        choices={[
          ["", "Priority…"],
          ...priorities.map((key) => [key, priorityNames[key]] as const),
        ]}
        onChange={(priority) =>
          priority && void change({ priority }, `set to ${priority} priority`)
        }
      />
      <label class="bulk-date">
        Due
        <input
          type="date"
          onChange={(event) => {
            const day = event.currentTarget.value || null;
            void change({ due_date: day }, day ? `due ${day}` : "without a due date");
          }}
        />
      </label>
      <Button
        kind="danger"
        icon="trash"
        onClick={() => (ids.length > 1 ? setAsks(true) : remove())}
      >
        Delete
      </Button>
      <Button icon="close" kind="quiet" label="Select none" onClick={clear} />
      {asks && (
        <Confirm
          title={`Delete ${what}?`}
          text="Their files go with them."
          action="Delete"
          onConfirm={remove}
          onClose={() => setAsks(false)}
        />
      )}
    </div>
  );

  function remove() {
    removeTasks(ids);
    clear();
  }
}
