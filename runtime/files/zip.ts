/**
 * Zip archives as .npz files use them: members stored or deflated, one disk, no encryption, no zip64 (PKWARE's
 * APPNOTE.TXT). The reader trusts nothing: the central directory must fill its place, members must lie in the file and
 * apart from each other, local and central names must agree, sizes and checksums must hold, and inflating stops at a limit
 * (the overlapping bomb: D. Fifield, "A better zip bomb", WOOT 2019). The writer gives equal bytes for equal members.
 */
import { Inflate, zipSync } from "fflate";
import { quoted, refuse } from "../refuse.ts";

export type ZipMember = {
  readonly name: string;
  readonly deflated: boolean;
  /** Bytes in the archive and after inflating. */
  readonly packed: number;
  readonly size: number;
  readonly crc: number;
  /** Where the member's local header starts, and where its bytes do. */
  readonly headerStart: number;
  readonly dataStart: number;
};

const [LOCAL, CENTRAL, END] = [0x04034b50, 0x02014b50, 0x06054b50];
const END_SIZE = 22;
const LONGEST_COMMENT = 65_535;

/** Do these bytes start like a zip archive? An empty one consists of its end record. */
export function isZip(bytes: Uint8Array): boolean {
  if (bytes.length < 4) return false;
  const signature = viewOf(bytes).getUint32(0, true);
  return signature === LOCAL || signature === END;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The members in the order of the central directory, without folders. Names are unique. */
export function zipMembers(bytes: Uint8Array, file: string): readonly ZipMember[] {
  const view = viewOf(bytes);
  const end = findEnd(view, file);
  const count = view.getUint16(end + 10, true);
  const start = view.getUint32(end + 16, true);
  if (count === 0xffff || start === 0xffffffff) refuse("E6122", `${file} is a zip64 archive, which cannot be read yet`);
  const disks = [view.getUint16(end + 4, true), view.getUint16(end + 6, true)];
  if (disks.some((disk) => disk !== 0)) refuse("E6122", `${file} is one of several disks of an archive`);
  if (start + view.getUint32(end + 12, true) !== end || view.getUint16(end + 8, true) !== count) {
    damaged(file, "its end record does not fit the table of contents");
  }
  const members: ZipMember[] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    if (at + 46 > end || view.getUint32(at, true) !== CENTRAL)
      damaged(file, `entry ${i} of its table of contents is broken`);
    const next =
      at + 46 + view.getUint16(at + 28, true) + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > end) damaged(file, `entry ${i} of its table of contents reaches past the end`);
    members.push(centralEntry(bytes, at, start, file));
    at = next;
  }
  if (at !== end) damaged(file, "its table of contents holds more than it counts");
  checkApart(members, file);
  const names = new Set<string>();
  for (const { name } of members) {
    if (names.has(name)) refuse("E6106", `${file} holds two members ${quoted(name)}`);
    names.add(name);
  }
  return members.filter((member) => !member.name.endsWith("/"));
}

function damaged(file: string, why: string): never {
  return refuse("E6121", `${file} is no whole zip archive: ${why}`, { help: ["copy or save the file again"] });
}

/** The end record: the last place that looks like one and whose comment ends with the file. */
function findEnd(view: DataView, file: string): number {
  const last = view.byteLength - END_SIZE;
  for (let at = last; at >= 0 && at >= last - LONGEST_COMMENT; at--) {
    if (view.getUint32(at, true) === END && at + END_SIZE + view.getUint16(at + 20, true) === view.byteLength)
      return at;
  }
  return damaged(file, "it has no end record");
}

