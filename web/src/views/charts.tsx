// Small charts in SVG. Each has a table for those who cannot see it.
export interface Share {
  name: string;
  count: number;
  kind: string;
}

/** Horizontal bars, one below the other. */
export function Bars({ title, shares }: { title: string; shares: Share[] }) {
  const most = Math.max(1, ...shares.map(({ count }) => count));
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <table class="bars">
        <tbody>
          {shares.map(({ name, count, kind }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="bar-cell">
                <svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
                  <rect class={`mark ${kind}`} width={(count / most) * 100} height="10" rx="1" />
                </svg>
              </td>
              <td class="bar-count">{count.toLocaleString("en")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}

export interface Day {
  date: string;
  created: number;
  completed: number;
}

const width = 720;
const height = 200;
const left = 36;
const bottom = 24;

/** A round number at or above the highest, for the top of the scale. */
export function niceTop(highest: number): number {
  if (highest <= 4) return 4;
  const power = 10 ** Math.floor(Math.log10(highest));
  return [1, 2, 4, 5, 10].map((step) => step * power).find((top) => top >= highest) ?? highest;
}

function ColumnPair({ day, x, band, top }: { day: Day; x: number; band: number; top: number }) {
  const scale = (count: number) => (count / top) * (height - bottom - 8);
  const bar = Math.max(1.5, band * 0.34);
  const base = height - bottom;
  return (
    <g>
      <title>{`${day.date}: ${day.created} created, ${day.completed} completed`}</title>
      <rect
        class="mark created"
        x={x + band * 0.14}
        y={base - scale(day.created)}
        width={bar}
        height={scale(day.created)}
        rx="1.5"
      />
      <rect
        class="mark completed"
        x={x + band * 0.52}
        y={base - scale(day.completed)}
        width={bar}
        height={scale(day.completed)}
        rx="1.5"
      />
    </g>
  );
}

/** What was created and completed on each day. */
export function Days({ title, days }: { title: string; days: Day[] }) {
  const top = niceTop(Math.max(0, ...days.flatMap((day) => [day.created, day.completed])));
  const band = (width - left) / Math.max(1, days.length);
  const base = height - bottom;
  const every = Math.ceil(days.length / 8);
  const sum = (key: "created" | "completed") => days.reduce((all, day) => all + day[key], 0);
  return (
    <figure class="chart">
      <figcaption>
        {title}
        <span class="legend">
          <span class="key created" /> created <span class="key completed" /> completed
        </span>
      </figcaption>
      <div class="chart-scroll" tabIndex={0} role="group" aria-label={title}>
        <svg
          class="days"
          viewBox={`0 0 ${width} ${height}`}
          role="img"
          aria-label={`${sum("created")} created and ${sum("completed")} completed in ${days.length} days`}
        >
          {[0, 0.5, 1].map((part) => {
            const y = base - part * (base - 8);
            return (
              <g key={part}>
                <line class="grid" x1={left} x2={width} y1={y} y2={y} />
                <text class="scale" x={left - 8} y={y + 4} text-anchor="end">
                  {top * part}
                </text>
              </g>
            );
          })}
          {days.map((day, index) => (
            <ColumnPair key={day.date} day={day} x={left + index * band} band={band} top={top} />
          ))}
          {days.map(
            (day, index) =>
              index % every === 0 && (
                <text
                  key={day.date}
                  class="scale"
                  x={left + (index + 0.5) * band}
                  y={height - 6}
                  text-anchor="middle"
                >
                  {day.date.slice(5)}
                </text>
              ),
          )}
        </svg>
      </div>
    </figure>
  );
}
