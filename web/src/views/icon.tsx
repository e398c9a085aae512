/** Small pictures, drawn in the colour of the text around them. */

const PATHS = {
  add: "M12 5v14M5 12h14",
  admin: "M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6z",
  alert: "M12 8v5M12 16.5v.5M12 3l9.5 17h-19z",
  back: "M15 5l-7 7 7 7",
  chat: "M4 5h16v11H10l-4 4v-4H4z",
  check: "M5 12.5l4.5 4.5L19 7",
  close: "M6 6l12 12M18 6L6 18",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  delete: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5",
  down: "M6 9l6 6 6-6",
  edit: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  emoji: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8.5 14.5c1.8 2.3 5.2 2.3 7 0M9 9.5v.5M15 9.5v.5",
  group:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c.5-4 3-6 6.5-6s6 2 6.5 6M16 4.5a3.5 3.5 0 0 1 0 6.5M18 14.5c2 .8 3.2 2.7 3.5 5.5",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v5M12 7.5v.5",
  leave: "M10 4H5v16h5M9 12h11M16 8l4 4-4 4",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
  mention:
    "M12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM15.5 9v4.5a2.5 2.5 0 0 0 5 0V12A8.5 8.5 0 1 0 17 18.9",
  more: "M5.5 12h.01M12 12h.01M18.5 12h.01",
  muted: "M4 9v6h4l5 4V5L8 9zM17 9.5l4 5M21 9.5l-4 5",
  unmuted: "M4 9v6h4l5 4V5L8 9zM16.5 9c1.3 1.7 1.3 4.3 0 6M19 6.5c2.7 3.2 2.7 7.8 0 11",
  reply: "M10 6l-6 6 6 6M4 12h9c4 0 6.5 2 7 7",
  retry: "M5 12a7 7 0 1 0 2-5L4.5 9.5M4.5 4.5v5h5",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l5 5",
  send: "M4 12l16-8-6 16-3-6.5z",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5v5M9 14.5v5",
  unread: "M4 6h16v12H4zM4 7l8 6 8-6",
  wait: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3 2",
} as const;

/** The name of a picture. */
export type IconName = keyof typeof PATHS;

/** A picture beside or in place of words; a screen reader never hears it. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** A button that is a picture; `label` says what it does. */
export function IconButton(properties: {
  icon: IconName;
  label: string;
  onClick: (event: MouseEvent) => void;
  class?: string;
  disabled?: boolean;
  pressed?: boolean;
  expanded?: boolean;
}) {
  const { icon, label, onClick, disabled, pressed, expanded } = properties;
  return (
    <button
      type="button"
      class={`icon-button ${properties.class ?? ""}`}
      aria-label={label}
      title={label}
      onClick={onClick}
      {...(disabled && { disabled })}
      {...(pressed !== undefined && { "aria-pressed": pressed })}
      {...(expanded !== undefined && { "aria-expanded": expanded, "aria-haspopup": "menu" as const })}
    >
      <Icon name={icon} />
    </button>
  );
}
