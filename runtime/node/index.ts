/** The package's face in Node: that of a browser, and the devices that a machine can have besides. */
// Before all that an old Node cannot load.
// oxlint-disable-next-line import/no-unassigned-import
import "./node-version.ts";
import { makeLibrary } from "../library.ts";
import { NODE_DEVICES } from "./devices.ts";
import { readStandard } from "./standard-library.ts";

export * from "../index.ts";
export const { compile, openDevice, targets, close } = makeLibrary(NODE_DEVICES, readStandard);
