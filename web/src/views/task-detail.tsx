// One task in full, beside the view it was opened from.
import { useEffect, useRef } from "preact/hooks";
import { useSignal } from "@preact/signals";
import type { Task, TaskUpdate } from "schema";
import { ApiError } from "../api/client";
import * as api from "../api/endpoints";
import { changeTask, removeTasks } from "../state/changes";
import { priorities, statuses } from "../state/query";
import { closeTask } from "../state/router";
import { myId, user } from "../state/session";
import { confirmTask, taskSignal } from "../state/tasks";
import { complain } from "../state/toasts";
import { describeAge } from "../text/dates";
import { Button, Failed, Field, Skeleton } from "../ui/basics";
import { Icon } from "../ui/icons";
import { useLoaded } from "../ui/use";
import { Assignee } from "./assignee";
import { Files } from "./files";
import { History } from "./history";
import { moveTask } from "./task-keys";
import { priorityNames, statusNames } from "./words";

type Change = (changes: TaskUpdate) => Promise<boolean>;

/** A text that is saved when the field is left. One that could not be saved stays, and is tried again
 * when the field is left once more. */
function EditableText(props: {
  label: string;
  value: string;
  multiline?: boolean;
  required?: boolean;
  maxLength: number;
  placeholder?: string;
  save: (text: string) => Promise<boolean>;
}) {
  const draft = useSignal(props.value);
  const isEditing = useSignal(false);
  const isUnsaved = useSignal(false);
  const base = useRef(props.value);
  useEffect(() => {
    if (!isEditing.value) draft.value = props.value;
  }, [props.value, isEditing.value]);
  const settle = (saved: boolean) => {
    isUnsaved.value = !saved;
    isEditing.value = !saved;
  };
  const leave = async () => {
    const text = draft.value.trim();
    if (text === props.value || (props.required && !text)) {
      draft.value = props.value;
      return settle(true);
    }
    if (props.value !== base.current) {
      base.current = props.value;
      complain("Somebody else changed this while you wrote. Leave the field again to keep yours.");
      return settle(false);
    }
    settle(await props.save(text));
  };
  const shared = {
    value: draft.value,
    maxLength: props.maxLength,
    placeholder: props.placeholder,
    onFocus: () => {
      if (!isUnsaved.value) base.current = props.value;
      isEditing.value = true;
    },
    onBlur: () => void leave(),
  };
  return (
    <Field label={props.label} problem={isUnsaved.value ? "Not saved" : undefined}>
      {(ties) =>
        props.multiline ? (
          <textarea
            {...ties}
            {...shared}
            rows={5}
            onInput={(event) => (draft.value = event.currentTarget.value)}
          />
        ) : (
          <input
            {...ties}
            {...shared}
            onInput={(event) => (draft.value = event.currentTarget.value)}
            onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
          />
        )
      }
    </Field>
  );
}

