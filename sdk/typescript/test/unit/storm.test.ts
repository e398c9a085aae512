import assert from "node:assert/strict";
import { test } from "node:test";
import { Connection } from "../../src/driver/connection.js";
import type { ClientFrame } from "../../src/protocol/index.js";
import { FakeEnvironment, type FakeSocket, settled } from "../fake-environment.js";

const CLIENTS = 500;
const STOOD_MS = 40_000;
const AWAY_MS = 20_000;
const BACK_WITHIN_MS = 60_000;
const SLOT_MS = 100;
/** The largest part of a round's tries that may fall into one slot. */
const MOST_IN_A_SLOT = 0.2;
const STEP_MS = 50;

/** Many clients of one server, in one world. */
class Herd {
  readonly environment = new FakeEnvironment(18);
  back = 0;
  /** When the tries of each round were: the first ones, the second ones. */
  readonly rounds: number[][] = [];

  async gather(): Promise<void> {
    for (let client = 0; client < CLIENTS; client += 1) this.#connect();
    await settled();
    for (const socket of this.environment.sockets) ready(socket);
    this.environment.time += STOOD_MS;
  }

  /** Ends every connection with a code; returns how long it takes until all are back, while the server is away first. */
  async scatter(code: number): Promise<number> {
    const { environment } = this;
    const { sockets, time: endedAt } = environment;
    this.back = 0;
    for (const round of this.rounds) round.length = 0;
    for (const socket of sockets.splice(0)) socket.end(code);
    while (this.back < CLIENTS && environment.time < endedAt + 2 * BACK_WITHIN_MS) {
      await environment.pass(STEP_MS);
      const isAway = environment.time < endedAt + AWAY_MS;
      for (const socket of isAway
        ? sockets.splice(0)
        : sockets.filter(({ readyState }) => readyState === 0)) {
        if (isAway) socket.end(1006);
        else ready(socket);
      }
    }
    await settled();
    return environment.time - endedAt;
  }

  #connect(): void {
    let tries = 0;
    const connection = new Connection(
      this.environment,
      { url: "https://chat.example" },
      {
        token: async () => {
          tries += 1;
          const round = tries - 2;
          if (round >= 0) {
            this.rounds[round] ??= [];
            this.rounds[round]?.push(this.environment.time);
          }
          return "token";
        },
        ready: () => {
          tries = 1;
          this.back += 1;
        },
        received: () => {},
        heartbeat: (): ClientFrame => ({ type: "heartbeat" }),
        lost: () => {},
        closed: (error) => assert.fail(error),
      },
    );
    connection.start();
  }
}

function ready(socket: FakeSocket): void {
  socket.open();
  socket.say({ type: "ready", id: 0, userId: "ana", sessionId: "1", heartbeatSeconds: 20 });
}

/** Returns the largest number of times within one slot, wherever it begins. */
function densest(times: readonly number[]): number {
  const sorted = [...times].sort((one, other) => one - other);
  let first = 0;
  let most = 0;
  for (const [index, time] of sorted.entries()) {
    while ((sorted[first] ?? 0) <= time - SLOT_MS) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

/** Field faults, row 18. */
for (const [how, code] of [
  ["killed", 1006],
  ["closed in order", 1001],
  ["restarted", 1012],
] as const) {
  test(`five hundred clients of a server that is ${how} come back spread, each round longer, all within a minute`, async () => {
    const herd = new Herd();
    await herd.gather();
    const backAfterMs = await herd.scatter(code);
    assert.equal(herd.back, CLIENTS);
    assert.ok(backAfterMs <= BACK_WITHIN_MS, `${backAfterMs} ms`);
    const large = herd.rounds.filter(({ length }) => length >= CLIENTS / 10);
    assert.ok(large.length >= 4, `${large.length} rounds`);
    const parts = large.map((round) => densest(round) / round.length);
    assert.ok(
      parts.every((part) => part <= MOST_IN_A_SLOT),
      `densest of each round: ${parts.map((part) => part.toFixed(2))}`,
    );
    const spans = large.slice(0, 4).map((round) => Math.max(...round) - Math.min(...round));
    assert.deepEqual(
      spans,
      [...spans].sort((one, other) => one - other),
    );
  });
}
