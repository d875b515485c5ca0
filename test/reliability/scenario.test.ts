import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseReliabilityOptions, scenarioNames } from './reliability-options.js';
import { reportText } from './report-text.js';
import { addFigures } from './scenario.js';
import { addResults } from './stored-results.js';

test('the figures of two runs are added by what they are', () => {
  const sum = addFigures(
    {
      kills: 2,
      setting: '16',
      'ready, ms': { samples: [1, 5] },
      top: { most: 3 },
      low: { least: 3 },
    },
    { kills: 3, setting: '16', 'ready, ms': { samples: [2] }, top: { most: 4 }, low: { least: 4 } },
  );
  assert.deepEqual(sum, {
    ...{ kills: 5, setting: '16', 'ready, ms': { samples: [1, 5, 2] } },
    ...{ top: { most: 4 }, low: { least: 3 } },
  });
});

test('what does not measure the same is not added', () => {
  assert.throws(() => addFigures({ kills: 1 }, { kills: 1, lost: 0 }), /other figures/);
  assert.throws(() => addFigures({ kills: 1 }, { flips: 1 }), /'kills' cannot be added/);
  assert.throws(() => addFigures({ reserve: '16' }, { reserve: '32' }), /'reserve' cannot/);
});

test('the page says how many runs were added, of which revisions', () => {
  const run = { date: '2026-01-02', revision: 'abc', seconds: 60, loadAverageMax: 1 };
  const result = addResults(
    { machine: '2 × X', runs: [run], figures: { kills: 2, 'ready, ms': { samples: [1, 2] } } },
    {
      machine: '2 × X',
      runs: [{ ...run, revision: 'def', loadAverageMax: 7 }],
      figures: { kills: 1_000, 'ready, ms': { samples: [3] } },
    },
  );
  const text = reportText({ 'kill -9 under mixed load': result });
  assert.match(
    text,
    /2026-01-02, 2 runs added, 2 min, revisions abc, def, load average up to 7; 2 × X\./,
  );
  assert.match(text, /\| kills \| 1,002 \|\n\| ready p50, ms \| 2 \|\n\| ready p99, ms \| 3 \|/);
});

test('the command line names scenarios that there are, and whole numbers', () => {
  const options = parseReliabilityOptions(['--only', 'soak, flipped bits', '--flips', '7']);
  assert.deepEqual(options?.only, ['soak', 'flipped bits']);
  assert.equal(options.flips, 7);
  assert.deepEqual(parseReliabilityOptions([])?.only, scenarioNames);
  assert.equal(parseReliabilityOptions(['--help']), undefined);
  assert.throws(() => parseReliabilityOptions(['--only', 'kill']), /unknown scenario: kill/);
  assert.throws(() => parseReliabilityOptions(['--kills', 'many']), /many/);
});
