/** Asks a running server what it describes. */

import { moduleOf } from "./types.js";

/** Where the types stand, below the package's folder. */
export const GENERATED = "src/protocol/generated.ts";

/** Returns the text of the module that a server's descriptions make. */
export async function describedBy(url: string): Promise<string> {
  const [openapi, asyncapi] = await Promise.all(
    ["openapi.json", "asyncapi.json"].map(async (name) => (await fetch(`${url}/${name}`)).json()),
  );
  return moduleOf(openapi, asyncapi);
}
