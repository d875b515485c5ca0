import { orderedRanges, studyOfOrderedKey } from '#engine/store/catalog/catalog-keys.js';
import type { KeyRange } from '#engine/store/catalog/catalog-keys.js';
import { orderedEntriesOf } from '#engine/store/catalog/ordered-attributes.js';
import type { OpenedStore } from '#engine/store/open-store.js';
import type { SteppedWork } from './throttle.js';
import type { VerifyFindings } from './verify-report.js';

type Store = Pick<OpenedStore, 'reader' | 'database'>;

const pageEntries = 256;
/** For the rate: what a study and its keys take. */
const studyBytesAbout = 1_024;

/**
 * Whether searches by ordered keys (ADR 0046) find each study, and none by what it does not have: every study has its entries, and
 * every entry a study that has it. What changes meanwhile is looked at again before it is called a problem.
 */
export function* verifyOrderedKeys(
  store: Store,
  partition: number,
  findings: VerifyFindings,
): SteppedWork<void> {
  for (const { studyInstanceUid } of store.reader.studies(partition)) {
    if (!hasItsEntries(store, partition, studyInstanceUid)) {
      findings.add('ordered-keys', studyInstanceUid, 'lacks an entry that searches find it by');
    }
    yield studyBytesAbout;
  }
  for (const range of orderedRanges(partition)) {
    yield* verifyRange(store, { partition, range }, findings);
  }
}

/** Whether it has all, at one time; a study that is gone has. */
function hasItsEntries(store: Store, partition: number, studyInstanceUid: string): boolean {
  for (;;) {
    const study = store.reader.findStudy(partition, studyInstanceUid);
    if (study === undefined) return true;
    const entries = orderedEntriesOf(partition, study);
    const values = store.database.getMany(
      'catalog',
      entries.map(({ key }) => key),
    );
    if (entries.every(({ value }, n) => values[n]?.equals(value) === true)) return true;
    const { sequence } = store.reader.findStudy(partition, studyInstanceUid) ?? {};
    if (sequence === study.sequence) return false;
  }
}

function* verifyRange(
  store: Store,
  { partition, range }: { readonly partition: number; readonly range: KeyRange },
  findings: VerifyFindings,
): SteppedWork<void> {
  for (let rest: { gte: Buffer } | { gt: Buffer } = { gte: range.gte }; ;) {
    const options = { ...rest, lt: range.lt, limit: pageEntries, values: false };
    const page = store.database.range('catalog', options);
    for (const key of page.keys) {
      if (!isWanted(store, partition, key)) {
        findings.add('ordered-keys', studyOfOrderedKey(key), 'is found by what it does not have');
      }
    }
    yield page.keys.length * studyBytesAbout;
    const last = page.keys.at(-1);
    if (!page.isCut || last === undefined) return;
    rest = { gt: last };
  }
}

/** Whether the study at the end of the key has it, or the key is gone. */
function isWanted(store: Store, partition: number, key: Buffer): boolean {
  for (;;) {
    const study = store.reader.findStudy(partition, studyOfOrderedKey(key));
    const entries = study === undefined ? [] : orderedEntriesOf(partition, study);
    if (entries.some((entry) => entry.key.equals(key))) return true;
    if (store.database.get('catalog', key) === undefined) return true;
    const { sequence } = store.reader.findStudy(partition, studyOfOrderedKey(key)) ?? {};
    if (sequence === study?.sequence) return false;
  }
}
