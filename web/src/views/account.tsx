import { useState } from "preact/hooks";
import type { AccountUpdate } from "schema";
import { ApiError, explain } from "../api/client";
import { signOut, updateAccount, user } from "../state/session";
import { chooseTheme, theme, type Theme } from "../state/theme";
import { complain, say } from "../state/toasts";
import { Button, Field, Form } from "../ui/basics";
import { Icon } from "../ui/icons";

/** A part of the account with its own button to save. */
function useSaving() {
  const [error, setError] = useState<unknown>(null);
  const save = async (changes: AccountUpdate, done: string): Promise<boolean> => {
    setError(null);
    try {
      await updateAccount(changes);
      say(done);
      return true;
    } catch (problem) {
      setError(problem);
      if (!(problem instanceof ApiError && problem.problems.length)) complain(explain(problem));
      return false;
    }
  };
  const problemOf = (field: string) =>
    error instanceof ApiError ? error.problemOf(field) : undefined;
  return { save, problemOf };
}

function Profile() {
  const who = user.value!;
  const [name, setName] = useState(who.full_name ?? "");
  const [email, setEmail] = useState(who.email ?? "");
  const { save, problemOf } = useSaving();
  return (
    <Form
      class="card-form"
      label="Profile"
      onSubmit={() => void save({ full_name: name || null, email: email || null }, "Saved")}
    >
      <h2>Profile</h2>
      <p class="hint">
        {who.username}, user {who.id}
        {who.role === "admin" && ", administrator"}
      </p>
      <Field label="Full name" problem={problemOf("full_name")}>
        {(ties) => (
          <input
            {...ties}
            autocomplete="name"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        )}
      </Field>
      <Field label="E-mail" problem={problemOf("email")}>
        {(ties) => (
          <input
            {...ties}
            type="email"
            autocomplete="email"
            value={email}
            onInput={(event) => setEmail(event.currentTarget.value)}
          />
        )}
      </Field>
      <Button kind="primary" type="submit">
        Save
      </Button>
    </Form>
  );
}

function Password() {
  const [current, setCurrent] = useState("");
  const [fresh, setFresh] = useState("");
  const { save, problemOf } = useSaving();
  const submit = async () => {
    const changes = { password: fresh, current_password: current };
    if (!(await save(changes, "Your password is changed; other sessions have ended"))) return;
    setCurrent("");
    setFresh("");
  };
  return (
    <Form class="card-form" label="Password" onSubmit={() => void submit()}>
      <h2>Password</h2>
      <input
        class="for-readers"
        autocomplete="username"
        tabIndex={-1}
        aria-label="User name"
        readOnly
        value={user.value?.username}
      />
      <Field label="Current password" problem={problemOf("current_password")}>
        {(ties) => (
          <input
            {...ties}
            type="password"
            autocomplete="current-password"
            value={current}
            onInput={(event) => setCurrent(event.currentTarget.value)}
          />
        )}
      </Field>
      <Field label="New password" problem={problemOf("password")}>
        {(ties) => (
          <input
            {...ties}
            type="password"
            autocomplete="new-password"
            value={fresh}
            onInput={(event) => setFresh(event.currentTarget.value)}
          />
        )}
      </Field>
      <Button type="submit">Change the password</Button>
    </Form>
  );
}

const themes: [Theme, string][] = [
  ["system", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];

export function Account() {
  const leave = (everywhere: boolean) =>
    signOut(everywhere).catch((problem: unknown) => complain(explain(problem)));
  return (
    <div class="view narrow">
      <header class="view-head">
        <h1>Account</h1>
      </header>
      <Profile />
      <Password />
      <fieldset class="card-form choice">
        <legend>Theme</legend>
        <div class="segments">
          {themes.map(([key, name]) => (
            <label key={key}>
              <input
                type="radio"
                name="theme"
                checked={theme.value === key}
                onChange={() => chooseTheme(key)}
              />
              <span>{name}</span>
            </label>
          ))}
        </div>
      </fieldset>
      <div class="inline">
        <Button icon="signout" onClick={() => void leave(false)}>
          Sign out
        </Button>
        <Button kind="quiet" onClick={() => void leave(true)}>
          Sign out everywhere
        </Button>
      </div>
      <p class="hint reading-links">
        <Icon name="file" size={16} /> For programs: <a href="/docs">try the API</a>,{" "}
        <a href="/redoc">its reference</a>
      </p>
    </div>
  );
}
