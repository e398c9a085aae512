import assert from "node:assert/strict";
import { test } from "node:test";
import WebSocket from "ws";
import { ChinwagError, Client, changePassword, login, logout, signedIn } from "../../src/index.js";
import { Person, until } from "../people.js";
import { Served } from "../served.js";

test("a session outlives its token: fresh ones are asked for in time, and nothing is reconnected", async (t) => {
  const served = await Served.start({ CHINWAG_AUTH_TOKEN_TTL: "4s" });
  t.after(() => served.stop());
  const ana = await Person.register(served.url, "ana");
  const tokens: string[] = [];
  const states: string[] = [];
  const renew = signedIn(served.url, ana.answer, ({ token }) => tokens.push(token));
  const client = new Client({ url: served.url, token: renew, webSocket: WebSocket });
  t.after(() => client.close());
  client.on("state", ({ state }) => states.push(state));
  await client.ready();
  const chat = await client.createGroup({ name: "notes" });
  const firstEnds = Date.parse(ana.answer.expiresAt);
  // Sends go on until well after the first token's end.
  for (let n = 0; Date.now() < firstEnds + 3_000; n += 1) {
    await chat.send(`m${n}`);
    await new Promise((done) => setTimeout(done, 200));
  }
  assert.ok(tokens.length >= 2, `${tokens.length} tokens`);
  assert.deepEqual(states, ["online"]);
});

test("a token that nobody renews ends the client, which says why", async (t) => {
  const served = await Served.start({ CHINWAG_AUTH_TOKEN_TTL: "1s" });
  t.after(() => served.stop());
  const ana = await Person.register(served.url, "ana");
  let asked = 0;
  const token = () => {
    asked += 1;
    return ana.answer.token;
  };
  const client = new Client({ url: served.url, token, webSocket: WebSocket });
  await until([client], () => client.state === "closed");
  assert.equal(client.error?.code, "unauthorized");
  assert.ok(asked <= 4, `asked ${asked} times`);
  await assert.rejects(client.ready(), { code: "unauthorized" });
});

test("a callback that says that the sign-in is over ends the client; any other failure is tried again", async (t) => {
  const served = await Served.start();
  t.after(() => served.stop());
  const ana = await Person.register(served.url, "ana");
  let tries = 0;
  const flaky = () => {
    tries += 1;
    if (tries < 3) throw new Error("the app's own server is away");
    return ana.answer.token;
  };
  const patient = new Client({ url: served.url, token: flaky, webSocket: WebSocket });
  await patient.ready();
  patient.close();
  const over = new ChinwagError("unauthorized", "sign in again");
  const client = new Client({ url: served.url, token: () => Promise.reject(over), webSocket: WebSocket });
  await assert.rejects(client.ready(), over);
});

test("logging out and changing the password close the sessions for good", async (t) => {
  const served = await Served.start();
  t.after(() => served.stop());
  const ana = await Person.register(served.url, "ana");
  const clients = [ana.client(), ana.client()];
  await Promise.all(clients.map((client) => client.ready()));
  const { token } = ana.answer;
  const fresh = await changePassword(served.url, token, {
    password: "correct horse",
    newPassword: "battery staple",
  });
  await until(clients, () => clients.every((client) => client.state === "closed"));
  const again = new Client({ url: served.url, token: fresh.token, webSocket: WebSocket });
  await again.ready();
  await logout(served.url, fresh.token);
  await until([again], () => again.state === "closed");
  await assert.rejects(login(served.url, { userId: "ana", password: "correct horse" }), {
    code: "badCredentials",
  });
  assert.throws(() => login("chat.example", { userId: "ana", password: "x" }), { code: "badArgument" });
});

test("a client of another user's token says so instead of mixing two people", async (t) => {
  const served = await Served.start();
  t.after(() => served.stop());
  const ana = await Person.register(served.url, "ana");
  const client = new Client({
    url: served.url,
    token: ana.answer.token,
    userId: "ben",
    webSocket: WebSocket,
  });
  await assert.rejects(client.ready(), { code: "badArgument", message: /another user's/ });
});
