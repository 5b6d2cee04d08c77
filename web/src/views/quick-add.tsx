import type { RefObject } from "preact";
import { useState } from "preact/hooks";
import { createTask } from "../state/changes";
import { complain } from "../state/toasts";
import { describeDay, localDay } from "../text/dates";
import { parseQuickAdd } from "../text/quick-add";
import { Form } from "../ui/basics";
import { Icon } from "../ui/icons";

/** One line that becomes a task; what was understood stands below while it is typed. */
export function QuickAdd({ input }: { input: RefObject<HTMLInputElement> }) {
  const [line, setLine] = useState("");
  const today = localDay(new Date());
  const draft = parseQuickAdd(line, today);
  const isMarked = draft.tags.length > 0 || draft.priority || draft.due_date;

  const submit = async () => {
    if (!draft.title) {
      if (line.trim()) complain("A task needs a title");
      return;
    }
    const text = line;
    setLine("");
    if (!(await createTask(draft)) && !input.current?.value) setLine(text);
  };

  return (
    <Form class="quick-add" label="Add a task" onSubmit={() => void submit()}>
      <Icon name="plus" />
      <input
        ref={input}
        aria-label="Add a task"
        placeholder="Add a task: Buy milk #home !high tomorrow"
        maxLength={300}
        value={line}
        onInput={(event) => setLine(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
      />
      {isMarked && draft.title && (
        <p class="understood" aria-live="polite">
          <strong>{draft.title}</strong>
          {draft.tags.map((tag) => (
            <span key={tag} class="tag">
              {tag}
            </span>
          ))}
          {draft.priority && (
            <span class={`priority ${draft.priority}`}>{draft.priority} priority</span>
          )}
          {draft.due_date && <span>due {describeDay(draft.due_date, today)}</span>}
        </p>
      )}
    </Form>
  );
}
