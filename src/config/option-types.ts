import { z } from 'zod';

/** How the value of an option is checked, and how text of the environment or a flag becomes one. */
export interface OptionType<Value> {
  readonly schema: z.ZodType<Value>;
  /** May return anything: `schema` judges it. */
  parseText(text: string): unknown;
}

/** A whole number between `min` and `max`, both allowed. */
export function integer(min: number, max: number): OptionType<number> {
  return {
    schema: z.int().min(min).max(max),
    parseText: (text) => (/^-?\d+$/.test(text) ? Number(text) : text),
  };
}

/** 0, which has a meaning of its own, or a whole number between `min` and `max`. */
export function zeroOrInteger(min: number, max: number): OptionType<number> {
  const { schema, parseText } = integer(0, max);
  const message = `must be 0 or at least ${min}`;
  return { schema: schema.refine((value) => value === 0 || value >= min, message), parseText };
}

export function boolean(): OptionType<boolean> {
  return {
    schema: z.boolean(),
    parseText: (text) => (text === 'true' ? true : text === 'false' ? false : text),
  };
}

/** Text of at least one character; `pattern` and its description narrow it. */
export function text(pattern = /^.+$/s, description = 'must not be empty'): OptionType<string> {
  return { schema: z.string().regex(pattern, description), parseText: (value) => value };
}

export function oneOf<const Choice extends string>(
  ...choices: readonly [Choice, ...Choice[]]
): OptionType<Choice> {
  return { schema: z.enum(choices), parseText: (value) => value };
}

/** May be left out; an empty text in the environment means the same. */
export function optional<Value>(type: OptionType<Value>): OptionType<Value | undefined> {
  return {
    schema: type.schema.optional(),
    parseText: (value) => (value === '' ? undefined : type.parseText(value)),
  };
}

/** A list; as text its items are separated by commas. */
export function listOf<Item>(type: OptionType<Item>): OptionType<readonly Item[]> {
  return {
    schema: z.array(type.schema).readonly(),
    parseText: (value) =>
      value.trim() === '' ? [] : value.split(',').map((item) => type.parseText(item.trim())),
  };
}

/** PS3.5 §6.2: 1–16 characters of the default repertoire without backslash and control characters, not only spaces. */
export function aeTitle(): OptionType<string> {
  return text(
    /^(?=.*\S)[\x20-\x5b\x5d-\x7e]{1,16}$/,
    'must be an AE title: 1 to 16 printable ASCII characters without backslash',
  );
}

export function uid(): OptionType<string> {
  return text(/^[0-9]+(\.[0-9]+)*$/, 'must be a UID');
}

/** What an application entity may ask of us, or have sent to it: DIMSE services by their verb. */
export const dimseVerbs = ['echo', 'store', 'find', 'move', 'get'] as const;

export type DimseVerb = (typeof dimseVerbs)[number];

/** A peer that the store knows. */
export interface RemoteAe {
  readonly aeTitle: string;
  readonly host: string;
  readonly port: number;
  /** Call it by TLS. */
  readonly tls: boolean;
  /** What it may ask of us. `store` includes storage commitment. */
  readonly verbs: readonly DimseVerb[];
  /** Addresses, or networks such as `10.1.0.0/16`, that it may call from; empty for any. */
  readonly addresses: readonly string[];
  /** Our AE title when we call it; that of the store when absent. */
  readonly localAeTitle?: string | undefined;
}

/** In a file an object, of which title, host and port are needed; as text `AE@host:port`. */
export function remoteAe(): OptionType<RemoteAe> {
  return {
    schema: z
      .strictObject({
        aeTitle: aeTitle().schema,
        host: z.string().min(1),
        port: z.int().min(1).max(65_535),
        tls: z.boolean().default(false),
        verbs: z.array(z.enum(dimseVerbs)).default(() => [...dimseVerbs]),
        addresses: z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])).default([]),
        localAeTitle: aeTitle().schema.optional(),
      })
      .readonly(),
    parseText: (value) => {
      const match = /^(.+)@(.+):(\d+)$/.exec(value);
      return match === null
        ? value
        : {
            aeTitle: match[1],
            host: match[2]?.replace(/^\[(.*)\]$/, '$1'),
            port: Number(match[3]),
          };
    },
  };
}

/** A further AE title of the store. */
export interface LocalAe {
  readonly aeTitle: string;
  readonly partition: number;
}

/** In a file an object; as text `AE=partition`. */
export function localAe(): OptionType<LocalAe> {
  return {
    schema: z
      .strictObject({ aeTitle: aeTitle().schema, partition: z.int().min(0).max(0xffff) })
      .readonly(),
    parseText: (value) => {
      const match = /^(.+)=(\d+)$/.exec(value);
      return match === null ? value : { aeTitle: match[1], partition: Number(match[2]) };
    },
  };
}
