/** A text may be small enough as it is written, and too large as it would be formatted. */
import { expect, test } from "vitest";
import { formatSource } from "../../compiler/lang/format/format.ts";
import { SOURCE_LIMIT } from "../../compiler/lang/scan.ts";
import { Diagnostics } from "../../compiler/support/diagnostics.ts";
import { makeSource } from "../../compiler/support/source.ts";

test("a text that its form makes too large is refused", () => {
  let text = "";
  for (let n = 0; text.length < SOURCE_LIMIT - 100; n++) text += `fn f${n}(x:f32)->f32=x*2.0+x;`;
  const diagnostics = new Diagnostics();
  expect(text.length).toBeLessThanOrEqual(SOURCE_LIMIT);
  expect(formatSource(makeSource("long.ein", text), diagnostics)).toBeNull();
  expect(diagnostics.list.map((d) => [d.code, d.help])).toEqual([["E1004", ["split the file"]]]);
  expect(diagnostics.list[0]?.message).toMatch(/^formatted, the source has \d+ characters; the limit is 1048576$/);
});
