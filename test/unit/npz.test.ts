/**
 * .npz files: archives built by hand from zip's specification (as Python's zipfile makes them, zip64 extra field in the
 * local header and all), and every way in which one can be wrong (E6105, E6106, E6121 to E6123).
 */
import { deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { writeNpy } from "../../runtime/files/npy.ts";
import { openNpz, writeNpz } from "../../runtime/files/npz.ts";
import { crc32 } from "../../runtime/files/zip.ts";
import { equalTensors, Tensor } from "../../runtime/tensor.ts";
import { refusal, refusalText } from "../support/refusal.ts";

type Part = {
  readonly name: string;
  readonly content: Uint8Array;
  readonly deflate?: boolean;
  readonly changes?: Partial<Fields>;
};
/** What a wrong file says otherwise. */
type Fields = {
  method: number;
  flags: number;
  crc: number;
  packed: number;
  size: number;
  offset: number;
  localName: string;
};

const u16 = (n: number): number[] => [n & 255, (n >> 8) & 255];
const u32 = (n: number): number[] => [...u16(n & 0xffff), ...u16(n >>> 16)];
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const joined = (parts: readonly (Uint8Array | readonly number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]));

/** A zip archive as Python's zipfile lays it out. */
function zip(parts: readonly Part[], end: { readonly count?: number; readonly comment?: string } = {}): Uint8Array {
  const locals: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let at = 0;
  for (const { name, content, deflate = false, changes = {} } of parts) {
    const stored = deflate ? new Uint8Array(deflateRawSync(content)) : content;
    const own = {
      method: deflate ? 8 : 0,
      flags: 0,
      crc: crc32(content),
      packed: stored.length,
      size: content.length,
      offset: at,
      localName: name,
    };
    const f = { ...own, ...changes };
    const front = [...u16(45), ...u16(f.flags), ...u16(f.method), ...u16(0), ...u16(0x21), ...u32(f.crc)];
    const zip64 = [...u16(1), ...u16(16), ...u32(content.length), ...u32(0), ...u32(stored.length), ...u32(0)];
    const local = joined([
      [...u32(0x04034b50), ...front, ...u32(0xffffffff), ...u32(0xffffffff)],
      [...u16(utf8(f.localName).length), ...u16(zip64.length)],
      utf8(f.localName),
      zip64,
      stored,
    ]);
    const lengths = [...u16(utf8(name).length), ...u16(0), ...u16(0), ...u16(0), ...u16(0), ...u32(0)];
    const sizes = [...u32(f.packed), ...u32(f.size)];
    central.push(joined([u32(0x02014b50), u16(45), front, sizes, lengths, u32(f.offset), utf8(name)]));
    locals.push(local);
    at += local.length;
  }
  const directory = joined(central);
  const { count = parts.length, comment = "" } = end;
  const tail = [
    u32(0x06054b50),
    u16(0),
    u16(0),
    u16(count),
    u16(count),
    u32(directory.length),
    u32(at),
    u16(comment.length),
    utf8(comment),
  ];
  return joined([...locals, directory, ...tail]);
}

const a = Tensor.random([3, 5], { seed: 1 });
const b = Tensor.iota([4], { dtype: "i64" });
const part = (changes: Partial<Fields> = {}, deflate = false): Part => ({
  name: "a.npy",
  content: writeNpy(a),
  deflate,
  changes,
});
const said = (bytes: Uint8Array): string => refusalText(() => openNpz(bytes, "w.npz").read("a"));

