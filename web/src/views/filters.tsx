import { useEffect, useState } from "preact/hooks";
import {
  everything,
  isFiltered,
  priorities,
  sortKeys,
  statuses,
  type SortKey,
  type TaskQuery,
} from "../state/query";
import { Button, Select } from "../ui/basics";
import { Icon } from "../ui/icons";
import { useSettled } from "../ui/use";
import { priorityNames, sortNames, statusNames } from "./words";

interface Props {
  query: TaskQuery;
  onChange: (query: TaskQuery) => void;
}

const typingPause = 180; // milliseconds

function Search({ query, onChange }: Props) {
  const [text, setText] = useState(query.search);
  const settled = useSettled(text, typingPause);
  useEffect(() => {
    if (settled.trim() !== query.search.trim()) onChange({ ...query, search: settled });
  }, [settled]);
  useEffect(() => {
    if (query.search.trim() !== settled.trim()) setText(query.search);
  }, [query.search]);
  return (
    <div class="search">
      <Icon name="search" size={16} />
      <input
        id="search"
        type="search"
        aria-label="Search in titles and descriptions"
        placeholder="Search"
        maxLength={200}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </div>
  );
}

interface ChipsProps<T extends string> {
  label: string;
  values: readonly T[];
  names: Record<T, string>;
  chosen: readonly T[];
  onChange: (chosen: T[]) => void;
}

/** Buttons of which any number may be pressed; none means all. */
function Chips<T extends string>({ label, values, names, chosen, onChange }: ChipsProps<T>) {
  const toggle = (value: T) =>
    onChange(values.filter((other) => chosen.includes(other) !== (other === value)));
  return (
    <div class="chips" role="group" aria-label={label}>
      {values.map((value) => (
        <button
          key={value}
          type="button"
          class="chip"
          aria-pressed={chosen.includes(value)}
          onClick={() => toggle(value)}
        >
          {names[value]}
        </button>
      ))}
    </div>
  );
}

function TagFilter({ query, onChange }: Props) {
  const [text, setText] = useState(query.tags.join(", "));
  const shown = query.tags.join(", ");
  useEffect(() => setText(shown), [shown]);
  const apply = () => {
    const tags = text.split(",").map((tag) => tag.trim().replace(/^#/, ""));
    onChange({ ...query, tags: [...new Set(tags.filter(Boolean))] });
  };
  return (
    <input
      class="tag-filter"
      aria-label="Tags, separated by commas"
      placeholder="Tags"
      value={text}
      onInput={(event) => setText(event.currentTarget.value)}
      onChange={apply}
      onKeyDown={(event) => event.key === "Enter" && apply()}
    />
  );
}

export function Sorting({ query, onChange }: Props) {
  return (
    <div class="sorting">
      <Select<SortKey>
        label="Sort by"
        value={query.sortBy}
        choices={sortKeys.map((key) => [key, sortNames[key]] as const)}
        onChange={(sortBy) => onChange({ ...query, sortBy })}
      />
      <button
        type="button"
        class="chip"
        aria-label={query.descending ? "Descending; turn around" : "Ascending; turn around"}
        title={query.descending ? "Descending" : "Ascending"}
        onClick={() => onChange({ ...query, descending: !query.descending })}
      >
        {query.descending ? "↓" : "↑"}
      </button>
    </div>
  );
}

export function Filters({ query, onChange }: Props) {
  return (
    <div class="filters" role="search" aria-label="Filter the tasks">
      <Search query={query} onChange={onChange} />
      <Chips
        label="Status"
        values={statuses}
        names={statusNames}
        chosen={query.status}
        onChange={(status) => onChange({ ...query, status })}
      />
      <Chips
        label="Priority"
        values={priorities}
        names={priorityNames}
        chosen={query.priority}
        onChange={(priority) => onChange({ ...query, priority })}
      />
      <div class="chips" role="group" aria-label="More filters">
        <button
          type="button"
          class="chip"
          aria-pressed={query.overdue}
          onClick={() => onChange({ ...query, overdue: !query.overdue })}
        >
          Overdue
        </button>
        <button
          type="button"
          class="chip"
          aria-pressed={query.assignedToMe}
          onClick={() => onChange({ ...query, assignedToMe: !query.assignedToMe })}
        >
          Assigned to me
        </button>
      </div>
      <TagFilter query={query} onChange={onChange} />
      {isFiltered(query) && (
        <Button
          kind="quiet"
          onClick={() =>
            onChange({ ...everything, sortBy: query.sortBy, descending: query.descending })
          }
        >
          Clear
        </Button>
      )}
    </div>
  );
}
