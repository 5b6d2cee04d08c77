import { useState } from "preact/hooks";
import type { Event } from "schema";
import * as api from "../../api/endpoints";
import { Empty } from "../../ui/basics";
import { Pages } from "../../ui/pages";
import { useSettled } from "../../ui/use";
import { Changes } from "../history";

const filters = [
  ["actor", "Who (id or name)"],
  ["action", "Action, like task.deleted"],
  ["resource", "What, like task:7"],
] as const;

function EventRow({ event }: { event: Event }) {
  return (
    <tr>
      <td>{event.seq}</td>
      <td>
        <time dateTime={event.at}>{new Date(event.at).toLocaleString("en-GB")}</time>
      </td>
      <td>{event.actor_id ?? "errand"}</td>
      <td>{event.action}</td>
      <td>
        {event.resource_type}:{event.resource_id}
      </td>
      <td class="wide">
        <Changes event={event} />
      </td>
    </tr>
  );
}

/** Everything that happened, newest first. */
export function Audit() {
  const [values, setValues] = useState<Record<string, string>>({});
  const settled = useSettled(JSON.stringify(values), 300);
  const given = Object.entries(JSON.parse(settled) as Record<string, string>).filter(
    ([, text]) => text,
  );
  return (
    <div class="view">
      <header class="view-head">
        <h1>Audit log</h1>
        <div class="filters" role="search" aria-label="Filter the audit log">
          {filters.map(([name, label]) => (
            <input
              key={name}
              aria-label={label}
              placeholder={label}
              value={values[name] ?? ""}
              onInput={(event) =>
                setValues({ ...values, [name]: event.currentTarget.value.trim() })
              }
            />
          ))}
        </div>
      </header>
      <Pages
        inputs={[settled]}
        read={async (cursor) => {
          const query = { limit: "50", ...Object.fromEntries(given), ...(cursor && { cursor }) };
          const page = await api.admin.audit(query);
          return { items: page.events, next: page.next_cursor };
        }}
        empty={<Empty icon="clock" title="Nothing like this has happened" />}
      >
        {(events) => (
          <div class="table-frame" tabIndex={0} role="region" aria-label="Events">
            <table>
              <thead>
                <tr>
                  <th scope="col">Number</th>
                  <th scope="col">When</th>
                  <th scope="col">Who</th>
                  <th scope="col">Action</th>
                  <th scope="col">What</th>
                  <th scope="col">Changes</th>
                </tr>
              </thead>
              <tbody>
                {events.map((event) => (
                  <EventRow key={event.seq} event={event} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Pages>
    </div>
  );
}
