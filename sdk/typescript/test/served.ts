/** The real server, on a port of its own. */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

/** A running server; it keeps its data and its port over a restart. */
export class Served {
  url = "";
  #process: ChildProcess | undefined;

  private constructor(
    readonly directory: string,
    readonly settings: Record<string, string>,
  ) {}

  /** Starts a server with nothing configured but `settings`, such as `CHINWAG_AUTH_TOKEN_TTL`. */
  static async start(settings: Record<string, string> = {}): Promise<Served> {
    const served = new Served(await mkdtemp(join(tmpdir(), "chinwag-sdk-")), settings);
    await served.#run("127.0.0.1:0");
    return served;
  }

  /** Ends the process without warning: nothing is finished, nothing is flushed. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Starts it again on the same data and port. */
  async restart(): Promise<void> {
    await this.#run(new URL(this.url).host);
  }

  /** Leaves in order and removes the data. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Leaves in order; the data stay. */
  async leave(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async #run(listen: string): Promise<void> {
    const child = spawn(binary(), ["serve"], {
      cwd: this.directory,
      env: {
        PATH: process.env.PATH,
        CHINWAG_LISTEN: listen,
        CHINWAG_DATA_DIR: join(this.directory, "data"),
        CHINWAG_LOG_LEVEL: "error",
        CHINWAG_LIMITS_LOGINS_PER_MINUTE: "1000000",
        ...this.settings,
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#process = child;
    for await (const line of createInterface({ input: child.stdout })) {
      const url = /serves on (\S+),/.exec(line)?.[1];
      if (url) {
        this.url = url;
        // Keeps reading, so that the server never waits for a full pipe.
        child.stdout.resume();
        return;
      }
    }
    throw new Error("the server didn't start");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null) return;
    const gone = new Promise((done) => child.once("exit", done));
    child.kill(signal);
    await gone;
  }
}

function binary(): string {
  const root = resolve(import.meta.dirname, "../../../..");
  const candidates = [
    process.env.CHINWAG_BIN,
    `${root}/target/debug/chinwag`,
    `${root}/target/release/chinwag`,
  ];
  const found = candidates.find((path) => path && existsSync(path));
  if (!found) throw new Error("build the server first: cargo build --bin chinwag");
  return found;
}
