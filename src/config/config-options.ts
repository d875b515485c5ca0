import { availableParallelism } from 'node:os';
import { limits } from '#engine/base/limits.js';
import {
  aeTitle,
  boolean,
  dimseVerbs,
  integer,
  listOf,
  localAe,
  oneOf,
  optional,
  remoteAe,
  text,
  uid,
  zeroOrInteger,
  type OptionType,
} from './option-types.js';

/** One option: everything that is known of it. Units are part of the last word of `key`. */
export interface ConfigOption<Key extends string = string, Value = unknown> {
  /** Path in the configuration file and in `Config`. */
  readonly key: Key;
  /** Environment variable. */
  readonly env: string;
  /** Command line flag. */
  readonly flag: string;
  readonly type: OptionType<Value>;
  readonly default: Value;
  /** Shown in the documentation where the default depends on the machine. */
  readonly defaultText?: string;
  /** One sentence. */
  readonly doc: string;
}

interface OptionRow<Value> {
  readonly type: OptionType<Value>;
  readonly default: NoInfer<Value>;
  readonly defaultText?: string;
  /** Replaces the name derived from the key, where an interface fixed before the table asks for another. */
  readonly flagName?: string;
  readonly doc: string;
}

/** `http.corsOrigins` → `--http-cors-origins` and `GANTRY_HTTP_CORS_ORIGINS`. */
function option<const Key extends string, Value>(
  key: Key,
  row: OptionRow<Value>,
): ConfigOption<Key, Value> {
  const { flagName = toKebabCase(key), ...rest } = row;
  const env = `GANTRY_${flagName.replaceAll('-', '_').toUpperCase()}`;
  return { key, env, flag: `--${flagName}`, ...rest };
}

