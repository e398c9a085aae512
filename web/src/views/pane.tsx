/** A view in the place of the chat list, with a way back. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { back } from "../state/route";
import { IconButton } from "./icon";

/** A titled view; the focus goes to it when it opens. */
export function Pane({ title, children }: { title: string; children: ComponentChildren }) {
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // A field that asks for the focus keeps it.
    if (!head.current?.closest(".side, .details")?.contains(document.activeElement)) head.current?.focus();
  }, []);
  return (
    <>
      <header class="pane-head">
        <IconButton icon="back" label="Back" onClick={() => back()} />
        <h1 ref={head} tabIndex={-1}>
          {title}
        </h1>
      </header>
      <div class="pane">{children}</div>
    </>
  );
}
