// The small parts that every view has: buttons, fields, empty and failed states, skeletons.
import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";
import { explain } from "../api/client";
import { Icon, type IconName } from "./icons";

interface ButtonProps {
  children?: ComponentChildren;
  icon?: IconName;
  kind?: "plain" | "primary" | "danger" | "quiet";
  /** For a button with an icon alone. */
  label?: string;
  disabled?: boolean;
  type?: "button" | "submit";
  pressed?: boolean;
  onClick?: (event: MouseEvent) => void;
}

export function Button(props: ButtonProps) {
  const { kind = "plain", icon, label, children, type = "button" } = props;
  return (
    <button
      class={`button ${kind} ${children === undefined ? "only-icon" : ""}`}
      type={type}
      disabled={props.disabled}
      aria-label={label}
      title={label}
      aria-pressed={props.pressed}
      onClick={props.onClick}
    >
      {icon && <Icon name={icon} size={18} />}
      {children}
    </button>
  );
}

interface FieldProps {
  label: string;
  hint?: string | undefined;
  problem?: string | undefined;
  /** Gets the attributes that tie the label, the hint and the problem to the input. */
  children: (attributes: {
    id: string;
    "aria-describedby": string | undefined;
    "aria-invalid": boolean | undefined;
  }) => ComponentChildren;
}

export function Field({ label, hint, problem, children }: FieldProps) {
  const id = useId();
  const note = problem ?? hint;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({
        id,
        "aria-describedby": note ? `${id}-note` : undefined,
        "aria-invalid": problem ? true : undefined,
      })}
      {note && (
        <p id={`${id}-note`} class={problem ? "problem" : "hint"}>
          {note}
        </p>
      )}
    </div>
  );
}

interface SelectProps<T extends string> {
  label: string;
  value: T;
  choices: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
  disabled?: boolean;
}

/** A select with a label that only a screen reader needs. */
export function Select<T extends string>(props: SelectProps<T>) {
  return (
    <select
      aria-label={props.label}
      value={props.value}
      disabled={props.disabled}
      onChange={(event) => props.onChange(event.currentTarget.value as T)}
    >
      {props.choices.map(([value, name]) => (
        <option key={value} value={value}>
          {name}
        </option>
      ))}
    </select>
  );
}

interface EmptyProps {
  icon: IconName;
  title: string;
  children?: ComponentChildren;
}

export function Empty({ icon, title, children }: EmptyProps) {
  return (
    <div class="empty">
      <Icon name={icon} size={32} />
      <p class="empty-title">{title}</p>
      {children && <div class="empty-more">{children}</div>}
    </div>
  );
}

export function Failed({ error, retry }: { error: unknown; retry: () => void }) {
  return (
    <div class="empty" role="alert">
      <Icon name="warning" size={32} />
      <p class="empty-title">{explain(error)}</p>
      <Button icon="retry" onClick={retry}>
        Try again
      </Button>
    </div>
  );
}

/** Grey bars where something is about to be. */
export function Skeleton({ rows, height = 44 }: { rows: number; height?: number }) {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} class="bone" style={{ height: `${height}px` }} />
      ))}
    </div>
  );
}

interface FormProps {
  children: ComponentChildren;
  onSubmit: () => void;
  label?: string;
  class?: string;
}

/** A form whose submission stays on the page. */
export function Form({ children, onSubmit, label, class: name }: FormProps) {
  const submit: JSX.SubmitEventHandler<HTMLFormElement> = (event) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <form class={name} aria-label={label} noValidate onSubmit={submit}>
      {children}
    </form>
  );
}
