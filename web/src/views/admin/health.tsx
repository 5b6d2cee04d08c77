import { useEffect } from "preact/hooks";
import * as api from "../../api/endpoints";
import { Failed, Skeleton } from "../../ui/basics";
import { useLoaded } from "../../ui/use";

const lookEvery = 5000; // milliseconds

function duration(seconds: number): string {
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days) return `${days} d ${hours} h`;
  return hours ? `${hours} h ${minutes} min` : `${minutes} min`;
}

/** How each part of the server is, looked at again and again. */
export function Health() {
  const { value, error, reload } = useLoaded(api.admin.health, []);
  useEffect(() => {
    const timer = setInterval(reload, lookEvery);
    return () => clearInterval(timer);
  }, [reload]);
  const head = (
    <header class="view-head">
      <h1>Health</h1>
      {value && <span class={`badge ${value.status}`}>{value.status}</span>}
    </header>
  );
  if (value === undefined)
    return (
      <div class="view">
        {head}
        {error ? <Failed error={error} retry={reload} /> : <Skeleton rows={4} height={80} />}
      </div>
    );
  return (
    <div class="view">
      {head}
      <p class="hint">
        Version {value.version}, up for {duration(value.uptime_seconds)}
      </p>
      <dl class="figures">
        {Object.entries(value.checks).map(([name, check]) => (
          <div key={name} class={check.status === "healthy" ? "figure" : "figure bad"}>
            <dt>{name}</dt>
            <dd>{check.status}</dd>
            <dd class="hint">{check.latency_ms.toFixed(1)} ms</dd>
          </div>
        ))}
      </dl>
      <div class="table-frame" tabIndex={0} role="region" aria-label="Queues">
        <table>
          <caption>Jobs by operation</caption>
          <thead>
            <tr>
              <th scope="col">Operation</th>
              <th scope="col">Queued</th>
              <th scope="col">Waiting</th>
              <th scope="col">Running</th>
              <th scope="col">Oldest</th>
            </tr>
          </thead>
          <tbody>
            {value.operations.map((operation) => (
              <tr key={operation.name}>
                <th scope="row">{operation.name}</th>
                <td>{operation.queued}</td>
                <td>{operation.waiting}</td>
                <td>{operation.processing}</td>
                <td>{operation.oldest_seconds.toFixed(0)} s</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
