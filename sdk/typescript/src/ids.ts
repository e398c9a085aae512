/** Ids: the client's own, and the order of the server's. */

import type { Environment } from "./environment.js";

/** Makes a UUIDv7 (RFC 9562) of a time in milliseconds. */
export function uuidV7(environment: Environment, timeMs: number): string {
  const bytes = environment.randomBytes(16);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setUint32(0, Math.floor(timeMs / 0x10000));
  view.setUint16(4, timeMs % 0x10000);
  view.setUint8(6, (view.getUint8(6) & 0x0f) | 0x70);
  view.setUint8(8, (view.getUint8(8) & 0x3f) | 0x80);
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** Compares two ids of the server's: below, equal or above. They are 64 bits, so never numbers here. */
export function compareIds(one: string, other: string): number {
  if (one.length !== other.length) return one.length - other.length;
  return one < other ? -1 : one > other ? 1 : 0;
}