function Choice<T extends string>(props: {
  label: string;
  values: readonly T[];
  names: Record<T, string>;
  value: T;
  onChange: (value: T) => void;
}) {
  return (
    <fieldset class="choice">
      <legend>{props.label}</legend>
      <div class="segments">
        {props.values.map((value) => (
          <label key={value}>
            <input
              type="radio"
              name={props.label}
              checked={props.value === value}
              onChange={() => props.onChange(value)}
            />
            <span>{props.names[value]}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function TagEditor({ task, change }: { task: Task; change: Change }) {
  const text = useSignal("");
  const add = () => {
    const tags = text.value.split(/[,\s]+/).map((tag) => tag.replace(/^#/, ""));
    const fresh = tags.filter((tag) => tag && !task.tags.includes(tag));
    text.value = "";
    if (fresh.length) void change({ tags: [...task.tags, ...new Set(fresh)] });
  };
  return (
    <div>
      <Field label="Tags">
        {(ties) => (
          <input
            {...ties}
            placeholder="Add a tag"
            maxLength={50}
            value={text.value}
            onInput={(event) => (text.value = event.currentTarget.value)}
            onBlur={add}
            onKeyDown={(event) => {
              if (event.key !== "Enter" && event.key !== ",") return;
              event.preventDefault();
              add();
            }}
          />
        )}
      </Field>
      {task.tags.length > 0 && (
        <ul class="tag-list" aria-label="Tags of the task">
          {task.tags.map((tag) => (
            <li key={tag} class="tag">
              {tag}
              <button
                type="button"
                aria-label={`Remove the tag ${tag}`}
                onClick={() => void change({ tags: task.tags.filter((other) => other !== tag) })}
              >
                <Icon name="close" size={12} />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

interface Weather {
  temperature: number;
  condition: string;
  humidity: number | null;
  wind_speed: number | null;
}

function WeatherLine({ weather }: { weather: Weather | null }) {
  if (!weather) return null;
  const more = [
    weather.humidity === null ? "" : `${weather.humidity} % humidity`,
    weather.wind_speed === null ? "" : `wind ${weather.wind_speed} m/s`,
  ].filter(Boolean);
  return (
    <p class="weather">
      <Icon name="weather" size={18} /> {Math.round(weather.temperature)} °C, {weather.condition}
      {more.length > 0 && <span class="hint"> {more.join(", ")}</span>}
    </p>
  );
}

function Details({ task }: { task: Task }) {
  const change: Change = (changes) => changeTask(task.id, changes);
  const isMine = task.user_id === myId() || user.value?.role === "admin";
  const now = Date.now();
  return (
    <>
      <EditableText
        label="Title"
        value={task.title}
        required
        maxLength={100}
        save={(title) => change({ title })}
      />
      <Choice
        label="Status"
        values={statuses}
        names={statusNames}
        value={task.status}
        onChange={(status) => moveTask(task.id, status)}
      />
      <Choice
        label="Priority"
        values={priorities}
        names={priorityNames}
        value={task.priority}
        onChange={(priority) => void change({ priority })}
      />
      <EditableText
        label="Description"
        value={task.description ?? ""}
        multiline
        maxLength={10_000}
        placeholder="What is there to know?"
        save={(description) => change({ description: description || null })}
      />
      <div class="pair">
        <Field label="Due date">
          {(ties) => (
            <input
              {...ties}
              type="date"
              value={task.due_date ?? ""}
              onChange={(event) => void change({ due_date: event.currentTarget.value || null })}
            />
          )}
        </Field>
        <EditableText
          label="City"
          value={task.city ?? ""}
          maxLength={100}
          save={(city) => change({ city: city || null })}
        />
      </div>
      <WeatherLine weather={task.weather as Weather | null} />
      <TagEditor task={task} change={change} />
      <Assignee task={task} isMine={isMine} />
      <Files task={task.id} />
      <History task={task} />
      <p class="hint">
        Created {describeAge(task.created_at, now)}, changed {describeAge(task.updated_at, now)}
        {task.completed_at && `, completed ${describeAge(task.completed_at, now)}`}
      </p>
      {isMine && (
        <Button
          kind="danger"
          icon="trash"
          onClick={() => {
            closeTask();
            removeTasks([task.id]);
          }}
        >
          Delete
        </Button>
      )}
    </>
  );
}

export function TaskDetail({ id }: { id: number }) {
  const panel = useRef<HTMLElement>(null);
  const { error, reload } = useLoaded(async () => {
    const task = await api.tasks.read(id);
    confirmTask(task);
    return task;
  }, [id]);
  const task = taskSignal(id)?.value;
  useEffect(() => {
    const before = document.activeElement;
    panel.current?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  const isGone = error instanceof ApiError && [403, 404].includes(error.status);
  return (
    <aside
      ref={panel}
      class="panel"
      role="dialog"
      aria-label={task ? `Task: ${task.title}` : "Task"}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || event.defaultPrevented) return;
        event.preventDefault();
        (document.activeElement as HTMLElement | null)?.blur();
        closeTask();
      }}
    >
      <header class="panel-head">
        <span class="hint">Task {id}</span>
        <Button icon="close" kind="quiet" label="Close the task" onClick={closeTask} />
      </header>
      <div class="panel-body">
        {task && !isGone ? (
          <Details task={task} />
        ) : error ? (
          <Failed error={error} retry={reload} />
        ) : (
          <Skeleton rows={6} />
        )}
      </div>
    </aside>
  );
}
