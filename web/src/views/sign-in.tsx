/** Signing in, and making an account. */

import { ChinwagError } from "@chinwag/client";
import { useId, useState } from "preact/hooks";
import { signedOutBecause, signIn, signUp } from "../state/account";
import { fieldSentence, sentence } from "../state/problem";
import { Icon } from "./icon";

/** The first page of who isn't signed in. */
export function SignIn() {
  const [isNew, setNew] = useState(false);
  return (
    <main class="sign-in">
      <div class="sign-in-card">
        <img src="/icon.svg" alt="" width="56" height="56" />
        <h1>{isNew ? "Make an account" : "Sign in to Chinwag"}</h1>
        <p class="quiet">
          {isNew ? "You are one step away from your team's chat." : "Your team's chat, on its own server."}
        </p>
        {signedOutBecause.value && !isNew && (
          <p class="warning" role="status">
            <Icon name="alert" /> {signedOutBecause.value}
          </p>
        )}
        <Form key={String(isNew)} isNew={isNew} />
        <p class="sign-in-other">
          {isNew ? "You have an account? " : "You are new here? "}
          <button type="button" class="link" onClick={() => setNew(!isNew)}>
            {isNew ? "Sign in" : "Make an account"}
          </button>
        </p>
      </div>
    </main>
  );
}

function Form({ isNew }: { isNew: boolean }) {
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(fields.get(name) ?? "");
    setBusy(true);
    setError(undefined);
    try {
      if (isNew) await signUp(text("username").trim(), text("password"), text("name").trim());
      else await signIn(text("username").trim(), text("password"));
    } catch (failed) {
      setError(failed);
      setBusy(false);
    }
  };
  const of = (pointer: string) => fieldSentence(error, pointer);
  const general = error !== undefined && !of("/userId") && !of("/password") && !of("/name");
  return (
    <form onSubmit={submit}>
      <Field name="username" label="Username" autocomplete="username" error={of("/userId")} focused plain />
      {isNew && (
        <Field name="name" label="Name that others see" autocomplete="name" error={of("/name")} optional />
      )}
      <Field
        name="password"
        label="Password"
        type="password"
        autocomplete={isNew ? "new-password" : "current-password"}
        error={of("/password")}
        {...(isNew && { hint: "At least 8 characters." })}
      />
      {general && (
        <p class="error" role="alert">
          <Icon name="alert" /> {explained(error)}
        </p>
      )}
      <button type="submit" class="primary wide" disabled={isBusy}>
        {isBusy ? "One moment…" : isNew ? "Make account" : "Sign in"}
      </button>
    </form>
  );
}

/** A labelled field with what is wrong with it. */
export function Field(properties: {
  name: string;
  label: string;
  autocomplete: string;
  error?: string | undefined;
  type?: "text" | "password";
  hint?: string;
  value?: string;
  /** Takes what is typed; without it the field keeps it to itself. */
  onType?: (text: string) => void;
  focused?: boolean;
  optional?: boolean;
  /** No capitals and no corrections: it is a name for the machine. */
  plain?: boolean;
}) {
  const {
    name,
    label,
    autocomplete,
    error,
    type = "text",
    hint,
    value,
    onType,
    focused,
    optional,
    plain,
  } = properties;
  const id = useId();
  return (
    <div class="field">
      <label for={id}>
        {label}
        {optional && <span class="quiet"> (if you like)</span>}
      </label>
      <input
        id={id}
        name={name}
        type={type as "text"}
        dir="auto"
        autocomplete={autocomplete}
        required={!optional}
        {...(onType
          ? {
              value: value ?? "",
              onInput: (event: Event) => onType((event.target as HTMLInputElement).value),
            }
          : value !== undefined && { defaultValue: value })}
        {...(focused && { autoFocus: true })}
        {...(plain && { autocapitalize: "none", autocorrect: "off", spellcheck: false })}
        {...(error && { "aria-invalid": true })}
        {...((error || hint) && { "aria-describedby": `${id}-more` })}
      />
      {(error || hint) && (
        <small id={`${id}-more`} class={error ? "error" : "quiet"}>
          {error ?? hint}
        </small>
      )}
    </div>
  );
}

function explained(error: unknown): string {
  const isOff = error instanceof ChinwagError && (error.code === "notFound" || error.code === "notAllowed");
  return isOff
    ? "People don't sign in here: this server takes them from an app of its own."
    : sentence(error);
}
