import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bannerText } from '#src/cli/banner.js';
import { loadConfig } from '#src/config/load-config.js';

test('the banner names what is really listened on, and commands that use it', () => {
  const { config } = loadConfig({ env: {}, flags: new Map([['--ae-title', 'ARCHIVE']]) });
  const text = bannerText(config, {
    httpUrl: 'http://127.0.0.1:81',
    dimseAddress: '127.0.0.1:105',
  });
  assert.match(text, /http:\/\/127\.0\.0\.1:81\/dicom-web\n/);
  assert.match(text, /storescu -aec ARCHIVE 127\.0\.0\.1 105 image\.dcm/);
  assert.match(text, /curl http:\/\/127\.0\.0\.1:81\/dicom-web\/studies\n/);
});
