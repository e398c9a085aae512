/** A line between a page and a driver in the same thread. */

import type { Ask, DriverPort, PagePort, Port, Tell } from "../driver/messages.js";

/** Makes both ends; messages come in order, and never while they are being sent. */
export function line(): { page: PagePort; driver: DriverPort } {
  let isOpen = true;
  const ends = { page: undefined as Take<Tell>, driver: undefined as Take<Ask> };
  const end = <Out, In>(own: "page" | "driver", other: "page" | "driver"): Port<Out, In> => ({
    post: (message) =>
      queueMicrotask(() => {
        if (isOpen) (ends[other] as ((message: Out) => void) | undefined)?.(message);
      }),
    listen: (take) => {
      (ends as Record<string, unknown>)[own] = take;
    },
    close: () => {
      isOpen = false;
    },
  });
  return { page: end<Ask, Tell>("page", "driver"), driver: end<Tell, Ask>("driver", "page") };
}

type Take<T> = ((message: T) => void) | undefined;