describe("reading", () => {
  it("reads stored and deflated members by name", () => {
    const archive = openNpz(zip([part(), { name: "dir/b.npy", content: writeNpy(b), deflate: true }]), "w.npz");
    expect(archive.names).toEqual(["a", "dir/b"]);
    expect(equalTensors(archive.read("a"), a)).toBe(true);
    expect(equalTensors(archive.read("dir/b"), b)).toBe(true);
  });

  it("passes over members that are no tensors, folders, and a comment at the end", () => {
    const bytes = zip([{ name: "sub/", content: utf8("") }, { name: "README", content: utf8("hello") }, part()], {
      comment: "by hand",
    });
    expect(openNpz(bytes, "w.npz").names).toEqual(["a"]);
    expect(openNpz(zip([]), "w.npz").names).toEqual([]);
  });

  it("does not let a name reach into an object's prototype", () => {
    const archive = openNpz(zip([{ ...part(), name: "__proto__.npy" }]), "w.npz");
    expect(equalTensors(archive.read("__proto__"), a)).toBe(true);
    expect(refusal(() => archive.read("constructor")).code).toBe("E6105");
  });
});

describe("a wrong archive", () => {
  it("lacks the tensor (E6105), and says which it has", () => {
    const archive = openNpz(
      writeNpz(
        new Map<string, Tensor>([
          ["weight", a],
          ["bias", b],
        ]),
      ),
      "w.npz",
    );
    const near = refusal(() => archive.read("wieght"));
    expect([near.code, near.message, near.notes, near.help]).toEqual([
      "E6105",
      'w.npz holds no tensor "wieght"',
      ['it holds "weight", "bias"'],
      ["write w.npz:weight"],
    ]);
    expect(refusal(() => archive.read("x")).help).toEqual([]);
  });

  it("has a name twice (E6106)", () => {
    expect(said(zip([part(), part()]))).toBe('E6106: w.npz holds two members "a.npy"');
  });

  it("is damaged (E6121)", () => {
    const good = zip([part()]);
    expect(said(good.subarray(0, good.length - 1))).toBe("E6121: w.npz is no whole zip archive: it has no end record");
    expect(said(new Uint8Array(0))).toContain("it has no end record");
    expect(said(good.subarray(10))).toContain("does not fit the table of contents");
    expect(said(zip([part()], { count: 2 }))).toContain("entry 1 of its table of contents is broken");
    expect(said(zip([part()], { count: 0 }))).toContain("holds more than it counts");
    expect(said(zip([part({ crc: 1 })]))).toBe(
      'E6121: w.npz is no whole zip archive: the checksum of "a.npy" does not hold',
    );
    expect(said(zip([part({ offset: 7 })]))).toContain('"a.npy" has no header at 7');
    expect(said(zip([part({ packed: 2 ** 30, size: 2 ** 30 })]))).toContain('"a.npy" reaches past the end');
    expect(said(zip([part({ packed: 3 })]))).toContain('"a.npy" is stored in 3 bytes and should be 188');
    expect(said(zip([part({ localName: "b.npy" })]))).toContain('"a.npy" has another name in front of its bytes');
    expect(said(zip([part({ size: 187 }, true)]))).toContain('"a.npy" does not inflate to the 187 bytes it claims');
    expect(said(zip([part({ size: 189 }, true)]))).toContain('"a.npy" does not inflate to the 189 bytes it claims');
    const broken = zip([part({}, true)]);
    broken.fill(0xff, 60, 90);
    expect(said(broken)).toContain("does not inflate");
  });

  it("has members that overlap (E6121), as some bombs do", () => {
    // Both entries name the same local header; the second one's name agrees with it.
    const first = writeNpy(a);
    const twice = zip([
      { name: "a.npy", content: first },
      { name: "b.npy", content: first, changes: { offset: 0 } },
    ]);
    expect(said(twice)).toContain('"b.npy" has another name in front of its bytes');
    const nested = zip([{ name: "c.npy", content: zip([part()]) }]);
    const directory = nested.length - 22 - (46 + 5);
    const inner = 30 + 5 + 20;
    const entry = zip([part({ offset: inner })]);
    const bytes = joined([
      nested.subarray(0, directory),
      nested.subarray(directory, nested.length - 22),
      entry.subarray(entry.length - 22 - 51, entry.length - 22),
    ]);
    const end = [u32(0x06054b50), u16(0), u16(0), u16(2), u16(2), u32(102), u32(directory), u16(0)];
    expect(said(joined([bytes, ...end]))).toContain('"a.npy" overlaps another member');
  });

  it("uses what cannot be read (E6122)", () => {
    expect(said(zip([part({ flags: 1 })]))).toBe('E6122: w.npz:"a.npy" is encrypted');
    expect(said(zip([part({ method: 12 })]))).toBe(
      'E6122: w.npz:"a.npy" is packed by method 12; stored (0) and deflated (8) can be read',
    );
    expect(said(zip([part({ packed: 0xffffffff, size: 0xffffffff })]))).toBe(
      'E6122: w.npz:"a.npy" is a zip64 member, which cannot be read yet',
    );
    expect(said(zip([part()], { count: 0xffff }))).toBe("E6122: w.npz is a zip64 archive, which cannot be read yet");
    const disks = zip([part()]);
    disks[disks.length - 18] = 1;
    expect(said(disks)).toBe("E6122: w.npz is one of several disks of an archive");
  });

  it("inflates past the limit (E6123), whether it admits that or not", () => {
    const bomb = new Uint8Array(8_000_000);
    const honest = zip([{ name: "a.npy", content: bomb, deflate: true }]);
    expect(honest.length).toBeLessThan(10_000);
    expect(refusalText(() => openNpz(honest, "w.npz", 1_000_000).read("a"))).toBe(
      'E6123: w.npz:"a.npy" inflates to 8000000 bytes, past the limit of 1000000',
    );
    const lying = zip([{ name: "a.npy", content: bomb, deflate: true, changes: { size: 100 } }]);
    expect(said(lying)).toContain("does not inflate to the 100 bytes it claims");
  });

  it("counts all its members against one limit, and stored ones not at all", () => {
    const content = writeNpy(a);
    const archive = openNpz(
      zip([part({}, true), { name: "b.npy", content, deflate: true }, { name: "c.npy", content }]),
      "w.npz",
      300,
    );
    expect(archive.read("a").size).toBe(15);
    expect(refusal(() => archive.read("b")).code).toBe("E6123");
    expect(archive.read("c").size).toBe(15);
  });

  it("has a member that is no tensor (E6111), named with its archive", () => {
    expect(said(zip([{ name: "a.npy", content: utf8("hello, world") }]))).toBe(
      "E6111: w.npz:a is not an .npy file: it does not start with \\x93NUMPY",
    );
  });
});

