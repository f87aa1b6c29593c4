/**
 * The oldest Node of the library, asked for before anything else is loaded: on an older one the first import of a package
 * would fail with a message about something that nobody here has written.
 */
import { versions } from "node:process";
import { refuse } from "../refuse.ts";

const OLDEST_NODE = 22;

/** E5001 for a Node that is too old. `version`: as `process.versions.node` gives it. */
export function refuseOldNode(version: string): void {
  if (Number.parseInt(version, 10) >= OLDEST_NODE) return;
  refuse("E5001", `the library needs Node ${OLDEST_NODE} or newer, and this is Node ${version}`, {
    help: [`install Node ${OLDEST_NODE} or newer, and run the program with it`],
  });
}

refuseOldNode(versions.node);
