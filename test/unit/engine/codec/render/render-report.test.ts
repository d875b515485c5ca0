import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { escapeXml } from '#engine/codec/render/escape-xml.js';
import { renderReport } from '#engine/codec/render/render-report.js';

test('no text gets out of its place in XML', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const escaped = escapeXml(text);
      assert.doesNotMatch(escaped, /[<>"']/);
      assert.doesNotMatch(escaped, /&(?!#\d+;)/);
      assert.equal(Buffer.from(escaped).toString(), escaped);
    }),
  );
});

test('a report whose items have nothing, or values of other kinds, is a page all the same', () => {
  const report = {
    '0040A730': {
      vr: 'SQ',
      Value: [
        {},
        { '0040A040': { vr: 'CS', Value: ['NUM'] } },
        { '0040A160': { vr: 'UT', Value: [null] } },
      ],
    },
    '00100010': { vr: 'PN', Value: [{ Ideographic: '山田' }] },
  };
  const page = Buffer.from(renderReport(Buffer.from(JSON.stringify(report)))).toString();
  assert.ok(page.startsWith('<!DOCTYPE html>') && page.endsWith('</html>'));
  assert.equal(page.match(/<li>/g)?.length, 3);
});
