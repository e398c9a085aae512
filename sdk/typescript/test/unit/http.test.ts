import assert from "node:assert/strict";
import { test } from "node:test";
import { signedIn } from "../../src/accounts.js";
import { Http } from "../../src/http.js";
import type { ErrorCode } from "../../src/protocol/index.js";
import { FakeEnvironment } from "../fake-environment.js";

function refusal(status: number, code: ErrorCode, over = {}): Response {
  const problem = {
    type: "about:blank",
    title: "t",
    status,
    detail: "d",
    code,
    retryable: status === 503,
    ...over,
  };
  return new Response(JSON.stringify(problem), { status });
}

/** An HTTP client whose server gives these answers, one after the other. */
function httpWith(...answers: (() => Response)[]): {
  http: Http;
  environment: FakeEnvironment;
  tokens: boolean[];
} {
  const environment = new FakeEnvironment();
  const tokens: boolean[] = [];
  environment.answer = () => (answers.shift() ?? (() => refusal(500, "internal")))();
  const http = new Http(environment, "https://chat.example", async (fresh) => {
    tokens.push(fresh);
    return `token ${tokens.length}`;
  });
  return { http, environment, tokens };
}

test("an id is one segment of a path, whatever is in it, and a plus is a plus", async () => {
  const { http, environment } = httpWith(
    () => Response.json({}),
    () => Response.json({ users: [] }),
  );
  await http.request("GET /v1/users/{id}", { path: { id: "a/b?c%2F+é #😀" } });
  await http.request("GET /v1/users", { query: { q: "a+b &c" } });
  assert.deepEqual(environment.fetched, [
    "GET https://chat.example/v1/users/a%2Fb%3Fc%252F%2B%C3%A9%20%23%F0%9F%98%80",
    "GET https://chat.example/v1/users?q=a%2Bb+%26c",
  ]);
  for (const id of [".", "..", ""]) {
    await assert.rejects(http.request("GET /v1/users/{id}", { path: { id } }), { code: "badArgument" });
  }
});

test("a refused token is asked for anew, once", async () => {
  const first = httpWith(
    () => refusal(401, "unauthorized"),
    () => Response.json({ id: "ana" }),
  );
  assert.deepEqual(await first.http.request("GET /v1/me", {}), { id: "ana" });
  assert.deepEqual(first.tokens, [false, true]);
  const second = httpWith(
    () => refusal(401, "unauthorized"),
    () => refusal(401, "unauthorized"),
  );
  await assert.rejects(second.http.request("GET /v1/me", {}), { code: "unauthorized" });
  assert.deepEqual(second.tokens, [false, true]);
});

test("what may be repeated is, after the time named; what may double isn't", async () => {
  const busy = () => refusal(503, "overloaded", { retryAfterMs: 700 });
  const { http, environment } = httpWith(busy, busy, () => Response.json({ id: "1" }));
  const body = { type: "direct", userId: "ben", clientId: "c" } as const;
  const made = http.request("POST /v1/chats", { body });
  await environment.pass(1_400);
  assert.deepEqual(await made, { id: "1" });
  const plain = httpWith(busy, () => Response.json({}));
  await assert.rejects(plain.http.request("POST /v1/messages", { body: { chatId: "1", content: "x" } }), {
    code: "overloaded",
    retryAfterMs: 700,
  });
});

test("an answer that is none, and a network that is away, are told as such", async () => {
  const { http, environment } = httpWith(() => new Response("<html>bad gateway</html>", { status: 502 }));
  await assert.rejects(http.request("POST /v1/auth/logout", {}), { code: "network", message: /502/ });
  environment.answer = () => {
    throw new TypeError("fetch failed");
  };
  await assert.rejects(http.request("POST /v1/auth/logout", {}), {
    code: "network",
    message: /fetch failed/,
  });
});

test("each field that was refused is told", async () => {
  const errors = [{ pointer: "/name", detail: "is empty" }];
  const { http } = httpWith(() => refusal(400, "badRequest", { errors }));
  await assert.rejects(http.request("PATCH /v1/me", { body: { name: "" } }), { code: "badRequest", errors });
});

test("a sign-in's token is given as long as half of its life is left", async () => {
  const expiresAt = new Date(Date.now() + 60_000).toISOString();
  assert.equal(await signedIn("https://chat.example", { token: "t", expiresAt })(), "t");
});