function toKebabCase(key: string): string {
  return key.replaceAll('.', '-').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

const kib = 1024;
const mib = 1024 * kib;
const gib = 1024 * mib;
const port = integer(0, 65_535);
const origin = text(
  /^(\*|https?:\/\/[^/\s]+)$/,
  'must be an origin such as https://viewer.example, or *',
);

/** Every option of the product. `docs/CONFIGURATION.md`, the flags of the command line and the type `Config` follow from it. */
export const configOptions = [
  option('dataDir', {
    type: text(),
    default: './data',
    doc: 'Directory that holds everything that is stored; made when missing.',
  }),
  option('http.host', {
    type: text(),
    default: '127.0.0.1',
    doc: 'Address that HTTP listens on.',
  }),
  option('http.port', {
    type: port,
    default: 8080,
    doc: 'TCP port of HTTP; 0 takes any free one.',
  }),
  option('http.publicBaseUrl', {
    type: optional(
      text(/^https?:\/\/[^?#\s]*[^/?#\s]$/, 'must be an http(s) URL without a slash at its end'),
    ),
    default: undefined,
    doc: 'URL of the server as clients see it, for links in responses; without it the Host header of a request decides.',
  }),
  option('http.trustedProxies', {
    type: listOf(text()),
    default: [],
    doc: 'Addresses of proxies whose Forwarded and X-Forwarded-* headers are believed.',
  }),
  option('http.corsOrigins', {
    type: listOf(origin),
    default: [],
    doc: 'Origins whose browser pages may call the server; `*` for any.',
  }),
  option('http.receiveBufferBytes', {
    type: integer(0, 64 * mib),
    default: 384 * kib,
    doc: 'What the kernel receives ahead on a connection, which also is the most that is under way on a long line; 0 leaves it to the kernel.',
  }),
  option('http.metadataCacheBytes', {
    type: integer(0, gib),
    default: 16 * mib,
    doc: 'Memory for metadata of whole series and studies that was asked for again, compressed: about 0.1 KiB an instance.',
  }),
  option('http.tls.keyFile', {
    type: optional(text()),
    default: undefined,
    doc: 'PEM file with the private key; together with `http.tls.certFile` it turns HTTPS on.',
  }),
  option('http.tls.certFile', {
    type: optional(text()),
    default: undefined,
    doc: 'PEM file with the certificate chain.',
  }),
  option('dimse.host', {
    type: text(),
    default: '127.0.0.1',
    doc: 'Address that DIMSE listens on.',
  }),
  option('dimse.port', {
    type: port,
    default: 11_112,
    doc: 'TCP port of DIMSE; 0 takes any free one.',
  }),
  option('dimse.aeTitle', {
    type: aeTitle(),
    default: 'GANTRY',
    flagName: 'ae-title',
    doc: 'AE title of the store.',
  }),
  option('dimse.localAes', {
    type: listOf(localAe()),
    default: [],
    doc: 'Further AE titles of the store, each with the partition that what it is sent goes to: in a file as `{aeTitle, partition}`, as text `AE=1`. `dimse.aeTitle` has partition 0.',
  }),
  option('dimse.checkCalledAe', {
    type: boolean(),
    default: false,
    doc: 'Rejects associations that call an AE title other than `dimse.aeTitle` and those of `dimse.localAes`.',
  }),
  option('dimse.acceptedCallingAes', {
    type: listOf(aeTitle()),
    default: [],
    doc: 'Calling AE titles that are accepted; empty accepts any.',
  }),
  option('dimse.unknownAeVerbs', {
    type: listOf(oneOf(...dimseVerbs)),
    default: dimseVerbs,
    doc: 'What callers may do that are no remote AE: any of `echo`, `store`, `find`, `move`, `get`. An empty list rejects them.',
  }),
  option('dimse.additionalSopClasses', {
    type: listOf(uid()),
    default: [],
    doc: 'SOP classes that C-STORE accepts besides those of the standard, for private ones.',
  }),
  option('dimse.maxAssociations', {
    type: integer(1, 10_000),
    default: 100,
    doc: 'Associations open at one time; more are rejected as a transient local limit.',
  }),
  option('dimse.maxPduBytes', {
    type: zeroOrInteger(4 * kib, limits.pDataPduBytesMax),
    default: 128 * kib,
    doc: 'Longest P-DATA-TF PDU that peers are told to send (PS3.8 Annex D.1), 4096 or more; 0 is without a limit.',
  }),
  option('dimse.artimTimeoutMs', {
    type: integer(100, 600_000),
    default: 30_000,
    doc: 'ARTIM timer: how long a connection may stay without its association request or its release (PS3.8 §9.1.5).',
  }),
  option('dimse.idleTimeoutMs', {
    type: integer(1_000, 86_400_000),
    default: 300_000,
    doc: 'An association on which nothing moved for this long is aborted.',
  }),
  option('dimse.responseTimeoutMs', {
    type: integer(1_000, 86_400_000),
    default: 60_000,
    doc: 'How long a remote AE that owes a response may neither send nor take anything before the association is aborted.',
  }),
  option('dimse.keepOpenMs', {
    type: integer(0, 600_000),
    default: 5_000,
    doc: 'How long an association to a remote AE stays open after its use, for the next one.',
  }),
  option('dimse.tls.port', {
    type: optional(port),
    default: undefined,
    doc: 'TCP port of DIMSE over TLS, besides `dimse.port`; 0 takes any free one. Without it there is none.',
  }),
  option('dimse.tls.keyFile', {
    type: optional(text()),
    default: undefined,
    doc: 'PEM file with the private key for DIMSE over TLS, as server and towards remote AEs with `tls: true`.',
  }),
  option('dimse.tls.certFile', {
    type: optional(text()),
    default: undefined,
    doc: 'PEM file with the certificate chain of that key.',
  }),
  option('dimse.tls.caFile', {
    type: optional(text()),
    default: undefined,
    doc: 'PEM file with the authorities that certificates of peers must come from.',
  }),
  option('dimse.tls.mutual', {
    type: boolean(),
    default: true,
    doc: 'Callers by TLS must show a certificate of `dimse.tls.caFile`.',
  }),
  option('dimse.userIdentity.required', {
    type: boolean(),
    default: false,
    doc: 'Callers must identify a user (PS3.7 §D.3.3.7) by one of the ways below; without it those that offer no identity come in all the same.',
  }),
  option('dimse.userIdentity.usersFile', {
    type: optional(text()),
    default: undefined,
    doc: 'File of users that identify themselves by name and passcode, a line each as `gantry hash-passcode` prints it.',
  }),
  option('dimse.userIdentity.jwt.jwksUrl', {
    type: optional(
      text(
        /^(https:\/\/|http:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/])\S+$/,
        'must be an https URL, or http on this machine',
      ),
    ),
    default: undefined,
    doc: 'URL of the JSON Web Key Set that tokens of callers are signed with.',
  }),
  option('dimse.userIdentity.jwt.jwksFile', {
    type: optional(text()),
    default: undefined,
    doc: 'As `dimse.userIdentity.jwt.jwksUrl`, from a file.',
  }),
  option('dimse.userIdentity.jwt.secretFile', {
    type: optional(text()),
    default: undefined,
    doc: 'File with the key, 32 bytes or more, that tokens of callers are signed with (HS256, HS384, HS512).',
  }),
  option('dimse.userIdentity.jwt.issuer', {
    type: optional(text()),
    default: undefined,
    doc: 'Claim `iss` that tokens must have.',
  }),
  option('dimse.userIdentity.jwt.audience', {
    type: optional(text()),
    default: undefined,
    doc: 'Claim `aud` that tokens must have: the name of this store at the issuer.',
  }),
  option('remoteAes', {
    type: listOf(remoteAe()),
    default: [],
    doc: 'Peers by AE title: in a file as `{aeTitle, host, port, tls, verbs, addresses, localAeTitle}`, the last four optional; as text `AE@host:port`. More can be added while the store runs.',
  }),
  option('ingest.arenaBytes', {
    type: integer(16 * mib, 64 * gib),
    default: 256 * mib,
    doc: 'Shared memory for instances that are being received: the bound of all ingest together.',
  }),
  option('ingest.sessionBytesMax', {
    type: integer(mib, 64 * gib),
    default: 64 * mib,
    doc: 'Part of the arena that one request or association may hold before it is paused.',
  }),
  option('ingest.spillBytes', {
    type: integer(256 * kib, 4 * gib),
    default: 8 * mib,
    doc: 'An instance longer than this flows to disk while it arrives.',
  }),
  option('ingest.partBytesMax', {
    type: integer(mib, 1024 * gib),
    default: 16 * gib,
    doc: 'Longest instance that is taken.',
  }),
  option('ingest.parseThreads', {
    type: integer(1, 256),
    default: Math.max(1, availableParallelism() - 1),
    defaultText: 'cores − 1, at least 1',
    doc: 'Worker threads that parse received instances.',
  }),
  option('store.blobStore', {
    type: oneOf('log', 'rocksdb'),
    default: 'log',
    doc: 'Where bytes of instances go: append-only segment files, or values of RocksDB.',
  }),
  option('store.segmentBytes', {
    type: integer(16 * mib, 4 * gib),
    default: 256 * mib,
    doc: 'Size of a segment file of the blob log.',
  }),
  option('store.smallBlobBytesMax', {
    type: integer(0, mib),
    default: 32 * kib,
    doc: 'Instances up to this length that arrive few at a time are kept as RocksDB values also with the blob log.',
  }),
  option('store.verifyReads', {
    type: boolean(),
    default: true,
    doc: 'Compares every byte with its checksum before it is served.',
  }),
  option('store.memtableBytes', {
    type: integer(mib, 4 * gib),
    default: 64 * mib,
    doc: 'Upper bound of the write buffers of RocksDB, of which a third is in use. Tables are the larger for it and the fewer, of which each start opens all.',
  }),
  option('store.blockCacheBytes', {
    type: integer(mib, 256 * gib),
    default: 64 * mib,
    doc: 'Block cache of RocksDB.',
  }),
  option('store.cachesTableIndexes', {
    type: boolean(),
    default: false,
    doc: 'Keeps indexes and filters of the tables of RocksDB in its block cache, which bounds the memory they take: otherwise about 110 MiB for each million instances. Stores of small instances take an eighth more processor time.',
  }),
  option('store.acceptsLoss', {
    type: boolean(),
    default: false,
    doc: 'Starts although the catalogue lacks changes that were committed, which is refused otherwise: their numbers are not used again, and segment files keep what they hold of them. For one start, after its log was damaged and no backup is at hand.',
  }),
  option('store.overwrite', {
    type: oneOf('never', 'if-changed', 'always'),
    default: 'never',
    doc: 'What a store does to an instance that has its UIDs and other content: `never` refuses the new one, the others replace the old one; `always` replaces it by the same content as well. `PUT` replaces whatever this says.',
  }),
  option('store.allowedSopClasses', {
    type: listOf(uid()),
    default: [],
    doc: 'SOP classes that are stored, by HTTP and DIMSE; empty stores any, also private ones.',
  }),
  option('store.deniedSopClasses', {
    type: listOf(uid()),
    default: [],
    doc: 'SOP classes that are refused, by HTTP and DIMSE.',
  }),
  option('store.garbageGraceMs', {
    type: integer(0, 7 * 24 * 3600 * 1000),
    default: 15 * 60 * 1000,
    doc: 'How long the bytes of deleted instances are kept for retrieves that began before; longer than any retrieve takes.',
  }),
  option('store.undeleteWindowMs', {
    type: integer(0, 366 * 24 * 3600 * 1000),
    default: 3 * 24 * 3600 * 1000,
    doc: 'How long a deletion can be taken back by `POST …/undelete`; the space of deleted instances is kept until then. 0 deletes for good.',
  }),
  option('store.compactionBytesPerSecond', {
    type: integer(64 * kib, 64 * gib),
    default: 16 * mib,
    doc: 'Rate at which instances are moved out of segment files that are mostly garbage.',
  }),
  option('store.reserveBytes', {
    type: integer(0, 1024 * gib),
    default: 512 * mib,
    doc: 'Part of the file system that instances leave free, for records, index and deletions; stores are refused as full before.',
  }),
  option('scrub.bytesPerSecond', {
    type: integer(0, 64 * gib),
    default: 4 * mib,
    doc: 'Rate at which everything stored is read and compared with its checksums in the background; 0 turns that off.',
  }),
  option('scrub.pauseMs', {
    type: integer(100, 31 * 24 * 3600 * 1000),
    default: 3600 * 1000,
    doc: 'How long the background check rests after the start and after each time it has read everything.',
  }),
  option('backup.directory', {
    type: optional(text()),
    default: undefined,
    doc: 'Directory that `gantry backup` and `POST /admin/backups` write to; it must lie outside of `dataDir`.',
  }),
  option('backup.bytesPerSecond', {
    type: integer(mib, 64 * gib),
    default: 64 * mib,
    doc: 'Rate at which a backup of a running store copies.',
  }),
  option('index.memoryLimitBytes', {
    type: integer(64 * mib, 256 * gib),
    default: 512 * mib,
    doc: 'Memory that DuckDB may use; larger sorts go to its temporary directory.',
  }),
  option('index.threads', {
    type: integer(1, 256),
    default: 1,
    doc: 'Threads of DuckDB.',
  }),
  option('index.queryTimeoutMs', {
    type: integer(100, 600_000),
    default: 30_000,
    doc: 'A search that takes longer is interrupted.',
  }),
  option('index.defaultLimit', {
    type: integer(1, limits.queryLimitMax),
    default: 1_000,
    doc: 'Matches returned by a search that names no limit.',
  }),
  option('index.resultsMax', {
    type: integer(1, limits.queryLimitMax),
    default: 10_000,
    doc: 'Most matches that one search may ask for.',
  }),
  option('index.phoneticNames', {
    type: boolean(),
    default: false,
    doc: 'Fuzzy matching also finds names that sound like the words given, by Double Metaphone.',
  }),
  option('index.explain', {
    type: boolean(),
    default: false,
    doc: 'Searches with `explain=true` say how they were answered; for administrators, so that it is to be turned on.',
  }),
  option('codec.threads', {
    type: integer(1, 256),
    default: availableParallelism(),
    defaultText: 'cores',
    doc: 'Worker threads that decode and encode frames; they are none of those that parse.',
  }),
  option('codec.queueMax', {
    type: integer(1, 100_000),
    default: 1_000,
    doc: 'Frames that may wait for a codec thread; more are refused as busy.',
  }),
  option('codec.frameTimeoutMs', {
    type: integer(100, 600_000),
    default: 30_000,
    doc: 'A frame that keeps a codec longer is given up, and its thread replaced.',
  }),
  option('codec.framePixelsMax', {
    type: integer(1, 1024 * mib),
    default: 64 * mib,
    doc: 'Largest frame that is decoded or encoded, in samples (rows × columns × samples per pixel); others are served as stored.',
  }),
  option('codec.cacheBytes', {
    type: integer(0, 256 * gib),
    default: 64 * mib,
    doc: 'Memory for transcoded frames that may be asked for again.',
  }),
  option('codec.pictureCacheBytes', {
    type: integer(0, 256 * gib),
    default: 64 * mib,
    doc: 'Memory for rendered pictures and reports that may be asked for again.',
  }),
  option('codec.lossyQuality', {
    type: integer(1, 100),
    default: 90,
    doc: 'Quality of JPEG Baseline, 1 to 100, where a client asks for frames or instances in that transfer syntax.',
  }),
  option('codec.deriveHtj2k', {
    type: boolean(),
    default: false,
    doc: 'Encodes what is stored without loss as HTJ2K while nobody needs the codecs, for viewers that ask for image/jphc.',
  }),
  option('codec.derivedBytesMax', {
    type: integer(mib, 256 * 1024 * gib),
    default: 10 * gib,
    doc: 'Disk for HTJ2K that was encoded ahead; beyond it what was used longest ago is removed.',
  }),
  option('log.level', {
    type: oneOf('debug', 'info', 'warn', 'error', 'silent'),
    default: 'info',
    doc: 'Least severe level that is logged.',
  }),
  option('log.pretty', {
    type: boolean(),
    default: false,
    doc: 'Logs lines for people instead of JSON.',
  }),
  option('shutdownGraceMs', {
    type: integer(0, 600_000),
    default: 20_000,
    doc: 'How long requests and associations in progress may take to end after a stop signal.',
  }),
  option('insecure', {
    type: boolean(),
    default: false,
    doc: 'Allows to listen beyond loopback although callers are not authenticated: anyone who reaches the port can read and write.',
  }),
] as const;

type Row = (typeof configOptions)[number];
/** Key of an option, e.g. `http.port`. */
export type ConfigKey = Row['key'];
type ValueOf<Key extends ConfigKey> = Extract<Row, { key: Key }>['default'];
type HeadOf<Key extends string> = Key extends `${infer Head}.${string}` ? Head : Key;
type ConfigTree<Key extends ConfigKey, Prefix extends string = ''> = {
  readonly [
    Head in HeadOf<Key extends `${Prefix}${infer Rest}` ? Rest : never>
  ]: `${Prefix}${Head}` extends ConfigKey
    ? ValueOf<`${Prefix}${Head}`>
    : ConfigTree<Extract<Key, `${Prefix}${Head}.${string}`>, `${Prefix}${Head}.`>;
};

/** The configuration as the program sees it: nested as the keys say, complete, checked and frozen. */
export type Config = ConfigTree<ConfigKey>;
