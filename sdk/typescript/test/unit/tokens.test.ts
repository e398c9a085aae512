import assert from "node:assert/strict";
import { test } from "node:test";
import { ChinwagError } from "../../src/errors.js";
import { Tokens, userOf } from "../../src/page/tokens.js";
import { FakeEnvironment } from "../fake-environment.js";

function jwt(claims: object): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.x`;
}

test("a token is kept while it holds, asked for once at a time, and anew when it was refused", async () => {
  const environment = new FakeEnvironment();
  let asked = 0;
  const tokens = new Tokens(environment, async () => {
    asked += 1;
    return jwt({ n: asked, exp: environment.time / 1_000 + 60 });
  });
  const [one, two] = await Promise.all([tokens.get(false), tokens.get(false)]);
  assert.equal(one, two);
  assert.equal(await tokens.get(false), one);
  assert.equal(asked, 1);
  environment.time += 31_000;
  assert.notEqual(await tokens.get(false), one);
  await tokens.get(true);
  assert.equal(asked, 3);
});

test("a failure of the app's own is tried again, a refusal isn't", async () => {
  const environment = new FakeEnvironment();
  const failing = (error: unknown) => new Tokens(environment, () => Promise.reject(error)).get(false);
  await assert.rejects(failing(new Error("away")), { code: "network", retryable: true, message: /away/ });
  const over = new ChinwagError("unauthorized", "sign in again");
  await assert.rejects(failing(over), over);
  await assert.rejects(new Tokens(environment, () => "").get(false), { code: "badArgument" });
});

test("a token says whose it is, in any script", () => {
  assert.equal(userOf(jwt({ sub: "ана 😀" })), "ана 😀");
  assert.throws(() => userOf("no token"), { code: "badArgument", message: /userId/ });
});
