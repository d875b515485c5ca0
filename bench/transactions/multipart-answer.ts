import type { HttpResponse } from '../harness/http-response-reader.js';

const PART_HEADER_END = Buffer.from('\r\n\r\n');

/** The bytes of the first part of a multipart answer; empty when it is none. */
export function firstPart(response: HttpResponse): Buffer {
  const boundary = /boundary="?([^";\r\n]+)/i.exec(response.headerText)?.[1];
  const start = response.body.indexOf(PART_HEADER_END);
  if (boundary === undefined || start === -1) return Buffer.alloc(0);
  const from = start + PART_HEADER_END.length;
  const end = response.body.indexOf(`\r\n--${boundary}`, from);
  return end === -1 ? Buffer.alloc(0) : response.body.subarray(from, end);
}
