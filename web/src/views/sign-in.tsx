import { useState } from "preact/hooks";
import { ApiError, explain } from "../api/client";
import { hasExpired, signIn, signUp } from "../state/session";
import { Button, Field, Form } from "../ui/basics";

/** The page for who is nobody yet. */
export function SignIn() {
  const [isNew, setNew] = useState(false);
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [email, setEmail] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);

  const submit = async () => {
    setBusy(true);
    setError(null);
    try {
      await (isNew ? signUp(name, password, email) : signIn(name, password));
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  const problemOf = (field: string) =>
    error instanceof ApiError ? error.problemOf(field) : undefined;
  const isInFields = error instanceof ApiError && error.problems.length > 0;

  return (
    <main class="sign-in">
      <div class="sign-in-card">
        <p class="brand">errand</p>
        <h1>{isNew ? "Create an account" : "Sign in"}</h1>
        {hasExpired.value && !error && <p class="notice">Your session has ended. Sign in again.</p>}
        {error !== null && !isInFields && (
          <p class="notice bad" role="alert">
            {explain(error)}
          </p>
        )}
        <Form onSubmit={() => void submit()}>
          <Field label="User name" problem={problemOf("username")}>
            {(ties) => (
              <input
                {...ties}
                name="username"
                autocomplete="username"
                autocapitalize="none"
                required
                value={name}
                onInput={(event) => setName(event.currentTarget.value)}
              />
            )}
          </Field>
          {isNew && (
            <Field label="E-mail (optional)" problem={problemOf("email")}>
              {(ties) => (
                <input
                  {...ties}
                  type="email"
                  name="email"
                  autocomplete="email"
                  value={email}
                  onInput={(event) => setEmail(event.currentTarget.value)}
                />
              )}
            </Field>
          )}
          <Field
            label="Password"
            problem={problemOf("password")}
            hint={
              isNew ? "At least 8 characters, with an upper-case letter and a digit" : undefined
            }
          >
            {(ties) => (
              <input
                {...ties}
                type="password"
                name="password"
                autocomplete={isNew ? "new-password" : "current-password"}
                required
                value={password}
                onInput={(event) => setPassword(event.currentTarget.value)}
              />
            )}
          </Field>
          <Button kind="primary" type="submit" disabled={isBusy}>
            {isNew ? "Create account" : "Sign in"}
          </Button>
        </Form>
        <p class="switch">
          {isNew ? "You have one already?" : "New here?"}{" "}
          <button
            type="button"
            class="link"
            onClick={() => {
              setNew(!isNew);
              setError(null);
            }}
          >
            {isNew ? "Sign in" : "Create an account"}
          </button>
        </p>
      </div>
    </main>
  );
}
