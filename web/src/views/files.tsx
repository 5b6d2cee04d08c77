// The files of a task: dropped or chosen, sent with progress, downloaded by link.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { explain } from "../api/client";
import * as api from "../api/endpoints";
import { fileChange } from "../live/apply";
import { complain } from "../state/toasts";
import { describeSize } from "../text/size";
import { Button, Failed } from "../ui/basics";
import { Icon } from "../ui/icons";
import { useLoaded } from "../ui/use";

interface Sending {
  key: number;
  name: string;
  part: number;
}

let nextKey = 1;

export function Files({ task }: { task: number }) {
  const { value: files, error, reload } = useLoaded(() => api.files.list(task), [task]);
  const sending = useSignal<readonly Sending[]>([]);
  const isTarget = useSignal(false);
  const input = useRef<HTMLInputElement>(null);
  const change = fileChange.value;
  useEffect(() => {
    if (change.task === task) reload();
  }, [change]);

  const send = async (file: File) => {
    const key = nextKey++;
    sending.value = [...sending.value, { key, name: file.name, part: 0 }];
    const update = (part: number) =>
      (sending.value = sending.value.map((item) => (item.key === key ? { ...item, part } : item)));
    try {
      await api.files.add(task, file, update);
    } catch (problem) {
      complain(`"${file.name}" was not uploaded. ${explain(problem)}`);
    }
    sending.value = sending.value.filter((item) => item.key !== key);
    reload();
  };
  const sendAll = async (list: FileList | null | undefined) => {
    for (const file of list ?? []) await send(file);
  };
  const remove = async (id: number, name: string) => {
    try {
      await api.files.remove(id);
    } catch (problem) {
      complain(`"${name}" was not removed. ${explain(problem)}`);
    }
    reload();
  };

  return (
    <section
      class={isTarget.value ? "files target" : "files"}
      aria-label="Files"
      onDragOver={(event) => {
        if (!event.dataTransfer?.types.includes("Files")) return;
        event.preventDefault();
        isTarget.value = true;
      }}
      onDragLeave={() => (isTarget.value = false)}
      onDrop={(event) => {
        event.preventDefault();
        isTarget.value = false;
        void sendAll(event.dataTransfer?.files);
      }}
    >
      <h3>Files</h3>
      {error !== null && files === undefined && <Failed error={error} retry={reload} />}
      <ul>
        {files?.map((file) => (
          <li key={file.id}>
            <Icon name="file" size={18} />
            <a href={api.files.address(file.id)} download={file.original_filename}>
              {file.original_filename}
            </a>
            <span class="hint">{describeSize(file.file_size)}</span>
            <Button
              icon="trash"
              kind="quiet"
              label={`Remove ${file.original_filename}`}
              onClick={() => void remove(file.id, file.original_filename)}
            />
          </li>
        ))}
        {sending.value.map((item) => (
          <li key={`sending-${item.key}`}>
            <Icon name="upload" size={18} />
            <span>{item.name}</span>
            <progress value={item.part} max={1} aria-label={`Uploading ${item.name}`} />
          </li>
        ))}
      </ul>
      <p class="drop-here">
        Drop files here, or{" "}
        <button type="button" class="link" onClick={() => input.current?.click()}>
          choose some
        </button>
        <input
          ref={input}
          class="for-readers"
          type="file"
          multiple
          tabIndex={-1}
          aria-label="Files to upload"
          onChange={(event) => {
            void sendAll(event.currentTarget.files).then(() => {
              if (input.current) input.current.value = "";
            });
          }}
        />
      </p>
    </section>
  );
}
