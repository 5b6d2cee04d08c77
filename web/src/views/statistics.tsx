import { useEffect } from "preact/hooks";
import type { AnalyticsDay, Statistics as Numbers } from "schema";
import * as api from "../api/endpoints";
import { taskChange } from "../live/apply";
import { priorities, statuses } from "../state/query";
import { addDays } from "../text/dates";
import { Empty, Failed, Skeleton } from "../ui/basics";
import { useLoaded, useSettled } from "../ui/use";
import { Bars, Days, type Day } from "./charts";
import { priorityNames, statusNames } from "./words";

const period = 30; // days

/** Every day of the period: the server leaves out those on which nothing happened. */
export function fillDays(days: AnalyticsDay[], first: string, count: number): Day[] {
  const known = new Map(days.map((day) => [day.date, day]));
  return Array.from({ length: count }, (_, index) => {
    const date = addDays(first, index);
    return known.get(date) ?? { date, created: 0, completed: 0 };
  });
}

function Figure({ name, value, kind = "" }: { name: string; value: string; kind?: string }) {
  return (
    <div class={`figure ${kind}`}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Figures({ numbers }: { numbers: Numbers }) {
  const number = (value: number) => value.toLocaleString("en");
  return (
    <dl class="figures">
      <Figure name="Tasks" value={number(numbers.total)} />
      <Figure name="Open" value={number(numbers.incomplete)} />
      <Figure name="Completed" value={number(numbers.completed)} />
      <Figure name="Overdue" value={number(numbers.overdue)} kind={numbers.overdue ? "bad" : ""} />
      <Figure name="Completion" value={`${Math.round(numbers.completion_rate)} %`} />
    </dl>
  );
}

const mostTags = 10;

export function Statistics() {
  const today = new Date().toISOString().slice(0, 10);
  const first = addDays(today, 1 - period);
  const { value, error, reload } = useLoaded(
    () =>
      Promise.all([
        api.tasks.statistics(),
        api.tasks.analytics({ start_date: first, end_date: today }),
      ]),
    [first],
  );
  // Not with every one of many changes, but soon after the last.
  const change = useSettled(taskChange.value, 1000);
  useEffect(() => {
    if (change) reload();
  }, [change]);

  const head = (
    <header class="view-head">
      <h1>Statistics</h1>
    </header>
  );
  if (value === undefined)
    return (
      <div class="view">
        {head}
        {error ? <Failed error={error} retry={reload} /> : <Skeleton rows={3} height={120} />}
      </div>
    );
  const [numbers, analytics] = value;
  const tags = Object.entries(numbers.by_tag).sort(([, a], [, b]) => b - a);
  return (
    <div class="view">
      {head}
      {numbers.total === 0 && (
        <Empty icon="chart" title="Nothing to count yet">
          Add a task, and it is in here.
        </Empty>
      )}
      <Figures numbers={numbers} />
      <div class="charts">
        <Bars
          title="By status"
          shares={statuses.map((key) => ({
            name: statusNames[key],
            count: numbers.by_status[key] ?? 0,
            kind: key,
          }))}
        />
        <Bars
          title="By priority"
          shares={[...priorities].reverse().map((key) => ({
            name: priorityNames[key],
            count: numbers.by_priority[key] ?? 0,
            kind: key,
          }))}
        />
        {tags.length > 0 && (
          <Bars
            title="By tag"
            shares={tags
              .slice(0, mostTags)
              .map(([name, count]) => ({ name, count, kind: "tagged" }))}
          />
        )}
      </div>
      <Days title={`The last ${period} days`} days={fillDays(analytics.by_day, first, period)} />
    </div>
  );
}