describe("writing", () => {
  const tensors = new Map<string, Tensor>([
    ["b", b],
    ["a", a],
    ["10", Tensor.zeros([1000])],
  ]);

  it("keeps the order, and gives equal bytes for equal tensors in any time zone", () => {
    for (const deflate of [false, true]) {
      const bytes = writeNpz(tensors, { deflate });
      const archive = openNpz(bytes, "w.npz");
      expect(archive.names).toEqual(["b", "a", "10"]);
      for (const [name, tensor] of tensors) expect(equalTensors(archive.read(name), tensor)).toBe(true);
      expect(writeNpz(tensors, { deflate })).toEqual(bytes);
      // MS-DOS date 1980-01-01, time 00:00.
      expect([...bytes.subarray(10, 14)]).toEqual([0, 0, 0x21, 0]);
    }
    expect(writeNpz(tensors, { deflate: true }).length).toBeLessThan(writeNpz(tensors).length - 3000);
  });

  it("refuses what an archive cannot say", () => {
    expect(refusal(() => writeNpz(new Map([["", a]]))).code).toBe("E6105");
    expect(refusal(() => writeNpz(new Map([["x", Tensor.zeros([1], { dtype: "bf16" })]]))).code).toBe("E6107");
  });
});

describe("crc32", () => {
  it("gives the check value of its definition", () => {
    expect(crc32(utf8("123456789"))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array(0))).toBe(0);
  });
});
