import type { Config, ConfigKey } from './config-options.js';

/** A rule between options. `keys` are those it looks at: it is left out while one of them is faulty itself. */
interface CrossCheck {
  readonly keys: readonly [ConfigKey, ...ConfigKey[]];
  /** What is wrong, or undefined. */
  check(config: Config): string | undefined;
}

const crossChecks: readonly CrossCheck[] = [
  {
    keys: ['http.host', 'insecure'],
    check: ({ http, insecure }) => explainExposure(http.host, insecure),
  },
  {
    // Also where users must identify themselves: the port without TLS, on which passcodes can be read, has the same host.
    keys: ['dimse.host', 'insecure'],
    check: ({ dimse, insecure }) => explainExposure(dimse.host, insecure),
  },
  {
    keys: ['http.tls.keyFile', 'http.tls.certFile'],
    check: ({ http: { tls } }) =>
      (tls.keyFile === undefined) !== (tls.certFile === undefined)
        ? 'http.tls.keyFile and http.tls.certFile are given together or not at all'
        : undefined,
  },
  {
    keys: ['dimse.tls.keyFile', 'dimse.tls.certFile'],
    check: ({ dimse: { tls } }) =>
      (tls.keyFile === undefined) !== (tls.certFile === undefined)
        ? 'dimse.tls.keyFile and dimse.tls.certFile are given together or not at all'
        : undefined,
  },
  {
    keys: ['dimse.tls.port', 'dimse.tls.keyFile'],
    check: ({ dimse: { tls } }) =>
      tls.port !== undefined && tls.keyFile === undefined
        ? 'needs dimse.tls.keyFile and dimse.tls.certFile'
        : undefined,
  },
  {
    keys: ['dimse.tls.mutual', 'dimse.tls.port', 'dimse.tls.caFile'],
    check: ({ dimse: { tls } }) =>
      tls.port !== undefined && tls.mutual && tls.caFile === undefined
        ? 'needs dimse.tls.caFile: certificates of callers have to come from somebody'
        : undefined,
  },
  {
    keys: ['dimse.userIdentity.required', 'dimse.userIdentity.usersFile'],
    check: ({ dimse: { userIdentity } }) =>
      userIdentity.required &&
      userIdentity.usersFile === undefined &&
      tokenKeySources(userIdentity.jwt).length === 0
        ? 'needs dimse.userIdentity.usersFile or a source of keys in dimse.userIdentity.jwt: nobody could come in'
        : undefined,
  },
  {
    keys: ['dimse.userIdentity.jwt.jwksUrl'],
    check: ({ dimse: { userIdentity } }) =>
      tokenKeySources(userIdentity.jwt).length > 1
        ? 'is one of jwksUrl, jwksFile and secretFile; only one may be given'
        : undefined,
  },
  {
    keys: ['dimse.userIdentity.jwt.audience'],
    check: ({ dimse: { userIdentity } }) =>
      tokenKeySources(userIdentity.jwt).length > 0 && userIdentity.jwt.audience === undefined
        ? 'is needed with a source of keys: a token made for another service must not open this one'
        : undefined,
  },
  {
    keys: ['dimse.localAes', 'dimse.aeTitle'],
    check: ({ dimse: { localAes, aeTitle } }) => {
      const repeated = findRepeated([aeTitle, ...localAes.map((local) => local.aeTitle)]);
      return repeated === undefined ? undefined : `names the AE title ${repeated} twice`;
    },
  },
  {
    keys: ['dimse.port', 'http.port', 'http.host', 'dimse.host'],
    check: ({ http, dimse }) =>
      http.port !== 0 && http.port === dimse.port && http.host === dimse.host
        ? 'must differ from http.port'
        : undefined,
  },
  {
    keys: ['ingest.sessionBytesMax', 'ingest.arenaBytes'],
    check: ({ ingest }) => atMost(ingest.sessionBytesMax, 'ingest.arenaBytes', ingest.arenaBytes),
  },
  {
    keys: ['ingest.spillBytes', 'ingest.sessionBytesMax'],
    check: ({ ingest }) =>
      atMost(ingest.spillBytes, 'ingest.sessionBytesMax', ingest.sessionBytesMax),
  },
  {
    keys: ['store.smallBlobBytesMax', 'store.segmentBytes'],
    check: ({ store }) => atMost(store.smallBlobBytesMax, 'store.segmentBytes', store.segmentBytes),
  },
  {
    keys: ['index.defaultLimit', 'index.resultsMax'],
    check: ({ index }) => atMost(index.defaultLimit, 'index.resultsMax', index.resultsMax),
  },
  {
    keys: ['remoteAes'],
    check: ({ remoteAes }) => {
      const repeated = findRepeated(remoteAes.map((remote) => remote.aeTitle));
      return repeated === undefined ? undefined : `names the AE title ${repeated} twice`;
    },
  },
];

/** Faults between options; each is reported at the first key of its rule. */
export function checkConfig(
  config: Config,
  faultyKeys: ReadonlySet<string>,
): { readonly key: ConfigKey; readonly message: string }[] {
  return crossChecks
    .filter((row) => !row.keys.some((key) => faultyKeys.has(key)))
    .flatMap((row) => {
      const message = row.check(config);
      return message === undefined ? [] : [{ key: row.keys[0], message }];
    });
}

function tokenKeySources(jwt: Config['dimse']['userIdentity']['jwt']): string[] {
  return [jwt.jwksUrl, jwt.jwksFile, jwt.secretFile].filter((source) => source !== undefined);
}

function findRepeated(aeTitles: readonly string[]): string | undefined {
  const titles = aeTitles.map((title) => title.trim());
  return titles.find((title, position) => titles.indexOf(title) !== position);
}

function atMost(value: number, otherKey: ConfigKey, other: number): string | undefined {
  return value > other ? `must not exceed ${otherKey} (${other})` : undefined;
}

/**
 * Callers are not authenticated yet, so whoever reaches a port can read and write patient data, with TLS or without. Beyond
 * loopback the operator has to say that something in front decides who comes in.
 */
function explainExposure(host: string, insecure: boolean): string | undefined {
  return insecure || isLoopback(host)
    ? undefined
    : `${host} is reachable from other machines, and callers are not authenticated yet: anyone could read and delete what is stored. ` +
        'Listen on 127.0.0.1 behind a proxy that authenticates, or accept the risk with --insecure (insecure: true)';
}

/** Names other than `localhost` may resolve to any address, so they do not count. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
