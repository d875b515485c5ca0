import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GantryError } from '#engine/base/error-catalogue.js';
import { compileSql } from '#engine/query/compile-sql.js';
import { indexColumns } from '#engine/query/index-columns.js';
import { dialects } from '#src/dicomweb/dialect.js';
import { parseSearchParameters } from '#src/dicomweb/qido/search-parameters.js';
import { parseQueryString } from '#src/http/query-string.js';

const keywords = Object.values(indexColumns).flatMap((columns) =>
  columns.map(({ keyword }) => keyword),
);

const name = fc.oneof(
  fc.constantFrom(...keywords),
  fc.constantFrom(
    ...['limit', 'offset', 'after', 'orderby', 'includefield', 'fuzzymatching', 'explain'],
    ...['emptyvaluematching', 'multiplevaluematching', 'PriorRecordKey', '0008041C', '00100010'],
    ...['ProcedureCodeSequence.CodeValue', '00081032.00080104', 'a.b.c', 'Rubbish', '', '%41'],
  ),
  fc.string({ maxLength: 6 }),
);

const value = fc.oneof(
  fc.constantFrom(
    ...['', '*', '-', '""', 'true', 'false', 'all', '0', '1', '101', '-1', '1e9', '20240101-'],
    ...['20240102-20240101', '1.2\\1.3', '1.2,1.3', 'StudyDate', '-StudyDate,PatientName', '%'],
    ...['%00', '%E5%B1%B1', '%FF', 'a+b', '=', '^', 'WzEsbnVsbF0'],
  ),
  fc.string({ unit: 'binary', maxLength: 12 }).map(encodeURIComponent),
);

test('any query string is a search that can be asked, or a bad request, in both dialects', (t) => {
  const query = fc
    .array(fc.tuple(name, value), { maxLength: 6 })
    .map((parameters) => parameters.map((parts) => parts.join('=')).join('&'));
  const property = fc.property(
    query,
    fc.constantFrom('study', 'series', 'instance'),
    fc.constantFrom(dialects.standard, dialects.azure),
    fc.boolean(),
    (text, level, dialect, isBelowStudy) => {
      const target = {
        partition: 0,
        level,
        ...(isBelowStudy && level !== 'study' ? { studyInstanceUid: '1.2' } : {}),
      } as const;
      const rules = {
        dialect,
        phoneticNames: false,
        mayExplain: true,
        limitDefault: 100,
        limitMax: 200,
      };
      try {
        const request = parseSearchParameters(parseQueryString(text), target, rules);
        assert.ok(request.query.limit <= rules.limitMax);
        assert.ok(compileSql(request.query).text.startsWith('SELECT '));
        for (const warning of request.warnings) assert.match(warning, /^[ -~]*$/);
      } catch (error) {
        assert.ok(error instanceof GantryError && error.code === 'bad-request', String(error));
      }
    },
  );
  const seed = Number(process.env['GANTRY_TEST_SEED'] ?? Date.now() % 2 ** 31);
  t.diagnostic(`seed ${seed}`);
  fc.assert(property, { seed, numRuns: 5_000 });
});
