// Tasks out as CSV or JSON, and in from CSV: looked through first, then imported.
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { ImportResult } from "schema";
import { explain } from "../api/client";
import * as api from "../api/endpoints";
import { reloadCollections } from "../state/collection";
import { complain, say } from "../state/toasts";
import { firstRows } from "../text/csv";
import { describeSize } from "../text/size";
import { Button } from "../ui/basics";
import { Icon } from "../ui/icons";

const previewRows = 6;
const previewBytes = 64 * 1024;
const shownErrors = 50;

interface Chosen {
  file: File;
  rows: string[][];
  trial: ImportResult;
}

function Preview({ rows }: { rows: string[][] }) {
  const [head = [], ...body] = rows;
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label="The first rows">
      <table>
        <thead>
          <tr>
            {head.map((cell, at) => (
              <th key={at} scope="col">
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {body.map((row, at) => (
            <tr key={at}>
              {row.map((cell, column) => (
                <td key={column}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Mistakes({ result }: { result: ImportResult }) {
  if (result.errors.length === 0) return null;
  return (
    <>
      <p class="problem">{result.failed} rows have mistakes and will be left out:</p>
      <ul class="mistakes">
        {result.errors.slice(0, shownErrors).map((error, at) => (
          <li key={at}>
            Line {error.row}, <strong>{error.field}</strong>: {error.message}
          </li>
        ))}
      </ul>
    </>
  );
}

function Import() {
  const chosen = useSignal<Chosen | null>(null);
  const progress = useSignal<number | null>(null);
  const isTarget = useSignal(false);
  const input = useRef<HTMLInputElement>(null);

  const send = async (file: File, dryRun: boolean): Promise<ImportResult | undefined> => {
    progress.value = 0;
    try {
      return await api.tasks.importCsv(file, dryRun, (part) => (progress.value = part));
    } catch (problem) {
      complain(explain(problem));
      return undefined;
    } finally {
      progress.value = null;
    }
  };
  const choose = async (file: File | undefined) => {
    if (!file) return;
    chosen.value = null;
    const text = await file.slice(0, previewBytes).text();
    const trial = await send(file, true);
    if (trial) chosen.value = { file, rows: firstRows(text, previewRows), trial };
  };
  const confirm = async ({ file }: Chosen) => {
    const result = await send(file, false);
    if (!result) return;
    chosen.value = null;
    say(`Imported ${result.created} tasks`);
    reloadCollections();
  };

  const found = chosen.value;
  return (
    <section
      class={isTarget.value ? "card-form target" : "card-form"}
      aria-labelledby="import"
      onDragOver={(event) => {
        event.preventDefault();
        isTarget.value = true;
      }}
      onDragLeave={() => (isTarget.value = false)}
      onDrop={(event) => {
        event.preventDefault();
        isTarget.value = false;
        void choose(event.dataTransfer?.files[0]);
      }}
    >
      <h2 id="import">Import</h2>
      <p>
        A CSV file with a column <code>title</code>, and any of description, status, priority,
        due_date, tags and city. Nothing is imported before you have seen what is in it.
      </p>
      <p class="drop-here">
        <Icon name="upload" /> Drop a file here, or{" "}
        <button type="button" class="link" onClick={() => input.current?.click()}>
          choose one
        </button>
        <input
          ref={input}
          class="for-readers"
          type="file"
          accept=".csv,text/csv"
          tabIndex={-1}
          aria-label="CSV file to import"
          onChange={(event) => {
            void choose(event.currentTarget.files?.[0]);
            event.currentTarget.value = "";
          }}
        />
      </p>
      {progress.value !== null && (
        <progress value={progress.value} max={1} aria-label="Sending the file" />
      )}
      {found && (
        <div class="import-found">
          <h3>
            {found.file.name} <span class="hint">{describeSize(found.file.size)}</span>
          </h3>
          <Preview rows={found.rows} />
          <p role="status">
            {found.trial.valid} of {found.trial.valid + found.trial.failed} rows are good.
          </p>
          <Mistakes result={found.trial} />
          <div class="actions">
            <Button onClick={() => (chosen.value = null)}>Cancel</Button>
            <Button
              kind="primary"
              disabled={found.trial.valid === 0 || progress.value !== null}
              onClick={() => void confirm(found)}
            >
              Import {found.trial.valid} tasks
            </Button>
          </div>
        </div>
      )}
    </section>
  );
}

export function Transfer() {
  return (
    <div class="view narrow">
      <header class="view-head">
        <h1>Import &amp; export</h1>
      </header>
      <Import />
      <section class="card-form" aria-labelledby="export">
        <h2 id="export">Export</h2>
        <p>All your tasks. What the CSV says can be imported again as it is.</p>
        <div class="inline">
          <a class="button plain" href="/api/v1/tasks/export.csv" download="tasks.csv">
            <Icon name="download" size={18} /> CSV
          </a>
          <a class="button plain" href="/api/v1/tasks/export.json" download="tasks.json">
            <Icon name="download" size={18} /> JSON
          </a>
        </div>
      </section>
    </div>
  );
}
