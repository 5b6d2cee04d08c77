// The board: a column for each status, cards that are dragged between them or moved by keys.
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { changeTask } from "../state/changes";
import { Collection } from "../state/collection";
import { everything, statuses, type SortKey, type Status } from "../state/query";
import { go, place, taskAddress } from "../state/router";
import { taskSignal } from "../state/tasks";
import { Empty, Failed, Select, Skeleton } from "../ui/basics";
import { useReached } from "../ui/use";
import { moveTask } from "./task-keys";
import { Due, DoneToggle, PriorityMark, Tags } from "./task-parts";
import { statusNames } from "./words";

const dragType = "application/x-errand-task";
const pageSize = 50;

function Card({ id }: { id: number }) {
  const task = taskSignal(id)?.value;
  const isDragged = useSignal(false);
  if (!task) return null;
  return (
    <li
      class={`card ${isDragged.value ? "dragged" : ""} ${id < 0 ? "provisional" : ""}`}
      data-task={id}
      draggable
      onDragStart={(event) => {
        event.dataTransfer?.setData(dragType, String(id));
        if (event.dataTransfer) event.dataTransfer.effectAllowed = "move";
        isDragged.value = true;
      }}
      onDragEnd={() => (isDragged.value = false)}
    >
      <DoneToggle
        task={task}
        onToggle={() =>
          task.completed ? void changeTask(id, { status: "todo" }) : moveTask(id, "done")
        }
      />
      <div class="card-body">
        <a class="task-title" href={taskAddress(id)} draggable={false}>
          {task.title}
        </a>
        <p class="card-more">
          <PriorityMark priority={task.priority} />
          <Due task={task} />
          <Tags tags={task.tags} />
        </p>
      </div>
    </li>
  );
}

function Column({ status, sortBy }: { status: Status; sortBy: SortKey }) {
  const list = useMemo(
    () =>
      new Collection(
        { ...everything, status: [status], sortBy, descending: sortBy !== "due_date" },
        pageSize,
      ),
    [status, sortBy],
  );
  useEffect(() => () => list.close(), [list]);
  const isTarget = useSignal(false);
  const end = useReached(() => void list.more());
  const takes = (event: DragEvent) => event.dataTransfer?.types.includes(dragType) ?? false;
  const name = `column-${status}`;
  return (
    <section
      class={isTarget.value ? "column target" : "column"}
      aria-labelledby={name}
      onDragOver={(event) => {
        if (!takes(event)) return;
        event.preventDefault();
        isTarget.value = true;
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null))
          isTarget.value = false;
      }}
      onDrop={(event) => {
        event.preventDefault();
        isTarget.value = false;
        const id = Number(event.dataTransfer?.getData(dragType));
        if (id) moveTask(id, status);
      }}
    >
      <h2 id={name}>
        <span class={`dot ${status}`} aria-hidden="true" />
        {statusNames[status]} <span class="count">{list.total.value ?? ""}</span>
      </h2>
      {list.state.value === "loading" && <Skeleton rows={4} height={64} />}
      {list.state.value === "failed" && (
        <Failed error={list.error.value} retry={() => void list.reload()} />
      )}
      {list.state.value === "ready" && list.ids.value.length === 0 && (
        <Empty icon={status === "done" ? "check" : "board"} title={emptyTexts[status]} />
      )}
      <ul class="cards" data-tasks={status} aria-label={statusNames[status]}>
        {list.ids.value.map((id) => (
          <Card key={id} id={id} />
        ))}
      </ul>
      {list.hasMore.value && <div ref={end} class="end" />}
    </section>
  );
}

const emptyTexts: Record<Status, string> = {
  todo: "Nothing to do",
  in_progress: "Nothing in progress",
  done: "Nothing done yet",
};

const orders = [
  ["created_at", "Newest first"],
  ["due_date", "Due first"],
  ["priority", "Highest priority first"],
  ["updated_at", "Last changed first"],
] as const;
type Order = (typeof orders)[number][0];

export function Board() {
  const asked = place.value.parameters.get("sort_by");
  const order: Order = orders.find(([key]) => key === asked)?.[0] ?? "created_at";
  return (
    <div class="view board-view">
      <header class="view-head">
        <h1>Board</h1>
        <Select
          label="Order of the cards"
          value={order}
          choices={orders}
          onChange={(key) => go("board", new URLSearchParams({ sort_by: key }), true)}
        />
      </header>
      <div class="board">
        {statuses.map((status) => (
          <Column key={status} status={status} sortBy={order} />
        ))}
      </div>
    </div>
  );
}
