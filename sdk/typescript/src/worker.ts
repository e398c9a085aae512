/** The worker that keeps the connection: shared by the pages, or one page's own that takes part in their election. */

import type { Driver } from "./driver/driver.js";
import type { Ask, DriverPort, Tell } from "./driver/messages.js";
import { platform } from "./environment.js";
import type { Locks } from "./host/elected.js";
import { amongPages } from "./host/in-page.js";
import { driverOf } from "./host/scope.js";
import { type MessageEnd, type Open, portOf } from "./host/worker-messages.js";

const environment = platform();
let driver: Driver | undefined;

/** Lets a page of a shared worker in, and out when it is gone. */
function add(end: MessageEnd & { close(): void }): void {
  end.onmessage = ({ data }: MessageEvent<Open>) => {
    driver ??= driverOf(environment, data.scope);
    const remove = driver.add(portOf<Tell, Ask>(end, () => end.close()) as DriverPort);
    const locks = navigator.locks as Locks | undefined;
    void locks?.request(data.lock, async () => remove());
  };
}

/** Takes part in the election for a page. */
function takePart(end: MessageEnd): void {
  end.onmessage = async ({ data }: MessageEvent<Open>) => {
    const port = await amongPages(environment)(data.scope);
    end.onmessage = (event: MessageEvent<Ask>) => port.post(event.data);
    port.listen((tell) => end.postMessage(tell));
  };
}

if ("onconnect" in globalThis) {
  (globalThis as { onconnect?: unknown }).onconnect = ({ ports }: MessageEvent) =>
    add(ports[0] as MessagePort);
} else takePart(globalThis as unknown as MessageEnd);
