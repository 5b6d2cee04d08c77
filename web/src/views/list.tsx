// The list: search as you type, filters, sorting, endless scrolling, and changes to many at once.
import { useSignal, type Signal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { changeTask } from "../state/changes";
import { Collection } from "../state/collection";
import { isFiltered, readQuery, writeQuery, type TaskQuery } from "../state/query";
import { go, place, taskAddress } from "../state/router";
import { taskSignal } from "../state/tasks";
import { Button, Empty, Failed, Skeleton } from "../ui/basics";
import { BulkBar } from "./bulk-bar";
import { Filters, Sorting } from "./filters";
import { Due, DoneToggle, PriorityMark, Tags } from "./task-parts";
import { moveTask } from "./task-keys";
import { statusNames } from "./words";

const pageSize = 100;
const margin = 12; // rows beyond the screen, above and below

type Selection = Signal<ReadonlySet<number>>;

interface RowProps {
  id: number;
  index: number;
  count: number;
  height: number;
  isSelected: boolean;
  onSelect: (event: MouseEvent) => void;
}

function Row({ id, index, count, height, isSelected, onSelect }: RowProps) {
  const task = taskSignal(id)?.value;
  if (!task) return null;
  return (
    <li
      class={`row ${isSelected ? "selected" : ""} ${id < 0 ? "provisional" : ""}`}
      data-task={id}
      aria-setsize={count}
      aria-posinset={index + 1}
      style={{ transform: `translateY(${index * height}px)`, height: `${height}px` }}
    >
      <input
        type="checkbox"
        aria-label={`Select "${task.title}"`}
        checked={isSelected}
        onClick={onSelect}
      />
      <DoneToggle
        task={task}
        onToggle={() =>
          task.completed ? void changeTask(id, { status: "todo" }) : moveTask(id, "done")
        }
      />
      <a class="task-title" href={taskAddress(id)}>
        {task.title}
      </a>
      <span class="row-more">
        <Tags tags={task.tags} />
        <PriorityMark priority={task.priority} />
        <Due task={task} />
        <span class={`status ${task.status}`}>{statusNames[task.status]}</span>
      </span>
    </li>
  );
}

/** Only the rows on the screen are in the page; those behind them are read when they come near. */
function Rows({ list, selection }: { list: Collection; selection: Selection }) {
  const frame = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const height = matchMedia("(max-width: 700px)").matches ? 68 : 46;
  const anchor = useRef<number | null>(null);
  const ids = list.ids.value;
  const visible = Math.ceil((frame.current?.clientHeight ?? 900) / height);
  const first = Math.max(0, Math.floor(top.value / height) - margin);
  const last = Math.min(ids.length, first + visible + 2 * margin);
  useEffect(() => {
    if (list.hasMore.value && last + margin >= ids.length) void list.more();
  }, [last, ids.length, list.hasMore.value]);
  useEffect(() => {
    top.value = 0;
    frame.current?.scrollTo({ top: 0 });
  }, [list]);

  const select = (index: number, event: MouseEvent) => {
    const next = new Set(selection.value);
    const on = !next.has(ids[index]!);
    const from = event.shiftKey && anchor.current !== null ? anchor.current : index;
    for (const id of ids.slice(Math.min(from, index), Math.max(from, index) + 1)) {
      if (on) next.add(id);
      else next.delete(id);
    }
    anchor.current = index;
    selection.value = next;
  };

  return (
    <div
      ref={frame}
      class="rows-frame"
      onScroll={(event) => (top.value = event.currentTarget.scrollTop)}
    >
      <ul
        class="rows"
        data-tasks="list"
        aria-label="Tasks"
        style={{ height: `${ids.length * height}px` }}
      >
        {ids.slice(first, last).map((id, at) => (
          <Row
            key={id}
            id={id}
            index={first + at}
            count={list.total.value ?? ids.length}
            height={height}
            isSelected={selection.value.has(id)}
            onSelect={(event) => select(first + at, event)}
          />
        ))}
      </ul>
    </div>
  );
}

function count(total: number | null): string {
  if (total === null) return "";
  return total === 1 ? "1 task" : `${total.toLocaleString("en")} tasks`;
}

interface FoundProps {
  query: TaskQuery;
  selection: Selection;
  onChange: (query: TaskQuery) => void;
}

function Found({ query, selection, onChange }: FoundProps) {
  const address = writeQuery(query).toString();
  const made = useMemo(() => new Collection(query, pageSize), [address]);
  useEffect(() => () => made.close(), [made]);
  // While the next list is on its way the one before stays on the screen.
  const [list, setList] = useState(made);
  const isReady = made.state.value !== "loading";
  useEffect(() => {
    if (isReady) setList(made);
  }, [made, isReady]);

  if (list.state.value === "loading") return <Skeleton rows={10} />;
  if (list.state.value === "failed")
    return <Failed error={list.error.value} retry={() => void list.reload()} />;
  if (list.ids.value.length === 0)
    return isFiltered(query) ? (
      <Empty icon="search" title="No task is like this">
        <Button onClick={() => go("list")}>Show all</Button>
      </Empty>
    ) : (
      <Empty icon="list" title="No tasks yet">
        Press <kbd>n</kbd> and write the first one.
      </Empty>
    );
  return (
    <>
      <div class="list-line">
        <p role="status">{count(list.total.value)}</p>
        <Sorting query={query} onChange={onChange} />
      </div>
      <Rows list={list} selection={selection} />
      {selection.value.size > 0 && <BulkBar selection={selection} all={list.ids.value} />}
    </>
  );
}

export function List() {
  const query = readQuery(place.value.parameters);
  const selection = useSignal<ReadonlySet<number>>(new Set());
  const change = (next: TaskQuery) => {
    selection.value = new Set();
    go("list", writeQuery(next), true);
  };
  return (
    <div class="view list-view">
      <header class="view-head">
        <h1>List</h1>
        <Filters query={query} onChange={change} />
      </header>
      <Found query={query} selection={selection} onChange={change} />
    </div>
  );
}
