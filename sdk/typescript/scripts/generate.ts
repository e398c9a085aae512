/** Writes the types of the protocol, as the server describes them. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Served } from "../test/served.js";
import { describedBy, GENERATED } from "./described.js";

const served = await Served.start();
try {
  await writeFile(join(import.meta.dirname, "../..", GENERATED), await describedBy(served.url));
} finally {
  await served.stop();
}