/** One entry of the table of contents, checked against the local header in front of the member's bytes. */
function centralEntry(bytes: Uint8Array, at: number, limit: number, file: string): ZipMember {
  const view = viewOf(bytes);
  const nameBytes = bytes.subarray(at + 46, at + 46 + view.getUint16(at + 28, true));
  const name = new TextDecoder().decode(nameBytes);
  const shown = `${file}:${quoted(name)}`;
  const flags = view.getUint16(at + 8, true);
  const method = view.getUint16(at + 10, true);
  if ((flags & 1) !== 0) refuse("E6122", `${shown} is encrypted`);
  if (method !== 0 && method !== 8) {
    const help = ["save it with numpy.savez or numpy.savez_compressed"];
    refuse("E6122", `${shown} is packed by method ${method}; stored (0) and deflated (8) can be read`, { help });
  }
  const crc = view.getUint32(at + 16, true);
  const packed = view.getUint32(at + 20, true);
  const size = view.getUint32(at + 24, true);
  const headerStart = view.getUint32(at + 42, true);
  if ([packed, size, headerStart].includes(0xffffffff))
    refuse("E6122", `${shown} is a zip64 member, which cannot be read yet`);
  if (method === 0 && packed !== size)
    damaged(file, `${quoted(name)} is stored in ${packed} bytes and should be ${size}`);
  if (headerStart + 30 > limit || view.getUint32(headerStart, true) !== LOCAL) {
    damaged(file, `${quoted(name)} has no header at ${headerStart}`);
  }
  const nameLength = view.getUint16(headerStart + 26, true);
  const dataStart = headerStart + 30 + nameLength + view.getUint16(headerStart + 28, true);
  if (dataStart + packed > limit) damaged(file, `${quoted(name)} reaches past the end`);
  const localName = bytes.subarray(headerStart + 30, headerStart + 30 + nameLength);
  if (localName.length !== nameBytes.length || localName.some((byte, i) => byte !== nameBytes[i])) {
    damaged(file, `${quoted(name)} has another name in front of its bytes`);
  }
  return { name, deflated: method === 8, packed, size, crc, headerStart, dataStart };
}

function checkApart(members: readonly ZipMember[], file: string): void {
  let end = 0;
  for (const member of members.toSorted((a, b) => a.headerStart - b.headerStart)) {
    if (member.headerStart < end) damaged(file, `${quoted(member.name)} overlaps another member`);
    end = member.dataStart + member.packed;
  }
}

/** Compressed bytes that go to the decoder at once: one step of it makes at most 1032 times as many. */
const STEP = 16_384;

/**
 * A member's bytes; those of a stored one are a view of the archive. `limit` is how many bytes a deflated one may become:
 * E6123 past it, before or while inflating.
 */
export function unpackMember(bytes: Uint8Array, member: ZipMember, limit: number, file: string): Uint8Array {
  const packed = bytes.subarray(member.dataStart, member.dataStart + member.packed);
  const content = member.deflated ? inflateWithin(packed, member, limit, file) : packed;
  if (crc32(content) !== member.crc) damaged(file, `the checksum of ${quoted(member.name)} does not hold`);
  return content;
}

function inflateWithin(packed: Uint8Array, member: ZipMember, limit: number, file: string): Uint8Array {
  if (member.size > limit) {
    const help = ["save it uncompressed: numpy.savez"];
    refuse("E6123", `${file}:${quoted(member.name)} inflates to ${member.size} bytes, past the limit of ${limit}`, {
      help,
    });
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  const decoder = new Inflate((chunk) => {
    chunks.push(chunk);
    length += chunk.length;
  });
  const wrong = (): never =>
    damaged(file, `${quoted(member.name)} does not inflate to the ${member.size} bytes it claims`);
  for (let at = 0; at < packed.length; at += STEP) {
    try {
      decoder.push(packed.subarray(at, at + STEP), at + STEP >= packed.length);
    } catch {
      // Whatever the decoder trips over, the bytes are at fault.
      wrong();
    }
    if (length > member.size) wrong();
  }
  if (length !== member.size) wrong();
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ 0xedb88320;
  return crc >>> 0;
});

/** CRC-32 as zip, gzip and PNG have it. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}

/** An archive of these members in this order; its dates are 1980-01-01, zip's first, as NumPy writes them. */
export function zipOf(members: ReadonlyMap<string, Uint8Array>, deflate: boolean): Uint8Array {
  // Zip keeps local time and so reads the date: this is the first day of 1980 in every zone.
  return zipSync(Object.fromEntries(members), { level: deflate ? 6 : 0, mtime: new Date(1980, 0, 1) });
}
