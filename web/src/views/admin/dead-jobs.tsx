import { useSignal } from "@preact/signals";
import type { JobCount } from "schema";
import { explain } from "../../api/client";
import * as api from "../../api/endpoints";
import { complain, say } from "../../state/toasts";
import { Button, Empty } from "../../ui/basics";
import { Confirm } from "../../ui/dialog";
import { Pages } from "../../ui/pages";
import { JobTable } from "../jobs";

/** Jobs that were given up, of all users. */
export function DeadJobs() {
  const turn = useSignal(0);
  const asks = useSignal(false);
  const act = async (what: Promise<JobCount>, done: string) => {
    try {
      say(`${(await what).count} ${done}`);
    } catch (problem) {
      complain(explain(problem));
    }
    turn.value++;
  };
  return (
    <div class="view">
      <header class="view-head">
        <h1>Dead jobs</h1>
        <div class="inline">
          <Button icon="retry" onClick={() => void act(api.jobs.retryDead(), "queued again")}>
            Retry all
          </Button>
          <Button icon="trash" kind="danger" onClick={() => (asks.value = true)}>
            Remove all
          </Button>
        </div>
      </header>
      <Pages
        inputs={[turn.value]}
        read={async (cursor) => {
          const page = await api.jobs.dead({ limit: "50", ...(cursor && { cursor }) });
          return { items: page.jobs, next: page.next_cursor };
        }}
        empty={
          <Empty icon="check" title="No dead jobs">
            A job that failed for good would stand here.
          </Empty>
        }
      >
        {(jobs, reload) => <JobTable jobs={jobs} reload={reload} />}
      </Pages>
      {asks.value && (
        <Confirm
          title="Remove all dead jobs?"
          text="What they were to do is not done, and cannot be retried any more."
          action="Remove"
          onConfirm={() => void act(api.jobs.purgeDead(), "removed")}
          onClose={() => (asks.value = false)}
        />
      )}
    </div>
  );
}
