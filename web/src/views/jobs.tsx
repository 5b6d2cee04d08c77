// Work in the background: submit, watch, cancel, and for administrators retry.
import { useSignal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import type { Job } from "schema";
import { ApiError, explain } from "../api/client";
import * as api from "../api/endpoints";
import { jobChange } from "../live/apply";
import { user } from "../state/session";
import { complain, say } from "../state/toasts";
import { describeAge } from "../text/dates";
import { Button, Empty, Field, Form } from "../ui/basics";
import { Pages } from "../ui/pages";
import { jobStatusNames } from "./words";

const operations = ["reverse", "count_words", "count_letters", "uppercase", "lowercase"];
const watchEvery = 1500; // milliseconds, while a job is under way

export function isUnderWay(job: Job): boolean {
  return ["queued", "scheduled", "processing"].includes(job.status);
}

/** Does something with a job and tells what came of it. */
async function act(what: () => Promise<unknown>, done: string, after: () => void): Promise<void> {
  try {
    await what();
    say(done);
  } catch (problem) {
    complain(explain(problem));
  }
  after();
}

function Submit({ onSubmitted }: { onSubmitted: () => void }) {
  const [operation, setOperation] = useState(operations[0]!);
  const [data, setData] = useState("");
  const [error, setError] = useState<unknown>(null);
  const problemOf = (field: string) =>
    error instanceof ApiError ? error.problemOf(field) : undefined;
  const submit = async () => {
    setError(null);
    try {
      await api.jobs.submit({ operation, data });
      setData("");
      onSubmitted();
    } catch (problem) {
      setError(problem);
      if (!(problem instanceof ApiError && problem.problems.length)) complain(explain(problem));
    }
  };
  return (
    <Form class="card-form" label="Submit a job" onSubmit={() => void submit()}>
      <Field label="Operation" problem={problemOf("operation")}>
        {(ties) => (
          <>
            <input
              {...ties}
              list="operations"
              value={operation}
              onInput={(event) => setOperation(event.currentTarget.value)}
            />
            <datalist id="operations">
              {operations.map((name) => (
                <option key={name} value={name} />
              ))}
            </datalist>
          </>
        )}
      </Field>
      <Field label="Text" problem={problemOf("data")}>
        {(ties) => (
          <textarea
            {...ties}
            rows={3}
            value={data}
            onInput={(event) => setData(event.currentTarget.value)}
          />
        )}
      </Field>
      <Button kind="primary" type="submit">
        Submit
      </Button>
    </Form>
  );
}

function Result({ job }: { job: Job }) {
  if (job.status === "processing" && job.progress > 0)
    return <progress value={job.progress} max={100} aria-label="Progress" />;
  if (job.error) return <span class="problem">{job.error}</span>;
  return <span class="result">{job.result ?? ""}</span>;
}

export function JobTable({ jobs, reload }: { jobs: Job[]; reload: () => void }) {
  const isAdmin = user.value?.role === "admin";
  const now = Date.now();
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label="Jobs">
      <table>
        <thead>
          <tr>
            <th scope="col">Operation</th>
            <th scope="col">Status</th>
            <th scope="col">Result</th>
            <th scope="col">Submitted</th>
            <th scope="col">
              <span class="for-readers">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => (
            <tr key={job.id}>
              <td>{job.operation}</td>
              <td>
                <span class={`badge ${job.status}`}>{jobStatusNames[job.status]}</span>
                {job.attempts > 1 && <span class="hint"> {job.attempts} attempts</span>}
              </td>
              <td class="wide">
                <Result job={job} />
              </td>
              <td>
                <time dateTime={job.created_at}>{describeAge(job.created_at, now)}</time>
              </td>
              <td>
                {isUnderWay(job) && (
                  <Button
                    onClick={() => void act(() => api.jobs.cancel(job.id), "Cancelled", reload)}
                  >
                    Cancel
                  </Button>
                )}
                {isAdmin && ["dead", "cancelled"].includes(job.status) && (
                  <Button
                    icon="retry"
                    onClick={() => void act(() => api.jobs.retry(job.id), "Queued again", reload)}
                  >
                    Retry
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Looks again while a job is under way; an event from the server comes sooner. */
function Watch({ jobs, reload }: { jobs: Job[]; reload: () => void }) {
  const change = jobChange.value;
  useEffect(() => {
    if (change) reload();
  }, [change]);
  useEffect(() => {
    if (!jobs.some(isUnderWay)) return;
    const timer = setTimeout(reload, watchEvery);
    return () => clearTimeout(timer);
  }, [jobs]);
  return <JobTable jobs={jobs} reload={reload} />;
}

export function Jobs() {
  const submitted = useSignal(0);
  return (
    <div class="view">
      <header class="view-head">
        <h1>Jobs</h1>
      </header>
      <Submit onSubmitted={() => submitted.value++} />
      <Pages
        inputs={[submitted.value]}
        read={async (cursor) => {
          const page = await api.jobs.list({ limit: "50", ...(cursor && { cursor }) });
          return { items: page.jobs, next: page.next_cursor };
        }}
        empty={
          <Empty icon="jobs" title="No jobs yet">
            Submit one, and its result appears here.
          </Empty>
        }
      >
        {(jobs, reload) => <Watch jobs={jobs} reload={reload} />}
      </Pages>
    </div>
  );
}
