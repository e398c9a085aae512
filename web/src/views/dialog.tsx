/** Dialogs: the browser's own, which keep the focus and close by Escape. */

import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { IconButton } from "./icon";

/** A dialog that is open as long as it is there. */
export function Dialog(properties: {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  class?: string;
}) {
  const { title, onClose, children } = properties;
  const id = useId();
  const dialog = useModal(onClose);
  return (
    <dialog
      ref={dialog}
      class={`dialog ${properties.class ?? ""}`}
      aria-labelledby={id}
      onClick={outside(onClose)}
    >
      <div class="dialog-inner">
        <header class="dialog-head">
          <h2 id={id}>{title}</h2>
          <IconButton icon="close" label="Close" onClick={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  );
}

/** Asks whether something is really to be done. */
export function Confirm(properties: {
  title: string;
  text: string;
  action: string;
  onConfirm: () => void;
  onClose: () => void;
}) {
  const { title, text, action, onConfirm, onClose } = properties;
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{text}</p>
      <div class="dialog-actions">
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          class="danger"
          onClick={() => {
            onClose();
            onConfirm();
          }}
        >
          {action}
        </button>
      </div>
    </Dialog>
  );
}

/** Opens a dialog above everything else while it is there; the focus goes back to where it was. */
export function useModal(onClose: () => void) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const { current } = dialog;
    if (!current) return;
    current.showModal();
    const cancel = (event: Event) => {
      event.preventDefault();
      onClose();
    };
    current.addEventListener("cancel", cancel);
    return () => {
      current.removeEventListener("cancel", cancel);
      // Gives the focus back, which it couldn't while everything else is out of reach.
      current.close();
    };
    // Opens once.
  }, []);
  return dialog;
}

/** A press on the dialog itself, not on what is in it, is one beside it. */
export function outside(onClose: () => void) {
  return (event: MouseEvent) => {
    if (event.target === event.currentTarget) onClose();
  };
}
