/**
 * The strict JSON reader against the engine's own: the same values where both accept, the same refusals, but for keys given
 * twice, which only the strict one sees. fast-check prints the seed of a failure.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseStrictJson } from "../../runtime/files/strict-json.ts";
import type { Json } from "../../runtime/files/strict-json.ts";

/** The value that JSON.parse gives, with Maps for objects. */
function withMaps(value: unknown): Json {
  if (Array.isArray(value)) return value.map(withMaps);
  if (typeof value === "object" && value !== null)
    return new Map(Object.entries(value).map(([key, item]) => [key, withMaps(item)]));
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;
}

type Outcome = { readonly value: Json } | { readonly fault: "broken" | "twice" };

class Stop extends Error {
  readonly fault: "broken" | "twice";

  constructor(fault: "broken" | "twice") {
    super(fault);
    this.fault = fault;
  }
}

function stop(fault: "broken" | "twice"): never {
  throw new Stop(fault);
}

function strictly(text: string): Outcome {
  try {
    return { value: parseStrictJson(text, 50, { broken: () => stop("broken"), twice: () => stop("twice") }) };
  } catch (error) {
    if (error instanceof Stop) return { fault: error.fault };
    throw error;
  }
}

function byEngine(text: string): Outcome {
  try {
    return { value: withMaps(JSON.parse(text)) };
  } catch {
    return { fault: "broken" };
  }
}

describe("strict JSON", () => {
  it("accepts what JSON.parse accepts and gives the same values", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), fc.constantFrom("", " ", "\n\t"), (text, space) => {
        expect(strictly(space + text + space)).toEqual(byEngine(text));
      }),
      { numRuns: 1000 },
    );
  });

  it("refuses what JSON.parse refuses", () => {
    const piece = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      '"a"',
      '"b"',
      ":",
      ",",
      "1",
      "-",
      "0",
      ".5",
      "1e5",
      "01",
      "true",
      "nul",
      '"\\u12',
      '"',
      " ",
      "\u00a0",
      "\n",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
        const text = pieces.join("");
        const mine = strictly(text);
        const twice = "fault" in mine && mine.fault === "twice";
        if (!twice) expect(mine).toEqual(byEngine(text));
      }),
      { numRuns: 5000 },
    );
  });
});
