import { informationModels } from '#src/dimse/query-retrieve/information-models.js';
import { queryKeys } from '#src/dimse/query-retrieve/query-keys.js';
import type { QueryKey } from '#src/dimse/query-retrieve/query-keys.js';

/** The SOP classes and the keys of C-FIND, as Markdown tables. */
export function queryKeysMarkdown(): string {
  const models = informationModels.map(
    ({ name, sopClassUid, levels }) => `| ${name} | \`${sopClassUid}\` | ${levels.join(', ')} |`,
  );
  const keys = queryKeys.map((key) => {
    const tag = `(${key.tag.slice(0, 4)},${key.tag.slice(4)})`;
    return `| ${key.level} | ${key.keyword} | ${tag} | ${key.vr} | ${matchingOf(key)} |`;
  });
  return [
    ...['| SOP class | UID | levels |', '| --- | --- | --- |', ...models, ''],
    ...['| level | key | tag | VR | matching |', '| --- | --- | --- | --- | --- |', ...keys],
  ].join('\n');
}

function matchingOf({ isMatched, matchedMembers, vr }: QueryKey): string {
  if (matchedMembers.length > 0) return `members ${matchedMembers.map(tagText).join(', ')}`;
  if (!isMatched) return 'returned only';
  if (vr === 'UI') return 'single value, list of UID';
  if (vr === 'DA' || vr === 'TM' || vr === 'DT') return 'single value, range';
  return ['IS', 'DS', 'US'].includes(vr) ? 'single value' : 'single value, wildcard';
}

function tagText(tag: string): string {
  return `(${tag.slice(0, 4)},${tag.slice(4)})`;
}
